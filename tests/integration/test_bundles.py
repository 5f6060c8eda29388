"""A source carries at most ten skills of one student, and none is verified for it twice."""

from typing import Any

import httpx
import pytest

from api.services import Services
from assessment.models import Mode
from tests.journey import Journey
from tests.rows import lift_lock

ONE = {"projectIds": ["prj-da-1"]}
OTHER = {"projectIds": ["prj-da-2"]}
FULL = (409, "MAX_SKILLS_PER_SOURCE")
TWICE = (409, "DUPLICATE_SKILLS_IN_BUNDLE")

Skills = list[dict[str, Any]]


def skills(count: int, first: int = 0) -> Skills:
    return [{"skillId": f"own-{number}", "name": f"Own {number}"} for number in range(first, first + count)]


def outcome(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json().get("error", {}).get("code", "")


FINE = (200, "")


async def holding(journey: Journey, chosen: Skills, items: dict[str, list[str]]) -> Journey:
    """A verification with these skills on these items."""
    await journey.verify()
    await journey.choose_method()
    assert outcome(await journey.store_skills(chosen)) == FINE
    assert outcome(await journey.attach(items)) == FINE
    return journey


def again(journey: Journey, api_key: str | None = None) -> Journey:
    """Another verification of the same student, to be opened."""
    other = Journey(journey.client, api_key or journey.api_key)
    other.profile["verify"]["email"] = journey.profile["verify"]["email"].upper()
    return other


async def test_ten_skills_fit_and_eleven_do_not(journey: Journey) -> None:
    await journey.verify()
    assert outcome(await journey.store_skills(skills(11))) == FULL
    assert outcome(await journey.store_skills(skills(10))) == FINE


async def test_the_same_skill_sent_twice_counts_once(journey: Journey) -> None:
    await journey.verify()
    assert outcome(await journey.store_skills(skills(10) + skills(3))) == FINE


async def test_skills_are_counted_over_a_students_verifications_when_a_source_is_attached(journey: Journey) -> None:
    await holding(journey, skills(6), ONE)
    second = again(journey)
    await second.verify()
    await second.choose_method()
    await second.store_skills(skills(5, first=6))
    assert outcome(await second.attach(ONE)) == FULL
    assert outcome(await second.attach(OTHER)) == FINE


async def test_skills_are_counted_over_a_students_verifications_when_skills_are_stored(journey: Journey) -> None:
    await holding(journey, skills(6), ONE)
    second = await holding(again(journey), skills(4, first=6), ONE)
    assert outcome(await second.store_skills(skills(5, first=6))) == FULL
    assert outcome(await second.store_skills(skills(10))) == FINE


async def test_a_refused_change_leaves_skills_and_items_as_they_were(journey: Journey) -> None:
    await holding(journey, skills(6), ONE)
    second = await holding(again(journey), skills(5, first=6), OTHER)
    assert outcome(await second.attach(ONE)) == FULL
    third = again(journey)
    await third.verify()
    await third.choose_method()
    await third.store_skills(skills(4, first=20))
    assert outcome(await third.attach(ONE)) == FINE, "the second verification holds nothing for this item"


async def test_a_verified_skill_is_not_verified_again_for_the_same_item(journey: Journey) -> None:
    await holding(journey, [{"skillId": "sql"}, {"skillId": "python"}], ONE)
    await journey.generate()
    await journey.submit(right=10)

    second = again(journey)
    await second.verify()
    await second.choose_method()
    await second.store_skills([{"skillId": "sql"}])
    assert outcome(await second.attach(ONE)) == TWICE
    assert outcome(await second.attach(OTHER)) == FINE
    await second.store_skills([{"skillId": "java"}])
    assert outcome(await second.attach(ONE)) == FINE
    assert outcome(await second.store_skills([{"skillId": "java"}, {"skillId": "python"}])) == TWICE


async def test_a_skill_that_was_rejected_may_be_verified_in_another_verification(journey: Journey) -> None:
    await holding(journey, [{"skillId": "sql"}], ONE)
    await journey.generate()
    await journey.submit(right=0)
    await holding(again(journey), [{"skillId": "sql"}], ONE)


async def test_another_method_may_verify_the_same_skill(journey: Journey) -> None:
    await holding(journey, [{"skillId": "sql"}], ONE)
    await journey.generate()
    await journey.submit(right=10)
    second = again(journey)
    await second.verify()
    await second.choose_method("human")
    await second.store_skills([{"skillId": "sql"}])
    assert outcome(await second.attach(ONE)) == FINE


async def test_another_students_skills_do_not_count(journey: Journey) -> None:
    await holding(journey, skills(10), ONE)
    await holding(Journey(journey.client, journey.api_key), skills(10, first=10), ONE)


@pytest.mark.parametrize("mode", Mode)
async def test_another_platform_and_the_other_mode_do_not_count(
    services: Services, journey: Journey, platform_name: str, mode: Mode
) -> None:
    await holding(journey, skills(10), ONE)
    platform = "another" + platform_name if mode is Mode.TEST else platform_name
    key = (await services.accounts.create_key(mode, "tests", platform)).api_key
    await holding(again(journey, key), skills(10, first=10), ONE)


@pytest.mark.parametrize("lifted", [False, True])
async def test_skills_and_items_of_a_passed_assessment_stand(journey: Journey, *, lifted: bool) -> None:
    await journey.locked()
    if lifted:
        await lift_lock(journey)
    for response in (await journey.store_skills(skills(1)), await journey.attach(ONE)):
        assert outcome(response) == (409, "ASSESSMENT_ALREADY_PASSED")


async def test_going_back_to_the_assessment_does_not_get_round_the_check(journey: Journey) -> None:
    await holding(journey, [{"skillId": "sql"}], ONE)
    await journey.generate()
    await journey.submit(right=10)
    second = again(journey)
    await second.verify()
    await second.choose_method("human")
    await second.store_skills([{"skillId": "sql"}])
    await second.attach(ONE)
    assert outcome(await second.choose_method("assessment")) == TWICE


async def test_the_method_of_a_passed_assessment_stands(journey: Journey) -> None:
    await journey.locked()
    assert (await journey.choose_method("human")).json()["error"]["code"] == "ASSESSMENT_ALREADY_PASSED"
    assert outcome(await journey.choose_method("assessment")) == FINE
