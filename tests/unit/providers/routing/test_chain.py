"""Who is asked next, by what a call has met and how each vendor stands."""

from random import Random

import pytest

from assessment.deadline import Deadline
from providers.protocol import CallOutcome, Order
from providers.routing.backoff import FIRST_SECONDS, LEAST_SHARE, MOST_SECONDS, Backoff
from providers.routing.breaker import OUT_SECONDS
from providers.routing.chain import Chain, Pause, Tries, VendorChoice
from providers.routing.pace import Learned, Pace
from providers.routing.upstream import Upstream
from tests.unit.providers.fake_clock import FakeClock
from tests.unit.providers.fakes import ScriptedVendor, chain_of, order

NOW = 1000.0


def three(attempt_seconds: float = 80.0) -> Chain:
    return chain_of(*(ScriptedVendor(name) for name in ("one", "two", "three")), attempt_seconds=attempt_seconds)


def deadline(seconds: float = 87.0) -> Deadline:
    return Deadline(FakeClock(), seconds)


def chosen(chain: Chain, tries: Tries | None = None, seconds: float = 87.0, asked: Order | None = None) -> str | None:
    choice = chain.choose(asked or order(), tries or Tries(), deadline(seconds))
    return choice.upstream.name if isinstance(choice, VendorChoice) else None


def failed(*names: str, outcome: CallOutcome = CallOutcome.VENDOR_BROKEN) -> Tries:
    tries = Tries()
    for name in names:
        fail(tries, name, outcome)
    return tries


def fail(tries: Tries, name: str, outcome: CallOutcome = CallOutcome.VENDOR_BROKEN) -> None:
    tries.sent(name, order())
    tries.ended(name, outcome, NOW, has_progressed=False)


def open_breaker(upstream: Upstream, *, at: float = NOW, outcome: CallOutcome = CallOutcome.VENDOR_BROKEN) -> None:
    for _ in range(3):
        upstream.breaker.end(outcome, at, is_probe=False)


def slow(name: str, seconds: float, attempt_seconds: float = 80.0) -> Upstream:
    return Upstream(ScriptedVendor(name), attempt_seconds, 64, pace=Pace(Learned(4, (seconds,) * 20)))


def test_the_first_vendor_of_the_chain_is_preferred() -> None:
    assert chosen(three()) == "one"


def test_one_that_failed_in_this_call_is_passed_over() -> None:
    assert chosen(three(), failed("one")) == "two"


def test_an_attempt_gets_its_share_so_that_every_rung_left_stays_reachable() -> None:
    chain, tries, remaining, slices = three(), Tries(), 90.0, []
    for name in ("one", "two", "three"):
        choice = chain.choose(order(), tries, deadline(remaining))
        assert isinstance(choice, VendorChoice)
        slices.append(choice.seconds)
        remaining -= choice.seconds
        fail(tries, name)
    assert slices == pytest.approx([30, 30, 30])


def test_an_attempt_gets_no_more_than_its_vendors_limit() -> None:
    choice = three(attempt_seconds=5).choose(order(), Tries(), deadline())
    assert isinstance(choice, VendorChoice)
    assert choice.seconds == 5


def test_no_attempt_starts_with_less_time_than_its_vendor_usually_takes() -> None:
    chain = Chain([slow("slow", 20), slow("quick", 5)])
    assert chosen(chain, seconds=30) == "slow"
    assert chosen(chain, seconds=15) == "quick"
    assert chosen(chain, seconds=4) is None


def test_a_share_that_is_too_short_for_a_vendor_is_stretched_to_its_usual_time() -> None:
    choice = Chain([slow("slow", 20), slow("quick", 5)]).choose(order(), Tries(), deadline(30))
    assert isinstance(choice, VendorChoice)
    assert choice.seconds == 20


def test_a_smaller_order_is_expected_to_take_less() -> None:
    assert chosen(Chain([slow("slow", 20)]), seconds=10, asked=order(1)) == "slow"


def test_nobody_is_asked_when_the_time_is_over() -> None:
    assert chosen(three(), seconds=0.01) is None


def test_a_vendor_with_an_open_breaker_is_passed_over() -> None:
    chain = three()
    open_breaker(chain.upstreams[0])
    assert chosen(chain) == "two"


def test_with_no_vendor_closed_the_least_bad_is_tried() -> None:
    chain = three()
    for upstream, at in zip(chain.upstreams, (998.0, 997.0, 999.0), strict=True):
        open_breaker(upstream, at=at)
    assert chosen(chain) == "two"


def test_a_vendor_that_is_out_is_not_even_the_least_bad() -> None:
    chain = chain_of(ScriptedVendor("one"))
    chain.upstreams[0].breaker.end(CallOutcome.MODEL_NOT_FOUND, NOW, is_probe=False)
    assert chosen(chain) is None


def test_a_vendor_that_is_out_is_asked_again_as_a_probe() -> None:
    chain = chain_of(ScriptedVendor("one"))
    chain.upstreams[0].breaker.end(CallOutcome.MODEL_NOT_FOUND, NOW - OUT_SECONDS, is_probe=False)
    assert chosen(chain) == "one"


def test_a_single_vendor_that_failed_by_bad_luck_is_asked_again_after_a_pause() -> None:
    chain, tries, clock = chain_of(ScriptedVendor("one")), failed("one"), FakeClock()
    pause = chain.choose(order(), tries, Deadline(clock, 87.0))
    assert isinstance(pause, Pause)
    assert LEAST_SHARE * FIRST_SECONDS <= pause.seconds <= FIRST_SECONDS
    clock.time += pause.seconds
    assert isinstance(chain.choose(order(), tries, Deadline(clock, 87.0)), VendorChoice)


def test_every_pause_is_twice_as_long_as_the_one_before_up_to_the_longest() -> None:
    backoff = Backoff(Random(3))  # noqa: S311 - has to be repeatable
    for failures in range(1, 40):
        longest = min(MOST_SECONDS, FIRST_SECONDS * 2 ** (failures - 1))
        assert LEAST_SHARE * longest <= backoff.seconds(failures) <= longest


def test_pauses_of_calls_that_failed_together_differ() -> None:
    backoff = Backoff(Random(3))  # noqa: S311 - has to be repeatable
    assert len({backoff.seconds(1) for _ in range(50)}) == 50


def test_a_vendor_that_brought_something_is_asked_again_at_once_though_it_broke_off() -> None:
    chain, tries = chain_of(ScriptedVendor("one")), failed("one", "one", "one")
    tries.sent("one", order())
    tries.ended("one", CallOutcome.STALLED, NOW, has_progressed=True)
    assert chosen(chain, tries, asked=order(2)) == "one"


@pytest.mark.parametrize(
    "outcome", [CallOutcome.UNUSABLE, CallOutcome.EMPTY, CallOutcome.CONTENT_REFUSED, CallOutcome.MALFORMED]
)
def test_the_same_request_never_goes_twice_to_a_vendor_that_answered_it_badly(outcome: CallOutcome) -> None:
    assert chosen(chain_of(ScriptedVendor("one")), failed("one", outcome=outcome)) is None


def test_a_request_with_new_reasons_is_another_request() -> None:
    tries = failed("one", outcome=CallOutcome.UNUSABLE)
    assert chosen(chain_of(ScriptedVendor("one")), tries, asked=order(complaints=("structure: 3 options",))) == "one"


def test_a_second_chance_comes_after_every_fresh_vendor_and_soonest_to_who_failed_first() -> None:
    chain, clock = three(), FakeClock()
    assert chosen(chain, failed("one", "two")) == "three"
    tries = failed("one", "two", "three")
    fail(tries, "one")
    fail(tries, "three")
    pause = chain.choose(order(), tries, Deadline(clock, 87.0))
    assert isinstance(pause, Pause)
    clock.time += pause.seconds
    choice = chain.choose(order(), tries, Deadline(clock, 87.0))
    assert isinstance(choice, VendorChoice)
    assert choice.upstream.name == "two"


def test_an_open_breaker_does_not_bar_the_last_chance() -> None:
    chain, tries, clock = chain_of(ScriptedVendor("one")), failed("one"), FakeClock()
    open_breaker(chain.upstreams[0])
    clock.time += FIRST_SECONDS
    assert isinstance(chain.choose(order(), tries, Deadline(clock, 87.0)), VendorChoice)


def test_a_pause_a_vendor_asked_for_means_the_next_vendor_at_once() -> None:
    chain = three()
    chain.upstreams[0].breaker.end(CallOutcome.RATE_LIMITED, NOW, is_probe=False, retry_after=2)
    assert chosen(chain, failed("one", outcome=CallOutcome.RATE_LIMITED)) == "two"
    assert chosen(chain) == "two"


def test_a_pause_is_kept_when_nobody_else_is_left_and_it_fits_into_the_time() -> None:
    chain, tries = chain_of(ScriptedVendor("one")), failed("one", outcome=CallOutcome.RATE_LIMITED)
    chain.upstreams[0].breaker.end(CallOutcome.RATE_LIMITED, NOW, is_probe=False, retry_after=2)
    assert chain.choose(order(), tries, deadline()) == Pause(2)
    assert chain.choose(order(), tries, deadline(1)) is None


def test_a_hedge_is_somebody_else_who_is_ready() -> None:
    chain = three()
    open_breaker(chain.upstreams[1])
    choice = chain.choose_hedge(order(), Tries(), deadline(), {"one"})
    assert choice is not None
    assert choice.upstream.name == "three"
    assert chain_of(ScriptedVendor("one")).choose_hedge(order(), Tries(), deadline(), {"one"}) is None
