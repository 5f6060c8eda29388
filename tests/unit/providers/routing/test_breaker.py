import pytest

from providers.config import BreakerLimits
from providers.protocol import CallOutcome
from providers.routing.breaker import CONTENT_FAILURES, FATAL, MAX_REST_SECONDS, TRANSPORT_FAILURES, Breaker, State

NEUTRAL = {
    CallOutcome.OUT_OF_BUDGET,
    CallOutcome.NOT_NEEDED,
    CallOutcome.ABANDONED,
    CallOutcome.NO_PLACE,
    CallOutcome.SPEND_LIMIT,
}


def breaker() -> Breaker:
    return Breaker(BreakerLimits(failures=3, open_seconds=20))


def after(*outcomes: CallOutcome, at: float = 0.0) -> Breaker:
    made = breaker()
    for outcome in outcomes:
        made.end(outcome, at, is_probe=made.start())
    return made


@pytest.mark.parametrize("failure", [CallOutcome.VENDOR_BROKEN, CallOutcome.UNUSABLE])
def test_failures_in_a_row_open_it_for_a_while(failure: CallOutcome) -> None:
    made = after(failure, failure)
    assert made.is_ready(0)
    made.end(failure, 0, is_probe=False)
    assert (made.state(0), made.state(19.9), made.state(20)) == (State.OPEN, State.OPEN, State.HALF_OPEN)
    assert not made.is_ready(0)
    assert made.reason is failure


def test_a_success_in_between_begins_the_count_anew() -> None:
    made = after(*(CallOutcome.TIMED_OUT, CallOutcome.TIMED_OUT, CallOutcome.OK) * 3)
    assert made.state(0) is State.CLOSED


def test_transport_and_content_are_counted_apart() -> None:
    made = after(CallOutcome.UNUSABLE, CallOutcome.UNUSABLE, CallOutcome.UNREACHABLE, CallOutcome.UNREACHABLE)
    assert made.state(0) is State.CLOSED


def test_every_outcome_counts_as_success_failure_or_nothing() -> None:
    known = TRANSPORT_FAILURES | CONTENT_FAILURES | FATAL | NEUTRAL | {CallOutcome.OK}
    assert known == set(CallOutcome)


@pytest.mark.parametrize("outcome", sorted(NEUTRAL))
def test_what_is_no_fault_of_the_vendor_changes_nothing(outcome: CallOutcome) -> None:
    assert after(*(outcome,) * 10).state(0) is State.CLOSED
    made = after(CallOutcome.UNREACHABLE, CallOutcome.UNREACHABLE, outcome, CallOutcome.UNREACHABLE)
    assert made.state(0) is State.OPEN


def test_a_truncated_answer_that_brought_items_is_no_failure() -> None:
    made = breaker()
    for _ in range(5):
        made.end(CallOutcome.TRUNCATED, 0, is_probe=False, accepted=2)
    assert made.state(0) is State.CLOSED


def test_one_probe_at_a_time_asks_whether_the_vendor_is_back() -> None:
    made = after(*(CallOutcome.UNREACHABLE,) * 3)
    assert made.is_ready(20)
    assert made.start()
    assert not made.is_ready(20)
    assert not made.start()
    made.end(CallOutcome.OK, 21, is_probe=True)
    assert made.state(21) is State.CLOSED
    assert made.reason is None


def test_a_probe_that_fails_opens_it_again() -> None:
    made = after(*(CallOutcome.UNREACHABLE,) * 3)
    made.end(CallOutcome.UNREACHABLE, 25, is_probe=made.start())
    assert (made.state(44), made.state(45)) == (State.OPEN, State.HALF_OPEN)


def test_a_probe_that_was_cancelled_makes_room_for_the_next() -> None:
    made = after(*(CallOutcome.UNREACHABLE,) * 3)
    made.end(CallOutcome.NOT_NEEDED, 25, is_probe=made.start())
    assert made.is_ready(25)


@pytest.mark.parametrize("outcome", sorted(FATAL))
def test_a_wrong_key_or_model_takes_the_vendor_out_for_good(outcome: CallOutcome) -> None:
    made = after(outcome)
    assert (made.state(1e9), made.is_ready(1e9), made.reason) == (State.OUT, False, outcome)


def test_a_vendor_rests_as_long_as_it_asked_to() -> None:
    made = breaker()
    made.end(CallOutcome.RATE_LIMITED, 100, is_probe=False, retry_after=7)
    assert (made.state(106), made.seconds_to_rest(106), made.is_ready(106)) == (State.RESTING, 1, False)
    assert made.is_ready(107)


@pytest.mark.parametrize("asked", [float("inf"), 365 * 86_400.0, MAX_REST_SECONDS + 1])
def test_a_vendor_that_asks_for_more_than_minutes_is_probed_after_minutes(asked: float) -> None:
    made = breaker()
    made.end(CallOutcome.RATE_LIMITED, 100, is_probe=False, retry_after=asked)
    rested = 100 + MAX_REST_SECONDS
    assert (made.state(rested - 1), made.state(rested)) == (State.RESTING, State.HALF_OPEN)
    assert made.start()
    made.end(CallOutcome.OK, rested, is_probe=True)
    assert made.state(rested) is State.CLOSED


@pytest.mark.parametrize("refusal", sorted(CONTENT_FAILURES))
def test_what_a_solver_refuses_is_no_failure_of_the_writer(refusal: CallOutcome) -> None:
    made = breaker()
    for _ in range(10):
        made.end(refusal, 0, is_probe=made.start(solves=True), solved=True)
    made.end(CallOutcome.UNUSABLE, 0, is_probe=made.start())
    made.end(CallOutcome.UNUSABLE, 0, is_probe=made.start())
    assert made.state(0) is State.CLOSED


def test_answers_of_a_solver_leave_the_writers_count_as_it_is() -> None:
    made = after(CallOutcome.UNUSABLE, CallOutcome.UNUSABLE)
    made.end(CallOutcome.OK, 0, is_probe=made.start(solves=True), solved=True)
    assert made.reason is CallOutcome.UNUSABLE
    made.end(CallOutcome.UNUSABLE, 0, is_probe=made.start())
    assert made.state(0) is State.OPEN


def test_a_solver_neither_probes_nor_brings_back_a_vendor_that_rests_for_what_it_wrote() -> None:
    made = after(*(CallOutcome.UNUSABLE,) * 3)
    assert not made.start(solves=True)
    made.end(CallOutcome.OK, 20, is_probe=False, solved=True)
    assert made.is_ready(20)
    assert made.state(20) is State.HALF_OPEN


def test_transport_is_shared_by_solvers_and_writers() -> None:
    made = after(CallOutcome.UNREACHABLE, CallOutcome.UNREACHABLE)
    made.end(CallOutcome.UNREACHABLE, 0, is_probe=made.start(solves=True), solved=True)
    assert made.state(0) is State.OPEN
    made.end(CallOutcome.OK, 20, is_probe=made.start(solves=True), solved=True)
    assert (made.state(20), made.reason) == (State.CLOSED, None)
