"""What is kept of each attempt."""

from datetime import UTC, datetime

import msgspec
import pytest

from assessment.deadline import Deadline
from assessment.errors import GenerationFailed
from assessment.models import Mode
from providers import prompts
from providers.config import Price, Questions
from providers.ledger import Ledger, VendorCallRecord
from providers.protocol import RateLimited
from providers.routing.chain import Chain
from providers.routing.hedge import HedgePolicy
from providers.routing.upstream import Upstream
from providers.writing.writer import Writer
from tests.own_logs import own_logs
from tests.unit.providers.fake_clock import FakeClock
from tests.unit.providers.fakes import (
    NO_HEDGE,
    ListLedger,
    ScriptedVendor,
    Stream,
    brief,
    chain_of,
    good,
    item,
    opening,
    text_of,
)

QUESTIONS = Questions(total=10, per_call=5, spare=0)
PRICE = Price(input_per_million=1.0, output_per_million=10.0)


class BrokenLedger:
    def record(self, record: VendorCallRecord) -> None:
        raise OSError(f"disk full while writing {record.vendor}")


async def write(chain: Chain, ledger: Ledger, count: int = 10, questions: Questions = QUESTIONS) -> None:
    await Writer(chain, questions, "hash", ledger=ledger).write(brief(count), Deadline(FakeClock(), 87))


async def test_every_attempt_has_one_record_with_all_that_a_bill_needs() -> None:
    ledger = ListLedger()
    chain = Chain([Upstream(ScriptedVendor("one", 2.0), 30, 64, price=PRICE)])
    await write(chain, ledger)
    record = ledger.records[0]
    assert [it.part for it in ledger.records] == [0, 1]
    assert len({it.writing_id for it in ledger.records}) == 1
    assert msgspec.structs.replace(record, writing_id="") == VendorCallRecord(
        writing_id="",
        mode=Mode.LIVE,
        vendor="one",
        model="one-model",
        started_at=datetime(2030, 1, 1, 0, 16, 40, tzinfo=UTC),
        seconds=2.0,
        slice_seconds=87,
        round_number=1,
        part=0,
        is_hedge=False,
        outcome=record.outcome,
        response_format=None,
        wanted=5,
        accepted=5,
        rejected={},
        input_tokens=10,
        output_tokens=20,
        is_estimated=False,
        cost=0.00021,
        prompt_version=prompts.VERSION,
        config_hash="hash",
    )


async def test_tokens_of_a_broken_off_answer_are_estimated_and_marked() -> None:
    ledger = ListLedger()
    stalled = Upstream(ScriptedVendor("one", Stream(opening(3), 1e6)), 30, 64, price=PRICE)
    await write(Chain([stalled, Upstream(ScriptedVendor("two"), 30, 64)], HedgePolicy(NO_HEDGE)), ledger, 5)
    record = ledger.records[0]
    assert record.is_estimated
    assert record.input_tokens > 300
    assert 100 < record.output_tokens < 600
    assert record.cost == pytest.approx((record.input_tokens + 10 * record.output_tokens) / 1e6)


async def test_a_call_that_was_cut_off_is_estimated_as_its_vendor_has_counted_before() -> None:
    ledger = ListLedger()
    known = Upstream(ScriptedVendor("one", good, Stream(opening(3), 1e6)), 30, 64)
    chain = Chain([known, Upstream(ScriptedVendor("two"), 30, 64)], HedgePolicy(NO_HEDGE))
    await write(chain, ledger, 5)
    await write(chain, ledger, 5)
    whole, cut, _ = ledger.records
    assert (whole.input_tokens, whole.output_tokens, whole.is_estimated) == (10, 20, False)
    assert (cut.input_tokens, cut.is_estimated) == (10, True)
    assert 12 <= cut.output_tokens <= 14  # of 20 for five items


async def test_a_request_that_the_vendor_turned_away_cost_nothing() -> None:
    ledger = ListLedger()
    refused = Upstream(ScriptedVendor("one", RateLimited("one")), 30, 64, price=PRICE)
    await write(Chain([refused, Upstream(ScriptedVendor("two"), 30, 64)]), ledger, 5)
    assert (ledger.records[0].cost, ledger.records[0].is_estimated) == (0.0, False)


async def test_without_a_price_there_is_no_cost() -> None:
    ledger = ListLedger()
    await write(chain_of(ScriptedVendor("one")), ledger)
    assert ledger.records[0].cost is None


async def test_rejects_are_counted_by_rule() -> None:
    ledger = ListLedger()
    bad = text_of([item(key=9), item(options=["Same", "Same", "Two", "Three"]), item()])
    await write(chain_of(ScriptedVendor("one", lambda _: bad, good)), ledger, 2)
    assert (ledger.records[0].accepted, ledger.records[0].rejected) == (1, {"item_key": 1, "duplicate_options": 1})


async def test_mends_are_counted_by_rule() -> None:
    ledger = ListLedger()
    lettered = item(stem="Which?", key="B")
    await write(chain_of(ScriptedVendor("one", lambda _: f"```\n{text_of([lettered])}\n```", good)), ledger, 2)
    assert [(record.accepted, record.mended) for record in ledger.records] == [
        (1, {"fence": 1, "key_letter": 1}),
        (1, {}),
    ]


async def test_a_ledger_that_fails_costs_no_set_and_quotes_nothing() -> None:
    with own_logs() as logs:
        await write(chain_of(ScriptedVendor("one")), BrokenLedger())
    failures = [entry for entry in logs if entry["event"] == "ledger_failed"]
    assert failures == [{"event": "ledger_failed", "error": "OSError", "log_level": "error"}] * 2


async def test_a_record_holds_no_text() -> None:
    ledger = ListLedger()
    broken = text_of([item(stem="SECRET", options=["SECRET", "SECRET", "b", "c"])])
    with pytest.raises(GenerationFailed):
        await write(chain_of(ScriptedVendor("one", lambda _: broken)), ledger)
    assert ledger.records
    assert "SECRET" not in str(ledger.records)
