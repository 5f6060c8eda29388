"""The archive of attempts: complete, in the order shown, and never changed."""

import re
from typing import Any

import pytest
from asyncpg import RestrictViolationError

from tests.journey import RIGHT, Journey, Json, answers
from tests.rows import fetch

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


async def attempts(journey: Journey) -> list[Json]:
    body = (await journey.client.get("/assessment/attempts", headers=journey.headers)).json()
    assert set(body["data"]) == {"attempts"}
    listed: list[Json] = body["data"]["attempts"]
    return listed


async def attempt(journey: Journey, number: int | str) -> Json:
    response = await journey.client.get(f"/assessment/attempts/{number}", headers=journey.headers)
    body: Json = response.json()
    return body


async def stored(journey: Journey) -> list[Json]:
    """The rows as they lie in the database, every byte of them."""
    return await fetch(
        "SELECT number, to_jsonb(a)::text AS row, xmin::text AS written_by FROM attempt a WHERE verification = {} "
        "ORDER BY number",
        journey.verification_id,
    )


async def test_there_are_no_attempts_before_the_first_is_submitted(journey: Journey) -> None:
    await journey.ready()
    assert await attempts(journey) == []


async def test_attempts_are_listed_oldest_first_with_a_tally_per_skill(journey: Journey) -> None:
    await journey.failed()
    await journey.retake()
    await journey.submit(right=6)
    first, second = await attempts(journey)
    for listed, score, passed, right in ((first, 0, False, 0), (second, 60, True, 6)):
        assert MOMENT.fullmatch(listed.pop("submittedAt"))
        skills = listed.pop("skills")
        assert [skill["skillId"] for skill in skills] == ["python", "sql", "data-visualization"]
        assert all(set(skill) == {"skillId", "name", "correct", "total"} for skill in skills)
        assert sum(skill["correct"] for skill in skills) == right
        assert sorted(skill["total"] for skill in skills) == [3, 3, 4]
        listed.pop("attemptNumber")
        result = {"score": score, "passed": passed, "correctAnswers": right, "totalQuestions": 10}
        listed.pop("concepts")
        assert listed == {**result, "timedOut": False}
    assert first.keys() == second.keys()


async def test_the_tallies_are_those_of_the_questions(journey: Journey) -> None:
    await journey.ready()
    await journey.submit(right=4)
    data = (await attempt(journey, 1))["data"]
    assert {tally["skillId"] for tally in data["skills"]} == {question["skillId"] for question in data["questions"]}
    for tally in data["skills"]:
        own = [question for question in data["questions"] if question["skillId"] == tally["skillId"]]
        assert tally["total"] == len(own)
        assert tally["correct"] == sum(question["isCorrect"] for question in own)


async def test_an_attempt_shows_what_was_asked_answered_and_right_as_it_was_shown(journey: Journey) -> None:
    await journey.ready()
    await journey.submit(4, journey.questions[::-1])
    sent = {answer["questionId"]: answer["selectedAnswer"] for answer in answers(journey.questions[::-1], 4)}
    data = (await attempt(journey, 1))["data"]
    assert [{name: entry[name] for name in ("questionId", "question", "options")} for entry in data["questions"]] == (
        journey.questions
    )
    for entry in data["questions"]:
        assert entry["selectedAnswer"] == sent[entry["questionId"]]
        assert entry["options"][entry["correctAnswer"]].endswith(RIGHT)
        assert entry["isCorrect"] is (entry["selectedAnswer"] == entry["correctAnswer"])
        assert entry["explanation"]
        assert entry.keys() == {
            "questionId",
            "skillId",
            "concept",
            "question",
            "options",
            "selectedAnswer",
            "correctAnswer",
            "isCorrect",
            "explanation",
        }
    assert sum(entry["isCorrect"] for entry in data["questions"]) == 4
    listed = (await attempts(journey))[0]
    assert {name: data[name] for name in data if name not in ("questions", "answersShown")} == listed


@pytest.mark.parametrize("number", ["0", "2", "-1", "+1", "01x", "1.0", "٣", "99999999999999999999", "%00", "1%2F1"])
async def test_an_attempt_that_is_not_there_is_not_found(journey: Journey, number: str) -> None:
    await journey.failed()
    body = await attempt(journey, number)
    assert body["error"]["code"] in {"ATTEMPT_NOT_FOUND", "NOT_FOUND"}
    assert body["error"]["code"] == "ATTEMPT_NOT_FOUND" or "%2F" in number


async def test_nothing_that_happens_later_changes_an_attempt(journey: Journey) -> None:
    await journey.failed()
    rows, shown = await stored(journey), (await attempt(journey, 1))["data"]
    await journey.retake()
    await journey.retake()
    await journey.store_skills([{"skillId": "java"}])
    await journey.attach({"projectIds": ["prj-da-3"]})
    await journey.retake()
    await journey.submit(right=3)
    await journey.retake()
    await journey.submit(right=10)
    assert (await stored(journey))[:1] == rows
    assert (await attempt(journey, 1))["data"] == shown
    assert [listed["score"] for listed in await attempts(journey)] == [0, 30, 100]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE attempt SET score = 100, passed = true WHERE verification = {}",
        "UPDATE attempt SET questions = questions WHERE verification = {}",
        "DELETE FROM attempt WHERE verification = {}",
        "DELETE FROM verification WHERE id = {}",
        "TRUNCATE attempt",
        "TRUNCATE verification CASCADE",
    ],
)
async def test_the_database_refuses_to_change_the_archive(journey: Journey, statement: str) -> None:
    await journey.failed()
    before = await stored(journey)
    values: list[Any] = [journey.verification_id] if "{}" in statement else []
    with pytest.raises(RestrictViolationError):
        await fetch(statement, *values)
    assert await stored(journey) == before
