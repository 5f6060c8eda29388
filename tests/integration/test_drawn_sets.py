"""Sets are drawn from the map of a skill: no concept twice while others are left, and no end when none is."""

from tests.journey import Journey, Json
from tests.rows import fetch
from tests.waiting import until

SETS = 6  # of ten, and a map of the sandbox has at most forty concepts
SKILL = "python"


async def has_map() -> bool:
    return bool(await fetch("SELECT 1 FROM concept_map WHERE skill_id = {} AND mode = 'test'", SKILL))


async def test_a_student_is_asked_about_every_concept_of_a_skill_before_one_comes_again(journey: Journey) -> None:
    await journey.verify()
    await journey.store_skills([{"skillId": SKILL}])
    await until(has_map)
    await journey.choose_method()
    await journey.attach()
    (await journey.generate()).raise_for_status()
    for number in range(1, SETS):
        (await journey.submit(right=0)).raise_for_status()
        assert (await journey.retake()).is_success, f"set {number + 1}"
    (await journey.submit(right=0)).raise_for_status()
    names = [name for number in range(1, SETS + 1) for name in await concepts_of(journey, number)]
    assert all(names)
    in_map = len(set(names))
    assert in_map > len(names) / 2
    assert len(set(names[: in_map // 10 * 10])) == in_map // 10 * 10


async def concepts_of(journey: Journey, number: int) -> list[str]:
    response = await journey.client.get(f"/assessment/attempts/{number}", headers=journey.headers)
    questions: list[Json] = response.raise_for_status().json()["data"]["questions"]
    return [question["concept"] for question in questions]
