"""Who may do what: pure functions over a verification's standing; the first rule that fails raises."""

from collections.abc import Callable
from typing import Literal

from assessment.errors import (
    AlreadySubmitted,
    AssessmentAlreadyPassed,
    AssessmentLocked,
    AssessmentPassed,
    InvalidVerificationType,
    NoData,
    NoPriorAttempt,
    NoQuestions,
    NoSkills,
    RetakeError,
    RetakeLimitReached,
    RetakeRequired,
    RetakeTooSoon,
    TimeIsUp,
    TooManySets,
    VerificationNotFound,
)
from assessment.models import Attempt, Method, Policy, SetState, Shown, Spent, Standing

STARTS_PER_SET = 4  # generations, of which many may fail: each costs as much as a set
SPENT_SECONDS = 3600  # from the first of them on; then counting begins anew

Progress = Literal["not_started", "ready", "failed", "passed", "locked"]
Call = Literal["generate", "submit", "retakeassessment"]


def may_generate(standing: Standing) -> None:
    """Check a first generation; a set that waits for answers is always allowed, since it is only shown again."""
    if standing.is_locked:
        raise AssessmentLocked
    if standing.method is None:
        raise VerificationNotFound
    if standing.method is Method.HUMAN:
        raise InvalidVerificationType
    if standing.set_state is SetState.ACTIVE:
        return
    if standing.last_passed:
        raise AssessmentPassed
    if standing.attempts:
        raise RetakeRequired
    may_spend(standing.sets, standing.starts, standing.policy)
    _has_something_to_ask_about(standing)


def may_retake(standing: Standing) -> None:
    """Check a retake, in the order the contract fixes."""
    if standing.is_locked:
        raise AssessmentLocked
    if not standing.attempts:
        raise NoPriorAttempt
    if standing.last_passed:
        raise AssessmentPassed
    if standing.method is Method.HUMAN:
        raise InvalidVerificationType
    if standing.policy.attempts_left(standing.attempts) == 0:
        raise RetakeLimitReached
    if standing.cooling:
        raise RetakeTooSoon(retry_after=standing.cooling)
    may_spend(standing.sets, standing.starts, standing.policy)
    _has_something_to_ask_about(standing)


def may_spend(sets: Spent, starts: Spent, policy: Policy) -> None:
    """Check that another set may be written before the next submit. Raises TooManySets, with the seconds to wait."""
    waits = [spent.seconds for spent, bound in _bounds(sets, starts, policy) if spent.times >= bound]
    if waits:
        raise TooManySets(retry_after=max(1, *waits))


def sets_left(standing: Standing) -> int:
    """How many sets may still be written before the next submit, if each generation gives one."""
    bounds = _bounds(standing.sets, standing.starts, standing.policy)
    return max(0, min(bound - spent.times for spent, bound in bounds))


def may_submit(standing: Standing) -> None:
    """Check that a set waits for answers; the answers themselves are looked at by scoring."""
    if standing.is_locked:
        raise AssessmentLocked
    if standing.set_state is None:
        raise NoQuestions
    may_answer(standing)


def may_answer(standing: Standing) -> None:
    """Check that the current set still takes answers. Raises AlreadySubmitted or TimeIsUp."""
    if standing.is_over or standing.timed_out:
        raise TimeIsUp
    if standing.set_state is SetState.SUBMITTED:
        raise AlreadySubmitted


def may_change_evidence(standing: Standing) -> None:
    """Check that skills and source items may still be replaced: those of a passed assessment stand."""
    if standing.is_locked or standing.last_passed:
        raise AssessmentAlreadyPassed


def progress(standing: Standing) -> Progress:
    """Name the state a client sees: not_started, ready, failed, passed or locked."""
    if standing.is_locked:
        return "locked"
    if standing.last_passed:
        return "passed"
    if standing.set_state is SetState.ACTIVE:
        return "ready"
    return "failed" if standing.attempts else "not_started"


def next_calls(standing: Standing) -> tuple[Call, ...]:
    """List what would be accepted now, of generate, submit and retakeassessment."""
    return tuple(call for call, rule in CALL_RULES if _allows(rule, standing))


def shown_of(attempt: Attempt) -> Shown:
    """What the archive shows of an attempt: all of a passed one, of a failed one what its policy says."""
    return Shown.FULL if attempt.passed else attempt.policy.answers


CALL_RULES: tuple[tuple[Call, Callable[[Standing], None]], ...] = (
    ("generate", may_generate),
    ("submit", may_submit),
    ("retakeassessment", may_retake),
)


def _bounds(sets: Spent, starts: Spent, policy: Policy) -> tuple[tuple[Spent, int], ...]:
    return (sets, policy.sets_per_attempt), (starts, policy.sets_per_attempt * STARTS_PER_SET)


def _allows(rule: Callable[[Standing], None], standing: Standing) -> bool:
    try:
        rule(standing)
    except RetakeError:
        return False
    return True


def _has_something_to_ask_about(standing: Standing) -> None:
    if not standing.has_sources:
        raise NoData
    if not standing.has_skills:
        raise NoSkills
