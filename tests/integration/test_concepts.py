"""What questions test is kept with them, and told once they are answered: results by concept, and what to work on."""

import json
from collections.abc import Sequence
from itertools import count
from random import Random

import msgspec
import pytest

from api.services import Services
from assessment.models import Item, ItemConcept, Question
from assessment.sets.shuffle import show
from tests.journey import Journey, Json
from tests.rows import bodies_to_send, fetch

WORDS = "Concept of its own"


@pytest.fixture(autouse=True)
def concepts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every question is about a concept of its own."""
    numbers = count(1)

    def about_concepts(items: Sequence[Item], rng: Random) -> tuple[Question, ...]:
        return tuple(
            msgspec.structs.replace(question, concept=ItemConcept(f"con_{number}", f"{WORDS} {number}"))
            for question, number in zip(show(items, rng), numbers, strict=False)
        )

    monkeypatch.setattr("assessment.use_cases.write_set.show", about_concepts)


async def data(journey: Journey, path: str) -> Json:
    response = await journey.client.get(f"/assessment{path}", headers=journey.headers)
    found: Json = response.raise_for_status().json()["data"]
    return found


async def test_attempts_tell_results_by_concept_and_each_question_its_own(journey: Journey) -> None:
    await journey.ready()
    await journey.submit(right=3)
    whole = await data(journey, "/attempts/1")
    (listed,) = (await data(journey, "/attempts"))["attempts"]
    assert listed["concepts"] == whole["concepts"]
    results = {it["concept"]: it for it in whole["concepts"]}
    assert len(results) == 10
    for question in whole["questions"]:
        result = results[question["concept"]]
        assert (result["skillId"], result["total"]) == (question["skillId"], 1)
        assert result["correct"] == question["isCorrect"]
    assert [it["skillId"] for it in whole["skills"]] == list(dict.fromkeys(it["skillId"] for it in whole["concepts"]))


async def test_a_concept_is_shown_nowhere_before_its_attempt_is_submitted(journey: Journey) -> None:
    await journey.ready()
    shown = [json.dumps(await data(journey, path)) for path in ("", "/questions", "/attempts")]
    shown += [(await journey.generate()).text, *await bodies_to_send(journey)]
    assert not [text for text in shown if WORDS in text]


async def results_told(journey: Journey) -> list[Json]:
    """What the webhooks say of results."""
    bodies = [json.loads(body) for body in await bodies_to_send(journey) if '"verification.completed"' in body]
    return [body["data"] for body in bodies if "data" in body]


async def test_the_webhook_after_a_fail_names_what_to_work_on_and_after_a_pass_nothing(journey: Journey) -> None:
    await journey.ready()
    await journey.submit(right=3)
    whole = await data(journey, "/attempts/1")
    wrong = [{"skillId": it["skillId"], "concept": it["concept"]} for it in whole["concepts"] if not it["correct"]]
    (failed,) = await results_told(journey)
    assert failed["conceptsToWorkOn"] == wrong
    assert len(wrong) == 7
    await journey.retake()
    await journey.submit(right=8)
    _, passed = await results_told(journey)
    assert (passed["result"]["passed"], passed["conceptsToWorkOn"]) == (True, [])


async def test_what_a_student_was_asked_about_is_remembered_with_the_items(
    services: Services, journey: Journey
) -> None:
    await journey.ready()
    rows = await fetch("SELECT concept_id, concept FROM shown_item WHERE student = {} ORDER BY id", journey.student_id)
    assert len(rows) == 10
    seen = (await services.store.load(journey.verification_id)).seen
    assert [it.concept for it in seen] == [ItemConcept(row["concept_id"], row["concept"]) for row in rows]


async def test_an_attempt_older_than_concepts_has_none(journey: Journey) -> None:
    await journey.failed()
    await fetch("ALTER TABLE attempt DISABLE TRIGGER attempt_is_append_only")
    await fetch(
        "UPDATE attempt SET concepts = NULL, questions = (SELECT jsonb_agg(q - 'concept') FROM "
        "jsonb_array_elements(questions) q) WHERE verification = {}",
        journey.verification_id,
    )
    await fetch("ALTER TABLE attempt ENABLE TRIGGER attempt_is_append_only")
    whole = await data(journey, "/attempts/1")
    assert whole["concepts"] == []
    assert {question["concept"] for question in whole["questions"]} == {None}
