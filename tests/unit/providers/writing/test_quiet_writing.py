"""A set that nobody waits for is written without a hedge and knows what it cost; when somebody waits that ends."""

import asyncio

from assessment.deadline import Deadline
from assessment.quiet import Quiet
from providers.config import HedgeLimits, Price, Questions
from providers.protocol import CallOutcome
from providers.routing.chain import Chain
from providers.routing.pace import Learned, Pace
from providers.writing.writer import Writer
from tests.unit.providers.fake_clock import FakeClock
from tests.unit.providers.fakes import ListLedger, ScriptedVendor, brief, chain_of

ONE_CALL = Questions(total=10, per_call=20, spare=0)
KNOWN = Learned(10, (4.0,) * 19 + (5.0,))
HEDGED = HedgeLimits(after="p95", min_seconds=2.0, max_extra_share=1.0)


class Run:
    """A quiet writing by a slow vendor, with another one beside it."""

    def __init__(self, slow_seconds: float) -> None:
        self.chain: Chain = chain_of(ScriptedVendor("one", slow_seconds), ScriptedVendor("two", 3.0), hedge=HEDGED)
        self.chain.upstreams[0].pace = Pace(KNOWN)
        for upstream in self.chain.upstreams:
            upstream.price = Price(1.0, 1.0)
        self.clock, self.ledger = FakeClock(), ListLedger()
        self.deadline = Deadline(self.clock, 87.0)
        self.quiet = Quiet(self.deadline)

    async def write(self) -> None:
        writer = Writer(self.chain, ONE_CALL, "hash", ledger=self.ledger)
        await writer.write(brief(10, quiet=self.quiet), self.deadline)


async def test_a_slow_call_is_not_hedged() -> None:
    run = Run(20.0)
    await run.write()
    assert [(it.vendor, it.is_hedge) for it in run.ledger.records] == [("one", False)]


async def test_it_counts_what_its_calls_cost() -> None:
    run = Run(4.0)
    await run.write()
    assert run.quiet.cost == sum(it.cost or 0.0 for it in run.ledger.records) > 0


async def test_from_the_moment_somebody_waits_it_is_hedged_like_any_other() -> None:
    run = Run(1e6)
    writing = asyncio.create_task(run.write())
    await run.clock.sleep(10.0)
    run.quiet.end(50.0)
    await writing
    assert ("two", True) in [(it.vendor, it.is_hedge) for it in run.ledger.records]
    assert CallOutcome.OK in [it.outcome for it in run.ledger.records]
    assert run.clock.time - 1000.0 < 20.0
