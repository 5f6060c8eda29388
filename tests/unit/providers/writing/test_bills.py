"""A set that stands is handed out at once; what is still being written is read on for its bill, and not for long."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from assessment.deadline import Deadline, SystemClock
from assessment.models import WrittenSet
from providers.config import Price, Questions, Spend
from providers.protocol import Unreachable
from providers.routing.chain import Chain
from providers.routing.upstream import Upstream
from providers.writing.bills import READ_ON_CHARACTERS, READ_ON_ITEMS, READ_ON_SECONDS
from providers.writing.money import Money
from providers.writing.own_loop import OwnLoop
from providers.writing.writer import Writer
from tests.unit.providers.fake_clock import FakeClock
from tests.unit.providers.fakes import ListLedger, ScriptedVendor, Stream, brief, chain_of, opening
from tests.unit.providers.writing.test_money import Day

SPARE = Questions(total=10, per_call=10, spare=2)
BILL = (10, 20)  # of ScriptedVendor
PRICE = Price(input_per_million=1.0, output_per_million=100.0)


@pytest.fixture(autouse=True)
def no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock takes a wait for another thread for idleness, and jumps."""

    async def here(work: Callable[..., Any], *arguments: Any) -> Any:
        return work(*arguments)

    monkeypatch.setattr(asyncio, "to_thread", here)


class Run:
    """One writer, its ledger and its clock."""

    def __init__(self, chain: Chain, questions: Questions = SPARE, money: Money | None = None) -> None:
        self.clock, self.ledger = FakeClock(), ListLedger()
        self.writer = Writer(chain, questions, "hash", ledger=self.ledger, money=money)

    async def write(self, seconds: float = 87.0) -> WrittenSet:
        return await self.writer.write(brief(), Deadline(self.clock, seconds))

    async def bill(self) -> tuple[int, int, bool]:
        """The tokens of the only call, and whether they are a guess."""
        await self.writer.bills.settled()
        (record,) = self.ledger.records
        assert (record.outcome, record.accepted, record.rejected) == ("ok", 10, {})
        return record.input_tokens, record.output_tokens, record.is_estimated

    @property
    def seconds(self) -> float:
        return round(self.clock.time - 1000, 3)


async def test_the_set_is_handed_out_at_once_and_its_call_is_read_on_for_the_vendors_figures() -> None:
    run = Run(chain_of(ScriptedVendor("one", Stream(1.0, opening(10), 3.0, " "))))
    await run.write()
    assert (run.seconds, run.ledger.records) == (1.0, [])
    assert await run.bill() == (*BILL, False)
    assert run.seconds == 4.0
    assert run.ledger.records[0].seconds == 1.0


async def test_an_answer_without_an_end_is_cut_off_and_guessed_with_all_that_came() -> None:
    vendor = ScriptedVendor("one", Stream(opening(10), 3.0, " " * 400, 1e6))
    run = Run(chain_of(vendor))
    await run.write()
    _, output, is_estimated = await run.bill()
    assert (run.seconds, vendor.cancelled) == (READ_ON_SECONDS, 1)
    assert is_estimated
    assert output == -(-(len(opening(10)(vendor.orders[0])) + 400) // 4)


async def test_an_answer_that_goes_on_and_on_is_cut_off_by_its_length() -> None:
    run = Run(chain_of(ScriptedVendor("one", Stream(opening(10), 1.0, " " * (READ_ON_CHARACTERS + 1), 5.0))))
    await run.write()
    assert (await run.bill())[2]
    assert run.seconds == 1.0


async def test_a_stream_that_breaks_behind_a_complete_set_costs_nothing_but_the_figures() -> None:
    run = Run(chain_of(ScriptedVendor("one", Stream(opening(10), 1.0, Unreachable("one")))))
    await run.write()
    assert (await run.bill())[2]


@pytest.mark.parametrize(("spare", "cancelled"), [(READ_ON_ITEMS, 0), (READ_ON_ITEMS + 1, 1)])
async def test_who_has_more_than_two_items_to_write_is_cut_off(spare: int, cancelled: int) -> None:
    vendor = ScriptedVendor("one", Stream(opening(10), 1.0))
    run = Run(chain_of(vendor), Questions(total=10, per_call=10, spare=spare))
    await run.write()
    assert (await run.bill())[2] is bool(cancelled)
    assert vendor.cancelled == cancelled


async def test_a_call_that_needs_the_place_gets_it_at_once() -> None:
    run = Run(chain_of(ScriptedVendor("one", Stream(opening(10), 5.0)), max_concurrency=1))
    await run.write()
    await run.write()
    assert run.seconds == 0
    await run.writer.bills.settled()
    assert [record.is_estimated for record in run.ledger.records] == [True, False]


async def test_a_call_that_waits_for_a_place_already_gets_it_as_soon_as_the_set_before_stands() -> None:
    run = Run(chain_of(ScriptedVendor("one", Stream(2.0, opening(10), 5.0)), max_concurrency=1))
    await asyncio.gather(run.write(), run.write())
    assert run.seconds == 4.0


async def test_a_call_that_waits_for_money_gets_what_the_bill_leaves() -> None:
    vendor = ScriptedVendor("one", Stream(opening(10), 5.0))
    upstream = Upstream(vendor, 30, 64, price=PRICE, max_output_tokens=10_000)
    run = Run(Chain([upstream]), money=Money(Spend(max_usd_per_day=1.5), Day()))
    await run.write()
    await run.write()
    assert run.seconds < 1.0


async def test_the_end_of_the_process_does_not_wait_for_bills_and_loses_no_record() -> None:
    loop, ledger = OwnLoop(), ListLedger()
    vendor = ScriptedVendor("one", Stream(opening(10), 1e6))
    writer = Writer(chain_of(vendor), SPARE, "hash", ledger=ledger)
    loop.start()
    await loop.run(writer.write(brief(), Deadline(SystemClock(), 60)))
    await loop.close()
    assert ledger.outcomes == [("one", "ok")]
