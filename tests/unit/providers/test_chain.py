import asyncio

import pytest

from assessment.deadline import Deadline
from providers.base import AttemptTimedOut, ChainExhausted, Outcome, RateLimited, Unauthorized, VendorBroken
from providers.chain import Chain, Rung
from tests.unit.providers.fake_clock import FakeClock
from tests.unit.providers.fakes import ScriptedVendor, StubbornVendor, order


def chain(*vendors: ScriptedVendor, attempt_seconds: float = 30.0, max_concurrency: int = 64) -> Chain:
    return Chain([Rung(vendor, attempt_seconds, max_concurrency) for vendor in vendors])


async def test_the_first_vendor_that_answers_is_the_only_one_asked() -> None:
    one, two = ScriptedVendor("one"), ScriptedVendor("two")
    reply = await chain(one, two).write(order(), Deadline(FakeClock(), 87))
    assert (reply.vendor, len(two.orders)) == ("one", 0)


@pytest.mark.parametrize("failure", [RateLimited("one"), VendorBroken("one"), Unauthorized("one")])
async def test_any_failure_moves_on_to_the_next_vendor_at_once(failure: Exception) -> None:
    clock = FakeClock()
    one, two = ScriptedVendor("one", failure), ScriptedVendor("two")
    reply = await chain(one, two).write(order(), Deadline(clock, 87))
    assert reply.vendor == "two"
    assert reply.failures == (failure,)
    assert clock.time == 1000


async def test_a_hanging_vendor_costs_its_attempt_seconds_and_no_more() -> None:
    clock = FakeClock()
    one, two = ScriptedVendor("one", 1e6), ScriptedVendor("two")
    reply = await chain(one, two, attempt_seconds=30).write(order(), Deadline(clock, 87))
    assert reply.vendor == "two"
    assert clock.time == pytest.approx(1030)


async def test_an_attempt_gets_at_most_its_fair_share_so_that_every_later_rung_is_reached() -> None:
    vendors = [ScriptedVendor(name, 1e6) for name in ("one", "two", "three")]
    clock = FakeClock()
    with pytest.raises(ChainExhausted) as caught:
        await chain(*vendors, attempt_seconds=80).write(order(), Deadline(clock, 30))
    assert [vendor.limits[0] for vendor in vendors] == pytest.approx([10, 10, 10])
    assert [failure.outcome for failure in caught.value.failures] == [Outcome.TIMED_OUT] * 3
    assert clock.time == pytest.approx(1030)


async def test_no_vendor_is_asked_after_the_deadline() -> None:
    clock = FakeClock()
    deadline = Deadline(clock, 5)
    await clock.sleep(5)
    one = ScriptedVendor("one")
    with pytest.raises(ChainExhausted):
        await chain(one).write(order(), deadline)
    assert not one.orders


async def test_a_vendor_to_be_skipped_is_not_asked_and_leaves_its_share_to_the_others() -> None:
    one, two = ScriptedVendor("one"), ScriptedVendor("two")
    skipping = order(skip=frozenset({"one"}))
    reply = await chain(one, two, attempt_seconds=80).write(skipping, Deadline(FakeClock(), 40))
    assert (reply.vendor, len(one.orders)) == ("two", 0)
    assert two.limits == pytest.approx([40])


async def test_an_exhausted_chain_keeps_every_failure_in_order() -> None:
    failures = (RateLimited("one"), VendorBroken("two"))
    vendors = [ScriptedVendor(failure.vendor, failure) for failure in failures]
    with pytest.raises(ChainExhausted) as caught:
        await chain(*vendors).write(order(), Deadline(FakeClock(), 87))
    assert caught.value.failures == failures
    assert "one rate_limited, two vendor_broken" in str(caught.value)


async def test_a_chain_stands_in_a_chain_like_any_vendor() -> None:
    inner = Chain([Rung(ScriptedVendor("one", RateLimited("one")), 30, 1)], name="inner")
    outer = Chain([Rung(inner, 30, 1), Rung(ScriptedVendor("two"), 30, 1)])
    assert (await outer.write(order(), Deadline(FakeClock(), 87))).vendor == "two"


async def test_waiting_for_a_free_place_counts_against_the_attempt() -> None:
    clock = FakeClock()
    slow, spare = ScriptedVendor("slow", 8.0), ScriptedVendor("spare")
    both = chain(slow, spare, attempt_seconds=10, max_concurrency=1)
    replies = await asyncio.gather(*(both.write(order(part=part), Deadline(clock, 87)) for part in range(3)))
    assert [reply.vendor for reply in replies] == ["slow", "spare", "spare"]
    assert clock.time == pytest.approx(1010)


async def test_a_vendor_that_swallows_cancellation_does_not_hold_up_the_chain() -> None:
    clock, stubborn = FakeClock(), StubbornVendor()
    both = Chain([Rung(stubborn, 10, 4), Rung(ScriptedVendor("two"), 10, 4)])
    reply = await both.write(order(), Deadline(clock, 87))
    assert reply.vendor == "two"
    assert isinstance(reply.failures[0], AttemptTimedOut)
    stubborn.released.set()
    await asyncio.sleep(0)
