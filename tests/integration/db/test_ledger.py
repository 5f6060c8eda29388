"""Records wait in memory for the database; what cannot be kept is counted."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from assessment.errors import ServiceUnavailable
from assessment.models import Mode
from db import ledger, sql
from db.engine import RetakeEngine
from db.latencies import PostgresLatencyStore
from db.ledger import PostgresLedger
from db.tables import VendorAttempt
from piccolo_conf import DB
from providers.ledger import VendorCallRecord
from providers.protocol import CallOutcome
from providers.routing.pace import Learned
from tests.rows import fetch

COLUMNS = tuple(zip(VendorCallRecord.__struct_fields__, VendorCallRecord.__struct_encode_fields__, strict=True))


def _record(writing_id: str, **changes: Any) -> VendorCallRecord:
    fields: dict[str, Any] = {
        "writing_id": writing_id,
        "mode": Mode.LIVE,
        "vendor": f"vendor-{writing_id}",
        "model": "openai/model",
        "started_at": datetime.now(UTC),
        "seconds": 1.25,
        "slice_seconds": 30.0,
        "round_number": 1,
        "part": 0,
        "is_hedge": False,
        "outcome": CallOutcome.OK,
        "response_format": "json_schema",
        "wanted": 6,
        "accepted": 5,
        "rejected": {"item_json": 1},
        "mended": {"key_letter": 3},
        "input_tokens": 400,
        "output_tokens": 300,
        "is_estimated": False,
        "cost": None,
        "prompt_version": "v1",
        "config_hash": "0123456789ab",
    }
    return VendorCallRecord(**{**fields, **changes})


@pytest.fixture
def writing_id(engine: RetakeEngine) -> str:
    """A writing no other test knows, on the running database."""
    return uuid4().hex


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Empty it to have the database back."""
    switch = [True]

    async def maybe(*arguments: Any) -> Any:
        if switch:
            raise ServiceUnavailable
        return await sql.fetch(*arguments)

    monkeypatch.setattr("db.ledger.fetch", maybe)
    return switch


async def _stored(writing_id: str) -> list[dict[str, Any]]:
    return await fetch("SELECT * FROM vendor_attempt WHERE writing_id = {} ORDER BY part", writing_id)


def test_the_columns_are_the_fields_of_a_record() -> None:
    columns = {column._meta.name for column in VendorAttempt._meta.columns}
    assert columns == {"id", *VendorCallRecord.__struct_encode_fields__}


async def test_a_record_is_stored_as_it_is(writing_id: str) -> None:
    store, record = PostgresLedger(DB), _record(writing_id)
    store.record(record)
    await store.flush()
    (row,) = await _stored(writing_id)
    for name in ("rejected", "mended"):
        row[name] = msgspec.json.decode(row[name])
    del row["id"]
    assert row == {column: getattr(record, name) for name, column in COLUMNS}


async def test_records_wait_while_the_database_is_away_and_keep_their_order(writing_id: str, away: list[bool]) -> None:
    store = PostgresLedger(DB)
    for part in range(3):
        store.record(_record(writing_id, part=part))
    await store.flush()
    store.record(_record(writing_id, part=3))
    away.clear()
    await store.flush()
    assert [row["part"] for row in await _stored(writing_id)] == [0, 1, 2, 3]


async def test_what_came_before_the_stop_is_written(writing_id: str) -> None:
    store, stop = PostgresLedger(DB), asyncio.Event()
    running = asyncio.create_task(store.run(stop))
    await asyncio.sleep(0)
    store.record(_record(writing_id))
    stop.set()
    await running
    assert len(await _stored(writing_id)) == 1


async def test_what_comes_after_the_writer_has_ended_is_written_at_the_stop(writing_id: str) -> None:
    """Sets that are abandoned at the end leave their records then."""
    store, stop = PostgresLedger(DB), asyncio.Event()
    stop.set()
    await store.run(stop)
    store.record(_record(writing_id))
    await store.stop()
    assert len(await _stored(writing_id)) == 1


async def test_what_comes_after_the_stop_is_counted_as_lost() -> None:
    lost: list[int] = []
    store = PostgresLedger(DB, lost.append)
    await store.stop()
    store.record(_record(uuid4().hex))
    assert lost == [1]


async def test_a_batch_whose_writing_is_cut_off_is_written_later(
    writing_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, begun = PostgresLedger(DB), asyncio.Event()
    store.record(_record(writing_id))

    async def hang(*_: Any) -> None:
        begun.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr("db.ledger.fetch", hang)
        writing = asyncio.create_task(store.flush())
        await begun.wait()
        writing.cancel()
        await asyncio.wait({writing})
    await store.stop()
    assert len(await _stored(writing_id)) == 1


async def test_without_a_database_at_the_end_the_loss_is_counted(writing_id: str, away: list[bool]) -> None:
    lost: list[int] = []
    store, stop = PostgresLedger(DB, lost.append), asyncio.Event()
    running = asyncio.create_task(store.run(stop))
    await asyncio.sleep(0)
    store.record(_record(writing_id))
    stop.set()
    await running
    await store.stop()
    assert sum(lost) == 1


async def test_of_too_many_records_the_oldest_are_lost_and_counted(
    writing_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.ledger.QUEUED", 2)
    lost: list[int] = []
    store = PostgresLedger(DB, lost.append)
    for part in range(5):
        store.record(_record(writing_id, part=part))
    await store.flush()
    assert [row["part"] for row in await _stored(writing_id)] == [3, 4]
    assert sum(lost) == 3


async def test_a_batch_that_cannot_be_stored_does_not_block_the_next(
    writing_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.ledger.BATCH", 1)
    lost: list[int] = []
    store = PostgresLedger(DB, lost.append)
    store.record(_record(writing_id, seconds=float("nan")))
    store.record(_record(writing_id, part=1))
    await store.flush()
    assert [row["part"] for row in await _stored(writing_id)] == [1]
    assert sum(lost) == 1


async def test_a_batch_that_is_written_twice_is_stored_once(writing_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer_gets_lost(*arguments: Any) -> Any:
        await sql.fetch(*arguments)
        raise ServiceUnavailable

    store = PostgresLedger(DB)
    store.record(_record(writing_id))
    with monkeypatch.context() as patch:
        patch.setattr("db.ledger.fetch", answer_gets_lost)
        await store.flush()
    await store.flush()
    assert len(await _stored(writing_id)) == 1


async def test_tokens_without_a_price_are_counted_apart(writing_id: str) -> None:
    store = PostgresLedger(DB)
    store.record(_record(writing_id))
    store.record(_record(writing_id, cost=0.5, is_estimated=True, is_hedge=True, rejected={}))
    await store.flush()
    (found,) = [row for row in await ledger.summaries(DB, 60) if row.vendor == f"vendor-{writing_id}"]
    assert (found.attempts, found.hedges, found.unpriced) == (2, 1, 1)
    assert (found.cost, found.estimated_cost, found.rejected) == (0.5, 0.5, {"item_json": 1})
    assert found.mended == {"key_letter": 6}


async def test_paces_come_back_as_they_were_saved_last(writing_id: str) -> None:
    paces = PostgresLatencyStore(DB, Learned)
    await paces.save({writing_id: Learned(5, (1.0,))})
    await paces.save({writing_id: Learned(5, (1.0, 2.5))})
    assert (await paces.load())[writing_id] == Learned(5, (1.0, 2.5))


async def test_a_pace_of_another_shape_counts_as_unknown(writing_id: str) -> None:
    paces = PostgresLatencyStore(DB, Learned)
    await fetch("INSERT INTO vendor_latency (vendor, learned) VALUES ({}, {})", writing_id, '{"seconds": "many"}')
    assert writing_id not in await paces.load()
    await fetch("DELETE FROM vendor_latency WHERE vendor = {}", writing_id)
