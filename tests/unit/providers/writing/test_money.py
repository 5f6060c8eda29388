"""No call begins for which the money that is allowed might not be enough; a set that cannot be paid for fails."""

import asyncio
import json
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from assessment.deadline import Deadline
from assessment.errors import GenerationFailed
from assessment.models import Mode, WrittenSet
from assessment.spending import NANOS_PER_DOLLAR, Allowance, Grant, spent_in_nanos
from providers.build import build_vendors
from providers.config import Price, ProvidersConfig, ProvidersFile, Questions, Spend, VendorConfig
from providers.protocol import (
    CallOutcome,
    Ending,
    Listener,
    Quiz,
    Request,
    ResponseFormat,
    SpendLimitReached,
    Unreachable,
    Usage,
)
from providers.routing.chain import Chain
from providers.routing.hedge import HedgePolicy
from providers.routing.upstream import FREE, Upstream
from providers.writing.key_check import KeyChecker
from providers.writing.money import REFUSED, Money, SetMoney, Ticket, most_tokens_read
from providers.writing.writer import Writer
from tests.unit.providers.fake_clock import FakeClock
from tests.unit.providers.fakes import NO_HEDGE, ListLedger, ScriptedVendor, brief, first, order

QUESTIONS = Questions(total=10, per_call=5, spare=0)
PRICE = Price(input_per_million=1.0, output_per_million=100.0)
LONGEST = 1_000  # tokens of an answer: at most $0.1


class Day:
    """One day's money in memory; `most` is the highest that was ever spent and set aside."""

    def __init__(self) -> None:
        self.allowance = Allowance(0)
        self.tickets: dict[UUID, int] = {}
        self.most = 0

    async def reserve(self, ticket: UUID, nanos: int, limit: int, call_seconds: float) -> Grant:  # noqa: ARG002 - of DaySpend
        await asyncio.sleep(0)
        self.allowance.limit = limit
        grant = self.allowance.reserve(nanos)
        if grant is Grant.GRANTED:
            self.tickets[ticket] = nanos
        self.most = max(self.most, self.allowance.committed)
        return grant

    def settle(self, ticket: UUID, nanos: int) -> None:
        self.allowance.settle(self.tickets.pop(ticket), nanos)

    @property
    def is_settled(self) -> bool:
        return not self.tickets and not self.allowance.under_way


def upstream(vendor: ScriptedVendor, price: Price | None = PRICE, longest: int | None = LONGEST) -> Upstream:
    return Upstream(vendor, 30, 64, price=price, max_output_tokens=longest)


class Run:
    """Sets by these vendors under these limits."""

    def __init__(self, *upstreams: Upstream, per_day: float | None = None, per_set: float | None = None) -> None:
        self.day, self.ledger = Day(), ListLedger()
        self.money = Money(Spend(per_day, per_set), self.day)
        chain = Chain(upstreams, HedgePolicy(NO_HEDGE))
        self.writer = Writer(chain, QUESTIONS, "hash", ledger=self.ledger, money=self.money)
        self.clock = FakeClock()

    async def write(self) -> WrittenSet:
        return await self.writer.write(brief(10), Deadline(self.clock, 60))

    @property
    def cost(self) -> int:
        return sum(spent_in_nanos(record.cost or 0) for record in self.ledger.records)


def dollars(amount: float) -> int:
    return round(amount * NANOS_PER_DOLLAR)


async def test_within_its_limits_a_set_is_written_and_what_it_cost_is_what_the_ledger_says() -> None:
    run = Run(upstream(ScriptedVendor("one")), per_day=1.0, per_set=0.5)
    await run.write()
    assert run.day.is_settled
    assert run.day.allowance.committed == run.cost > 0


@pytest.mark.parametrize("limit", ["per_day", "per_set"])
async def test_when_a_limit_would_be_passed_no_call_starts_and_the_reason_stands_in_log_ledger_and_metric(
    limit: str,
) -> None:
    vendor, name = ScriptedVendor("one"), f"max_usd_{limit}"
    before = REFUSED.labels(name)._value.get()
    run = Run(upstream(vendor), **{limit: 0.05})
    with capture_logs() as lines, pytest.raises(GenerationFailed):
        await run.write()
    assert vendor.orders == []
    assert run.ledger.outcomes == [("one", "spend_limit")] * 2
    assert {record.cost for record in run.ledger.records} == {0.0}
    told = [line for line in lines if line["event"] == "spend_limit_reached"]
    assert [(line["limit"], line["vendor"], line["log_level"]) for line in told] == [(name, "one", "error")]
    assert REFUSED.labels(name)._value.get() == before + 2
    assert run.day.allowance.committed == 0


async def test_the_first_call_that_would_pass_the_limit_is_the_first_that_does_not_start() -> None:
    run = Run(upstream(ScriptedVendor("one")), per_day=0.3)
    with pytest.raises(GenerationFailed):
        await _write_sets(run, 1_000)
    assert dollars(0.3) - dollars(0.11) < run.day.allowance.committed <= run.day.most <= dollars(0.3)


async def _write_sets(run: Run, count: int) -> None:
    for _ in range(count):
        await run.write()


async def test_calls_that_do_not_fit_beside_each_other_wait_for_one_another() -> None:
    """Two calls of $0.1 at most each, and money for one at a time."""
    vendor = ScriptedVendor("one", 2.0)
    run = Run(upstream(vendor), per_set=0.13)
    await run.write()
    assert len(vendor.asked_at) == 2
    assert vendor.asked_at[1] >= 2.0


async def test_a_set_that_waits_for_money_until_its_time_is_over_has_met_the_spend_limit() -> None:
    run = Run(upstream(ScriptedVendor("one")), per_day=0.15)
    run.day.allowance = Allowance(0, committed=dollars(0.1), under_way=dollars(0.1))
    with pytest.raises(GenerationFailed):
        await run.write()
    assert {outcome for _, outcome in run.ledger.outcomes} == {"spend_limit"}
    assert run.day.allowance.committed == dollars(0.1)


async def test_where_the_money_is_not_enough_for_one_vendor_a_cheaper_one_is_asked() -> None:
    dear, cheap = ScriptedVendor("dear"), ScriptedVendor("cheap")
    run = Run(upstream(dear), upstream(cheap, Price(1.0, 1.0)), per_set=0.05)
    await run.write()
    assert dear.orders == []
    assert len(cheap.orders) == 2


@pytest.mark.parametrize("longest", [None, LONGEST])
async def test_a_vendor_that_costs_nothing_is_never_stopped(longest: int | None) -> None:
    run = Run(upstream(ScriptedVendor("house"), FREE, longest), per_day=0.000001)
    run.day.allowance.committed = dollars(1)
    await run.write()


async def test_test_mode_is_never_stopped() -> None:
    vendors = (VendorConfig("one", "openai/made-up", price=PRICE, params={"max_tokens": 5}),)
    config = ProvidersConfig(ProvidersFile(vendors, ("one",), spend=Spend(max_usd_per_day=0.001)), {})
    day = Day()
    day.allowance.committed = dollars(1)
    await build_vendors(config, day_spend=day).write(brief(mode=Mode.TEST), Deadline(FakeClock(), 87))


async def test_a_call_that_failed_before_it_began_gives_its_money_back() -> None:
    run = Run(upstream(ScriptedVendor("one", Unreachable("one"))), upstream(ScriptedVendor("two")), per_set=0.25)
    await run.write()
    assert run.day.allowance.committed == 0  # no limit of the day was asked for
    assert [outcome for _, outcome in run.ledger.outcomes][:2] == ["unreachable"] * 2


async def test_a_set_that_is_given_up_leaves_nothing_set_aside() -> None:
    run = Run(upstream(ScriptedVendor("one", 20.0)), per_day=1.0)
    writing = asyncio.ensure_future(run.write())
    for _ in range(20):
        await asyncio.sleep(0)
    assert run.day.tickets
    writing.cancel()
    await asyncio.wait([writing])
    assert run.day.is_settled


async def test_a_set_that_waits_for_money_when_it_is_given_up_leaves_nothing_set_aside() -> None:
    run = Run(upstream(ScriptedVendor("one", 20.0)), per_day=1.0, per_set=0.13)
    writing = asyncio.ensure_future(run.write())
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(run.day.tickets) == 1
    writing.cancel()
    await asyncio.wait([writing])
    assert run.day.is_settled


async def test_a_thousand_sets_at_the_same_time_do_not_pass_the_limit_of_the_day() -> None:
    run = Run(upstream(ScriptedVendor("one", 1.0, first(3), 0.5)), per_day=5.0)
    results = await asyncio.gather(*(run.write() for _ in range(200)), return_exceptions=True)
    assert {type(result) for result in results} <= {WrittenSet, GenerationFailed}
    assert run.day.is_settled
    assert run.day.allowance.committed == run.cost
    assert dollars(4.8) < run.day.most <= dollars(5.0)


class Solver(ScriptedVendor):
    """Takes any first option; `asked` counts the quizzes."""

    response_format: ResponseFormat | None = None
    asked = 0

    async def write(self, order: Request, deadline: Deadline, hear: Listener) -> Ending:  # noqa: ARG002 - it needs no time
        assert isinstance(order, Quiz)
        self.asked += 1
        answers = [{"question": number, "choice": "A"} for number in range(1, len(order.entries) + 1)]
        hear(json.dumps({"answers": answers}))
        return Ending("stop", Usage(100, 100))


@pytest.mark.parametrize(("per_set", "quizzes"), [(0.5, 2), (0.05, 0)])
async def test_solvers_are_paid_out_of_the_same_money(per_set: float, quizzes: int) -> None:
    writer, solver = ScriptedVendor("house"), Solver("solver")
    day, ledger = Day(), ListLedger()
    checker = KeyChecker([upstream(solver)], rotations=2)
    chain = Chain([upstream(writer, FREE)], HedgePolicy(NO_HEDGE))
    money = Money(Spend(1.0, per_set), day)
    made = Writer(chain, QUESTIONS, "hash", ledger=ledger, checker=checker, money=money)
    written = await made.write(brief(10), Deadline(FakeClock(), 60))
    assert len(written.items) == 10  # the set is whole; its provenance says whether it was checked
    assert written.provenance.key_check is not None
    assert written.provenance.key_check.is_complete == (quizzes > 0)
    solving = [record for record in ledger.records if record.purpose == "solve"]
    assert {record.outcome for record in solving} == {CallOutcome.OK if quizzes else CallOutcome.SPEND_LIMIT}
    assert bool(solver.asked) == bool(quizzes)
    assert day.is_settled
    assert day.allowance.committed == sum(spent_in_nanos(record.cost or 0) for record in ledger.records)


@pytest.mark.parametrize(("price", "longest"), [(None, LONGEST), (PRICE, None)])
async def test_under_a_limit_nobody_is_asked_whose_cost_nobody_knows(price: Price | None, longest: int | None) -> None:
    money = SetMoney(Money(Spend(max_usd_per_set=100.0)))
    with pytest.raises(SpendLimitReached):
        await money.reserve(Ticket(), upstream(ScriptedVendor("one"), price, longest), order(), FakeClock())


async def test_the_limit_is_reached_until_the_day_is_over_by_utc() -> None:
    run, clock = Run(upstream(ScriptedVendor("one")), per_day=0.05), FakeClock()
    assert not run.money.is_reached(clock.now())
    with pytest.raises(GenerationFailed):
        await run.write()
    assert run.money.is_reached(clock.now())
    clock.time += 86_400
    assert not run.money.is_reached(clock.now())


def test_a_limit_per_day_without_a_place_to_keep_it_is_refused() -> None:
    with pytest.raises(ValueError, match="kept"):
        Money(Spend(max_usd_per_day=1.0))


@pytest.mark.parametrize("text", ["short", "日本語の文章", "🧪" * 50])
def test_what_a_vendor_can_count_is_bounded_by_the_bytes_of_the_request(text: str) -> None:
    small, large = most_tokens_read(order(2)), most_tokens_read(order(2, complaints=(text,)))
    assert large - small >= len(text.encode())
