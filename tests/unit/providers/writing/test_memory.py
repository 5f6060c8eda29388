"""What was needed for a set goes with it: a thousand seen items are a megabyte, but few objects to the collector."""

import asyncio
import gc
from collections.abc import Iterator

import pytest

from assessment.deadline import Deadline
from assessment.errors import GenerationFailed
from providers.config import HedgeLimits, Questions
from providers.protocol import Order, Quiz, VendorBroken
from providers.routing.upstream import Upstream
from providers.writing.candidates import CandidatePool, SlotGroup
from providers.writing.group_filler import GroupFiller
from providers.writing.key_check import KeyChecker
from providers.writing.vendor_call import VendorCall
from providers.writing.writer import Writer
from tests.unit.providers.fake_clock import FakeClock
from tests.unit.providers.fakes import ScriptedVendor, Step, always, brief, chain_of, first, good
from tests.unit.providers.writing.test_key_check import Choose, Solver, always_the_first

TWO_CALLS = Questions(total=10, per_call=5, spare=1)
HANGS = 1e6


def broken(_: Order) -> str:
    raise VendorBroken("one", "down")


def at_a_loss(_: Order) -> str:
    raise KeyError("nobody expected this")


def at_a_loss_for_a_quiz(_: int, __: int, ___: Quiz) -> int:
    raise KeyError("nobody expected this")


@pytest.fixture
def no_collection() -> Iterator[None]:
    """The garbage collector has done its work, does no more, and forgets what was there before."""
    gc.collect()
    gc.disable()
    gc.freeze()
    yield
    gc.enable()


def left_over() -> list[str]:
    kinds = (CandidatePool, SlotGroup, GroupFiller, VendorCall, Order, Quiz)
    return sorted(type(it).__name__ for it in gc.get_objects() if isinstance(it, kinds))


async def write(*steps: Step, spare_vendor: Step = good, checker: KeyChecker | None = None) -> bool:
    """Write a set with a vendor that takes these steps, and one after it; tells whether it became complete.

    A loop of its own for each: the thread of its executor may hold a pool until the executor is shut down.
    """
    vendors = [ScriptedVendor("one", *steps), ScriptedVendor("two", spare_vendor)]
    chain = chain_of(*vendors, hedge=HedgeLimits(min_seconds=2.0, max_extra_share=1.0))
    writer = Writer(chain, TWO_CALLS, "hash", checker=checker)
    try:
        await writer.write(brief(10), Deadline(FakeClock(), 87.0))
    except GenerationFailed:
        return False
    return True


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize(
    ("steps", "spare_vendor", "is_complete"),
    [
        pytest.param((good,), good, True, id="a good answer"),
        pytest.param((first(3), good), good, True, id="two rounds"),
        pytest.param((always("no idea"),), good, True, id="a useless answer"),
        pytest.param((broken,), good, True, id="a vendor that fails"),
        pytest.param((at_a_loss,), good, True, id="an error of our own"),
        pytest.param((HANGS,), good, True, id="a vendor that hangs beside a hedge"),
        pytest.param((HANGS,), HANGS, False, id="vendors that hang"),
        pytest.param((broken,), broken, False, id="vendors that fail"),
    ],
)
def test_nothing_of_a_set_waits_for_the_garbage_collector(
    steps: tuple[Step, ...], spare_vendor: Step, is_complete: bool
) -> None:
    assert asyncio.run(write(*steps, spare_vendor=spare_vendor)) is is_complete
    assert left_over() == []


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize("choose", [always_the_first, at_a_loss_for_a_quiz])
def test_nothing_of_a_key_check_waits_for_the_garbage_collector(choose: Choose) -> None:
    solver = Solver(choose)
    checker = KeyChecker([Upstream(solver, 30.0, 4)], rotations=2)
    assert asyncio.run(write(good, checker=checker))
    assert solver.calls
    solver.calls.clear()
    assert left_over() == []
