import pytest

from providers.config import BreakerLimits
from providers.protocol import CallOutcome
from providers.routing.breaker import (
    CONTENT_FAILURES,
    FATAL,
    HANGS,
    MAX_REST_SECONDS,
    OUT_SECONDS,
    REFUSED_SECONDS,
    TRANSPORT_FAILURES,
    Breaker,
    State,
)

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
    assert (made.state(0), made.state(4.9), made.state(5)) == (State.OPEN, State.OPEN, State.HALF_OPEN)
    assert not made.is_ready(0)
    assert made.reason is failure


def test_a_success_in_between_begins_the_count_anew() -> None:
    made = after(*(CallOutcome.UNREACHABLE, CallOutcome.UNREACHABLE, CallOutcome.OK) * 3)
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


def test_a_probe_that_fails_opens_it_for_twice_as_long_up_to_the_limit() -> None:
    made = after(*(CallOutcome.UNREACHABLE,) * 3)
    for rest in (10, 20, 20):
        made.end(CallOutcome.UNREACHABLE, 25, is_probe=made.start())
        assert (made.state(25 + rest - 1), made.state(25 + rest)) == (State.OPEN, State.HALF_OPEN)


def test_a_success_makes_the_next_rest_short_again() -> None:
    made = after(*(CallOutcome.UNREACHABLE,) * 3)
    made.end(CallOutcome.UNREACHABLE, 5, is_probe=made.start())
    made.end(CallOutcome.OK, 15, is_probe=made.start())
    for _ in range(3):
        made.end(CallOutcome.UNREACHABLE, 20, is_probe=made.start())
    assert (made.state(24.9), made.state(25)) == (State.OPEN, State.HALF_OPEN)


@pytest.mark.parametrize("hang", sorted(HANGS))
def test_one_hang_is_enough_for_others_to_be_asked_first(hang: CallOutcome) -> None:
    made = after(hang)
    assert (made.state(0), made.reason) == (State.OPEN, hang)
    assert made.is_ready(5)


def test_while_a_silent_request_is_listened_to_others_are_asked_first() -> None:
    made = breaker()
    is_probe = made.suspect(0)
    assert not made.is_ready(1000)
    made.trust(1000, is_probe=is_probe)
    assert (made.is_ready(1000), made.state(1000)) == (True, State.CLOSED)


def test_a_silent_request_that_stays_silent_is_a_hang() -> None:
    made = breaker()
    made.end(CallOutcome.STALLED, 30, is_probe=made.suspect(0))
    assert (made.state(30), made.is_ready(35)) == (State.OPEN, True)


def test_a_sign_of_life_does_not_bring_back_a_vendor_that_rests_for_what_it_wrote() -> None:
    made = after(*(CallOutcome.UNUSABLE,) * 3)
    made.trust(5, is_probe=made.suspect(5))
    assert (made.state(5), made.is_ready(5)) == (State.HALF_OPEN, True)


def test_a_probe_that_was_cancelled_makes_room_for_the_next() -> None:
    made = after(*(CallOutcome.UNREACHABLE,) * 3)
    made.end(CallOutcome.NOT_NEEDED, 25, is_probe=made.start())
    assert made.is_ready(25)


def test_one_refused_key_is_a_rest_and_a_probe() -> None:
    made = after(CallOutcome.UNAUTHORIZED)
    assert (made.state(0), made.reason, made.is_ready(19.9)) == (State.OPEN, CallOutcome.UNAUTHORIZED, False)
    assert made.is_ready(20)
    made.end(CallOutcome.OK, 20, is_probe=made.start())
    assert (made.state(20), made.reason) == (State.CLOSED, None)


def test_a_key_that_every_call_refuses_for_minutes_takes_the_vendor_out() -> None:
    made = breaker()
    for moment in range(0, int(REFUSED_SECONDS), 30):
        made.end(CallOutcome.UNAUTHORIZED, moment, is_probe=made.start())
        assert made.state(moment) is State.OPEN
    made.end(CallOutcome.UNAUTHORIZED, REFUSED_SECONDS, is_probe=made.start())
    assert (made.state(REFUSED_SECONDS), made.is_barred(REFUSED_SECONDS)) == (State.OUT, True)


@pytest.mark.parametrize("answer", [CallOutcome.OK, CallOutcome.UNUSABLE])
def test_one_answer_in_between_shows_that_the_key_is_good(answer: CallOutcome) -> None:
    made = after(CallOutcome.UNAUTHORIZED)
    made.end(answer, REFUSED_SECONDS - 1, is_probe=made.start())
    made.end(CallOutcome.UNAUTHORIZED, REFUSED_SECONDS + 1, is_probe=made.start())
    assert made.state(REFUSED_SECONDS + 1) is State.OPEN


def test_an_unknown_model_takes_the_vendor_out_at_once() -> None:
    made = after(CallOutcome.MODEL_NOT_FOUND)
    assert (made.state(0), made.is_barred(0), made.reason) == (State.OUT, True, CallOutcome.MODEL_NOT_FOUND)


def test_a_vendor_that_is_out_is_probed_again_and_again_and_is_back_with_its_first_answer() -> None:
    made = after(CallOutcome.MODEL_NOT_FOUND)
    now = 0.0
    for failure in (CallOutcome.MODEL_NOT_FOUND, CallOutcome.UNAUTHORIZED, CallOutcome.UNREACHABLE):
        assert made.is_barred(now + OUT_SECONDS - 1)
        now += OUT_SECONDS
        assert not made.is_barred(now)
        is_probe = made.start()
        assert made.is_barred(now)
        made.end(failure, now, is_probe=is_probe)
        assert made.state(now) is State.OUT
    made.end(CallOutcome.OK, now + OUT_SECONDS, is_probe=made.start())
    assert (made.state(now), made.reason) == (State.CLOSED, None)


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
