"""Which call is refused with what, when several rules are broken at once."""

import itertools
from collections.abc import Callable

import pytest

from assessment.errors import RetakeError, RetakeTooSoon, TooManySets
from assessment.models import Method, Policy, SetState, Spent, Standing
from assessment.scoring.eligibility import (
    STARTS_PER_SET,
    may_change_evidence,
    may_generate,
    may_retake,
    may_submit,
    next_calls,
    progress,
    sets_left,
)
from tests.factories import FAILED, LOCKED, PREPARED, READY, RETAKEN, UNLOCKED, standing

Rule = Callable[[Standing], None]

SETS_PER_ATTEMPT = Policy().sets_per_attempt
STARTS_PER_ATTEMPT = SETS_PER_ATTEMPT * STARTS_PER_SET
SPENT = Spent(SETS_PER_ATTEMPT, 1200)
STARTED = Spent(STARTS_PER_ATTEMPT, 2400)
THREE = Policy(max_attempts=3)
EMPTY = {"has_sources": False, "has_skills": False}

GENERATE = [
    (standing(LOCKED, method=None, **EMPTY), "ASSESSMENT_LOCKED"),
    (standing(PREPARED, method=None, **EMPTY), "VERIFICATION_NOT_FOUND"),
    (standing(PREPARED, method=Method.HUMAN, **EMPTY), "INVALID_VERIFICATION_TYPE"),
    (standing(UNLOCKED, **EMPTY), "ASSESSMENT_PASSED"),
    (standing(FAILED, **EMPTY), "RETAKE_REQUIRED"),
    (standing(FAILED, set_state=None), "RETAKE_REQUIRED"),
    (standing(PREPARED, sets=SPENT, **EMPTY), "TOO_MANY_SETS"),
    (standing(PREPARED, starts=STARTED, **EMPTY), "TOO_MANY_SETS"),
    (standing(FAILED, sets=SPENT), "RETAKE_REQUIRED"),
    (standing(READY, sets=SPENT), None),
    (standing(PREPARED, **EMPTY), "NO_DATA"),
    (standing(PREPARED, has_skills=False), "NO_SKILLS"),
    (PREPARED, None),
    (standing(READY, **EMPTY), None),
    (RETAKEN, None),
]

RETAKE = [
    (standing(LOCKED, attempts=0, **EMPTY), "ASSESSMENT_LOCKED"),
    (standing(PREPARED, last_passed=True, **EMPTY), "NO_PRIOR_ATTEMPT"),
    (READY, "NO_PRIOR_ATTEMPT"),
    (standing(UNLOCKED, method=Method.HUMAN, **EMPTY), "ASSESSMENT_PASSED"),
    (standing(FAILED, method=Method.HUMAN, **EMPTY), "INVALID_VERIFICATION_TYPE"),
    (standing(FAILED, method=Method.HUMAN, sets=SPENT), "INVALID_VERIFICATION_TYPE"),
    (standing(UNLOCKED, attempts=3, policy=THREE, cooling=9), "ASSESSMENT_PASSED"),
    (standing(FAILED, attempts=3, policy=THREE, cooling=9, sets=SPENT, **EMPTY), "RETAKE_LIMIT_REACHED"),
    (standing(FAILED, attempts=4, policy=THREE), "RETAKE_LIMIT_REACHED"),
    (standing(FAILED, attempts=2, policy=THREE, cooling=9, sets=SPENT, **EMPTY), "RETAKE_TOO_SOON"),
    (standing(FAILED, attempts=2, policy=THREE, sets=SPENT, **EMPTY), "TOO_MANY_SETS"),
    (standing(FAILED, attempts=2, policy=THREE), None),
    (standing(FAILED, policy=Policy(sets_per_attempt=2), sets=Spent(2, 9)), "TOO_MANY_SETS"),
    (standing(FAILED, policy=Policy(sets_per_attempt=9), sets=SPENT, starts=STARTED), None),
    (standing(FAILED, sets=SPENT, **EMPTY), "TOO_MANY_SETS"),
    (standing(FAILED, starts=STARTED, **EMPTY), "TOO_MANY_SETS"),
    (standing(FAILED, sets=Spent(SETS_PER_ATTEMPT - 1, 9), starts=Spent(STARTS_PER_ATTEMPT - 1, 9)), None),
    (standing(FAILED, **EMPTY), "NO_DATA"),
    (standing(FAILED, has_skills=False), "NO_SKILLS"),
    (FAILED, None),
    (RETAKEN, None),
    (standing(FAILED, set_state=None), None),
]

SUBMIT = [
    (standing(LOCKED, set_state=None), "ASSESSMENT_LOCKED"),
    (LOCKED, "ASSESSMENT_LOCKED"),
    (PREPARED, "NO_QUESTIONS"),
    (standing(FAILED, set_state=None), "NO_QUESTIONS"),
    (FAILED, "ALREADY_SUBMITTED"),
    (UNLOCKED, "ALREADY_SUBMITTED"),
    (READY, None),
    (RETAKEN, None),
]

CHANGE_EVIDENCE = [
    (LOCKED, "ASSESSMENT_ALREADY_PASSED"),
    (UNLOCKED, "ASSESSMENT_ALREADY_PASSED"),
    (FAILED, None),
    (RETAKEN, None),
    (READY, None),
    (PREPARED, None),
]

EVERY_STANDING = [
    standing(
        PREPARED,
        method=method,
        is_locked=is_locked,
        attempts=attempts,
        last_passed=passed if attempts else None,
        set_state=set_state,
        has_sources=has_sources,
        has_skills=has_skills,
        policy=policy,
        cooling=cooling,
    )
    for method, is_locked, attempts, passed, set_state, has_sources, has_skills, policy, cooling in itertools.product(
        (None, *Method),
        (False, True),
        (0, 1, 3),
        (False, True),
        (None, SetState.ACTIVE, SetState.SUBMITTED),
        (False, True),
        (False, True),
        (Policy(), THREE),
        (0, 60),
    )
]


def code(rule: Rule, at: Standing) -> str | None:
    try:
        rule(at)
    except RetakeError as error:
        return error.code
    return None


@pytest.mark.parametrize(
    ("rule", "at", "expected"),
    [
        (rule, at, expected)
        for rule, table in (
            (may_generate, GENERATE),
            (may_retake, RETAKE),
            (may_submit, SUBMIT),
            (may_change_evidence, CHANGE_EVIDENCE),
        )
        for at, expected in table
    ],
)
def test_the_first_rule_that_fails_answers(rule: Rule, at: Standing, expected: str | None) -> None:
    assert code(rule, at) == expected


@pytest.mark.parametrize(
    ("at", "state", "calls"),
    [
        (PREPARED, "not_started", ("generate",)),
        (standing(PREPARED, method=None), "not_started", ()),
        (standing(PREPARED, has_skills=False), "not_started", ()),
        (READY, "ready", ("generate", "submit")),
        (FAILED, "failed", ("retakeassessment",)),
        (standing(FAILED, has_sources=False), "failed", ()),
        (standing(FAILED, set_state=None), "failed", ("retakeassessment",)),
        (RETAKEN, "ready", ("generate", "submit", "retakeassessment")),
        (LOCKED, "locked", ()),
        (UNLOCKED, "passed", ()),
    ],
)
def test_progress_and_next_calls(at: Standing, state: str, calls: tuple[str, ...]) -> None:
    assert (progress(at), next_calls(at)) == (state, calls)


def test_next_calls_names_exactly_what_the_rules_accept_in_every_standing() -> None:
    rules: dict[str, Rule] = {"generate": may_generate, "submit": may_submit, "retakeassessment": may_retake}
    for at in EVERY_STANDING:
        assert set(next_calls(at)) == {name for name, rule in rules.items() if code(rule, at) is None}


def test_a_locked_assessment_accepts_nothing_in_any_standing() -> None:
    for at in EVERY_STANDING:
        if at.is_locked:
            assert {code(rule, at) for rule in (may_generate, may_retake, may_submit)} == {"ASSESSMENT_LOCKED"}
            assert progress(at) == "locked"


def test_a_retake_needs_a_failed_attempt_in_every_standing() -> None:
    for at in EVERY_STANDING:
        if code(may_retake, at) is None:
            assert at.attempts
            assert at.last_passed is False


@pytest.mark.parametrize(
    ("sets", "starts", "seconds"),
    [(SPENT, Spent(), 1200), (Spent(), STARTED, 2400), (SPENT, STARTED, 2400), (Spent(9, 0), Spent(), 1)],
)
def test_who_asked_for_too_many_sets_is_told_when_it_may_ask_again(sets: Spent, starts: Spent, seconds: int) -> None:
    with pytest.raises(TooManySets) as raised:
        may_retake(standing(FAILED, sets=sets, starts=starts))
    assert raised.value.retry_after == seconds


@pytest.mark.parametrize(
    ("sets", "starts", "left"), [(0, 0, 5), (1, 1, 4), (5, 5, 0), (6, 6, 0), (0, 17, 3), (2, 20, 0), (0, 21, 0)]
)
def test_what_is_left_is_the_smaller_of_sets_and_starts(sets: int, starts: int, left: int) -> None:
    at = standing(FAILED, sets=Spent(sets, 60), starts=Spent(starts, 60))
    assert sets_left(at) == left
    assert ("retakeassessment" in next_calls(at)) is (left > 0)


def test_no_policy_opens_what_the_default_refuses() -> None:
    """Limits only take away: whatever is set, a retake that is allowed would be allowed without a policy."""
    for at in EVERY_STANDING:
        if code(may_retake, at) is None:
            assert code(may_retake, standing(at, policy=Policy(), cooling=0)) is None
            assert at.policy.attempts_left(at.attempts) != 0
            assert not at.cooling


@pytest.mark.parametrize(("most", "submitted", "left"), [(None, 99, None), (3, 0, 3), (3, 3, 0), (3, 5, 0), (1, 0, 1)])
def test_attempts_left_never_fall_below_none(most: int | None, submitted: int, left: int | None) -> None:
    assert Policy(max_attempts=most).attempts_left(submitted) == left


def test_who_comes_too_soon_is_told_for_how_long() -> None:
    with pytest.raises(RetakeTooSoon) as raised:
        may_retake(standing(FAILED, cooling=77))
    assert raised.value.retry_after == 77
