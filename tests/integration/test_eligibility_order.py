"""The order of the checks over HTTP: states that break several rules at once, and the one that answers."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import msgspec
import pytest

from assessment.deadline import Deadline
from assessment.models import Brief, WrittenSet
from jobs.vendors import Vendors
from tests.journey import Journey, answers
from tests.rows import digest_of, erase_evidence, erase_items, erase_skills, lift_lock, spend_sets

Setup = Callable[[Journey], Awaitable[object]]

FAIL = {"x-sandbox-scenario": "fail"}


def then(reach: Setup, *changes: Setup) -> Setup:
    async def setup(journey: Journey) -> None:
        for step in (reach, *changes):
            await step(journey)

    setup.__name__ = " then ".join(step.__name__ for step in (reach, *changes))
    return setup


async def only_opened(journey: Journey) -> None:
    await journey.verify()


async def human(journey: Journey) -> None:
    await journey.verify()
    await journey.choose_method("human")


async def without_evidence(journey: Journey) -> None:
    await journey.verify()
    await journey.choose_method()


async def without_skills(journey: Journey) -> None:
    await without_evidence(journey)
    await journey.attach()


async def other_skills(journey: Journey) -> None:
    await journey.store_skills([{"skillId": "sql"}])


async def human_now(journey: Journey) -> None:
    await journey.choose_method("human")


PREPARED, READY, FAILED, LOCKED = Journey.prepared, Journey.ready, Journey.failed, Journey.locked

GENERATE = [
    (then(LOCKED, erase_evidence), 403, "ASSESSMENT_LOCKED"),
    (only_opened, 404, "VERIFICATION_NOT_FOUND"),
    (human, 400, "INVALID_VERIFICATION_TYPE"),
    (then(human, spend_sets), 400, "INVALID_VERIFICATION_TYPE"),
    (then(without_evidence, spend_sets), 429, "TOO_MANY_SETS"),
    (then(FAILED, spend_sets), 409, "RETAKE_REQUIRED"),
    (without_evidence, 400, "NO_DATA"),
    (without_skills, 400, "NO_SKILLS"),
    (then(PREPARED, erase_evidence), 400, "NO_DATA"),
    (PREPARED, 500, "GENERATION_FAILED"),
    (FAILED, 409, "RETAKE_REQUIRED"),
    (then(FAILED, other_skills), 409, "RETAKE_REQUIRED"),
    (then(LOCKED, lift_lock), 403, "ASSESSMENT_PASSED"),
]

RETAKE = [
    (then(LOCKED, erase_evidence), 403, "ASSESSMENT_LOCKED"),
    (only_opened, 400, "NO_PRIOR_ATTEMPT"),
    (then(READY, erase_evidence), 400, "NO_PRIOR_ATTEMPT"),
    (then(LOCKED, lift_lock, erase_evidence), 403, "ASSESSMENT_PASSED"),
    (then(LOCKED, lift_lock), 403, "ASSESSMENT_PASSED"),
    (then(LOCKED, spend_sets), 403, "ASSESSMENT_LOCKED"),
    (then(READY, spend_sets), 400, "NO_PRIOR_ATTEMPT"),
    (then(LOCKED, lift_lock, spend_sets), 403, "ASSESSMENT_PASSED"),
    (then(FAILED, spend_sets, erase_evidence), 429, "TOO_MANY_SETS"),
    (then(FAILED, erase_evidence), 400, "NO_DATA"),
    (then(FAILED, erase_items), 400, "NO_DATA"),
    (then(FAILED, erase_skills), 400, "NO_SKILLS"),
    (then(FAILED, human_now, erase_evidence), 400, "INVALID_VERIFICATION_TYPE"),
    (FAILED, 500, "GENERATION_FAILED"),
]

SHORT: list[dict[str, Any]] = [{"questionId": "q_unknown", "selectedAnswer": 9}]
TEN_UNKNOWN = SHORT * 10

SUBMIT = [
    (LOCKED, {}, 403, "ASSESSMENT_LOCKED"),
    (LOCKED, {"answers": SHORT}, 403, "ASSESSMENT_LOCKED"),
    (PREPARED, {}, 400, "MISSING_ANSWERS"),
    (FAILED, {"answers": None}, 400, "MISSING_ANSWERS"),
    (READY, {"answers": []}, 400, "MISSING_ANSWERS"),
    (READY, {"answers": {"q": 1}}, 400, "MISSING_ANSWERS"),
    (READY, {"answers": "0123012301"}, 400, "MISSING_ANSWERS"),
    (only_opened, {"answers": SHORT}, 404, "NO_QUESTIONS"),
    (PREPARED, {"answers": SHORT}, 404, "NO_QUESTIONS"),
    (then(FAILED, other_skills, Journey.retake, human_now), {"answers": SHORT}, 404, "NO_QUESTIONS"),
    (FAILED, {"answers": SHORT}, 409, "ALREADY_SUBMITTED"),
    (then(LOCKED, lift_lock), {"answers": SHORT}, 409, "ALREADY_SUBMITTED"),
    (READY, {"answers": SHORT}, 400, "INCOMPLETE_ANSWERS"),
    (READY, {"answers": [None] * 9}, 400, "INCOMPLETE_ANSWERS"),
    (READY, {"answers": [*TEN_UNKNOWN, None]}, 400, "INCOMPLETE_ANSWERS"),
    (READY, {"answers": TEN_UNKNOWN}, 400, "INVALID_ANSWER"),
    (READY, {"answers": [None] * 10}, 400, "INVALID_ANSWER"),
]


def named(table: list[Any]) -> list[str]:
    return [f"{row[0].__name__}: {row[-1]}" for row in table]


async def assert_refused(journey: Journey, call: Awaitable[httpx.Response], status: int, code: str) -> None:
    response = await call
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (status, code)
    assert error["requestId"] == response.headers["x-request-id"]
    assert set(response.json()) == {"success", "error"}
    assert response.json()["success"] is False


@pytest.mark.parametrize(("reach", "status", "code"), GENERATE, ids=named(GENERATE))
async def test_generate_names_the_first_rule_that_fails(journey: Journey, reach: Setup, status: int, code: str) -> None:
    await reach(journey)
    before = await digest_of(journey.verification_id)
    await assert_refused(journey, journey.generate(**FAIL), status, code)
    await assert_unchanged(journey, before)


@pytest.mark.parametrize(("reach", "status", "code"), RETAKE, ids=named(RETAKE))
async def test_retake_names_the_first_rule_that_fails(journey: Journey, reach: Setup, status: int, code: str) -> None:
    await reach(journey)
    before = await digest_of(journey.verification_id)
    await assert_refused(journey, journey.retake(**FAIL), status, code)
    await assert_unchanged(journey, before)


@pytest.mark.parametrize(("reach", "body", "status", "code"), SUBMIT, ids=named(SUBMIT))
async def test_submit_names_the_first_rule_that_fails(
    journey: Journey, reach: Setup, body: dict[str, Any], status: int, code: str
) -> None:
    await reach(journey)
    before = await digest_of(journey.verification_id)
    call = journey.client.post("/assessment/submit", json=body, headers=journey.headers)
    await assert_refused(journey, call, status, code)
    assert await digest_of(journey.verification_id) == before


async def assert_unchanged(journey: Journey, before: dict[str, str]) -> None:
    """All rows are as they were; the lease of a failed generation is spent."""
    after = await digest_of(journey.verification_id)
    assert {**after, "generation": ""} == {**before, "generation": ""}


def one_answer_changed(journey: Journey, **change: Any) -> dict[str, Any]:
    right = answers(journey.questions, 10)
    right[3] = {name: value for name, value in {**right[3], **change}.items() if value is not ...}
    return {"answers": right}


@pytest.mark.parametrize(
    "change",
    [
        {"selectedAnswer": -1},
        {"selectedAnswer": 4},
        {"selectedAnswer": 10**25},
        {"selectedAnswer": 1.0},
        {"selectedAnswer": "1"},
        {"selectedAnswer": True},
        {"selectedAnswer": None},
        {"selectedAnswer": ...},
        {"questionId": ...},
        {"questionId": 7},
        {"questionId": ""},
        {"questionId": "q_0123456789abcdef01234567"},
    ],
    ids=str,
)
async def test_one_bad_answer_among_right_ones_is_refused_and_the_set_still_waits(
    journey: Journey, change: dict[str, Any]
) -> None:
    await journey.ready()
    before = await digest_of(journey.verification_id)
    body = one_answer_changed(journey, **change)
    call = journey.client.post("/assessment/submit", json=body, headers=journey.headers)
    await assert_refused(journey, call, 400, "INVALID_ANSWER")
    assert await digest_of(journey.verification_id) == before


async def test_a_question_answered_twice_is_refused(journey: Journey) -> None:
    await journey.ready()
    body = one_answer_changed(journey, questionId=journey.questions[0]["questionId"])
    call = journey.client.post("/assessment/submit", json=body, headers=journey.headers)
    await assert_refused(journey, call, 400, "INVALID_ANSWER")


class BrokenWriter:
    """A writer with a bug."""

    async def write(self, brief: Brief, deadline: Deadline) -> WrittenSet:
        raise ValueError(f"{len(brief.slots)} slots, {deadline.remaining} s")


async def test_a_bug_is_an_internal_error_and_leaves_everything(vendors: Vendors, journey: Journey) -> None:
    await journey.failed()
    before = await digest_of(journey.verification_id)
    sound = vendors.current
    vendors.current = msgspec.structs.replace(sound, writer=BrokenWriter())
    await assert_refused(journey, journey.retake(), 500, "INTERNAL_ERROR")
    vendors.current = sound
    await assert_unchanged(journey, before)
    assert (await journey.retake()).is_success
