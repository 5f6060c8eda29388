"""Scoring one submission: what is refused changes nothing."""

from collections.abc import Sequence

import pytest

from assessment.errors import RetakeError
from assessment.models import Answer, SetState, Standing
from assessment.use_cases.submit import submit
from tests.factories import (
    FAILED,
    LOCKED,
    NOON,
    PREPARED,
    READY,
    RETAKEN,
    answered,
    question,
    question_set,
    skills,
    verification,
)
from tests.fakes import FakeStore, ManualClock

QUESTIONS = [question(number, key=number % 4, skill_id=f"skill-{number % 3}") for number in range(10)]
RIGHT = answered(QUESTIONS, 10)
SHORT = RIGHT[:9]
TWICE = [*RIGHT[:9], RIGHT[0]]

Answers = Sequence[Answer | None] | None


def store_at(standing: Standing) -> FakeStore:
    current = question_set(QUESTIONS, standing.set_state) if standing.set_state else None
    return FakeStore(ManualClock(), verification(standing, current))


@pytest.mark.parametrize(
    ("standing", "answers", "code"),
    [
        (LOCKED, None, "ASSESSMENT_LOCKED"),
        (LOCKED, SHORT, "ASSESSMENT_LOCKED"),
        (PREPARED, None, "MISSING_ANSWERS"),
        (FAILED, [], "MISSING_ANSWERS"),
        (PREPARED, SHORT, "NO_QUESTIONS"),
        (FAILED, SHORT, "ALREADY_SUBMITTED"),
        (FAILED, RIGHT, "ALREADY_SUBMITTED"),
        (READY, SHORT, "INCOMPLETE_ANSWERS"),
        (READY, [None] * 9, "INCOMPLETE_ANSWERS"),
        (READY, TWICE, "INVALID_ANSWER"),
        (READY, [*SHORT, None], "INVALID_ANSWER"),
    ],
)
async def test_the_first_fault_answers_and_nothing_changes(standing: Standing, answers: Answers, code: str) -> None:
    store = store_at(standing)
    before = store.verification
    with pytest.raises(RetakeError) as raised:
        await submit(verification_id="ver_test_1", answers=answers, store=store, clock=store.clock)
    assert raised.value.code == code
    assert (store.verification, store.attempts) == (before, [])


@pytest.mark.parametrize(("right", "passed"), [(6, True), (5, False)])
async def test_a_submission_is_scored_archived_and_closes_the_set(right: int, passed: bool) -> None:
    store = store_at(RETAKEN)
    scored = await submit(
        verification_id="ver_test_1", answers=answered(QUESTIONS, right), store=store, clock=store.clock
    )
    assert store.attempts == [scored.attempt]
    assert (scored.attempt.number, scored.attempt.score, scored.attempt.passed) == (2, right * 10, passed)
    assert (scored.attempt.submitted_at, scored.skills) == (NOON, skills(3))
    assert (store.standing.set_state, store.standing.is_locked) == (SetState.SUBMITTED, passed)


async def test_one_set_has_one_score() -> None:
    store = store_at(READY)
    await submit(verification_id="ver_test_1", answers=answered(QUESTIONS, 0), store=store, clock=store.clock)
    with pytest.raises(RetakeError) as raised:
        await submit(verification_id="ver_test_1", answers=RIGHT, store=store, clock=store.clock)
    assert raised.value.code == "ALREADY_SUBMITTED"
    assert len(store.attempts) == 1
