"""What is over is deleted in batches, each kind by itself, and what is still of use stays."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from api.services import Services
from assessment.notices import Channel
from db import sweeping
from db.outbox import PostgresOutbox
from db.sweeping import SWEEPS, Sweep, sweep_batch
from jobs.housekeeping import sweep_all
from piccolo_conf import DB
from tests.journey import Journey
from tests.rows import fetch

pytestmark = pytest.mark.usefixtures("app")

# One row of each kind, given its moment; `{{}}` are a mark, the verification and the moment.
ROWS = {
    "idempotent_request": """
        INSERT INTO idempotent_request (id, credential, key, fingerprint, leased_until, created_at)
        SELECT gen_random_uuid(), m::bytea, v, ''::bytea, now(), t""",
    "rate_window": "INSERT INTO rate_window (caller, started_at) SELECT m::bytea, t",
    "vendor_attempt": """
        INSERT INTO vendor_attempt (id, writing_id, mode, vendor, model, started_at, seconds, slice_seconds,
            round_number, part, is_hedge, outcome, wanted, accepted, input_tokens, output_tokens, is_estimated,
            prompt_version, config_hash)
        SELECT gen_random_uuid(), m, 'test', 'v', 'm', t, 1, 1, 1, 1, false, 'OK', 1, 1, 1, 1, false, '', ''""",
    "vendor_latency": "INSERT INTO vendor_latency (vendor, saved_at) SELECT m, t",
    "ahead_event": "INSERT INTO ahead_event (mode, event, reason, at) SELECT 'test', 'taken', left(m, 10), t",
    "prepared_set": """
        INSERT INTO question_set (id, verification, state, questions, provenance, making, expires_at)
        SELECT m::uuid, v, 'prepared', '[]', 'null', jsonb_build_object('cost', 0.5), t""",
    "spend_reservation": "INSERT INTO spend_reservation (id, made_at) SELECT m::uuid, t",
    "outbox_message": """
        INSERT INTO outbox_message (id, verification, channel, event, target, body, state, settled_at)
        SELECT m, v, 'webhook', 'verification.completed', '', '', 'delivered', t""",
    "generation": """
        INSERT INTO generation (verification, lease_id, finished_at) SELECT v, gen_random_uuid(), t""",
    "generation_abandoned": """
        INSERT INTO generation (verification, lease_id, started_since) SELECT v, gen_random_uuid(), t""",
    "session": "INSERT INTO session (digest, verification, expires_at) SELECT m::bytea, v, t",
}
MARKS = {
    "idempotent_request": "credential = {}::text::bytea",
    "rate_window": "caller = {}::text::bytea",
    "vendor_attempt": "writing_id = {}",
    "vendor_latency": "vendor = {}",
    "ahead_event": "reason = left({}, 10)",
    "prepared_set": "id = {}::text::uuid",
    "spend_reservation": "id = {}::text::uuid",
    "outbox_message": "id = {}",
    "session": "digest = {}::text::bytea",
}


async def _put(kind: str, verification_id: str, ago: timedelta) -> str:
    mark = uuid4().hex
    given = " FROM (SELECT {}::text AS m, {}::text AS v, {}::timestamptz AS t) given"
    await fetch(ROWS[kind] + given, mark, verification_id, datetime.now(UTC) - ago)
    return mark


async def _is_there(sweep: Sweep, mark: str, verification_id: str) -> bool:
    where = MARKS.get(sweep.kind)
    if where is None:
        return bool(await fetch("SELECT 1 FROM generation WHERE verification = {}", verification_id))
    return bool(await fetch(f"SELECT 1 FROM {sweep.table} WHERE {where}", mark))  # noqa: S608  # constants of this file


async def _verified(journey: Journey) -> str:
    (await journey.verify()).raise_for_status()
    return journey.verification_id


def _count(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_every_kind_has_a_row_here() -> None:
    assert [sweep.kind for sweep in SWEEPS] == list(ROWS)


@pytest.mark.parametrize("sweep", SWEEPS, ids=lambda sweep: sweep.kind)
async def test_a_row_goes_when_its_time_is_over_and_not_before(sweep: Sweep, journey: Journey) -> None:
    verification_id = await _verified(journey)
    young = await _put(sweep.kind, verification_id, sweep.kept - timedelta(minutes=1))
    await sweep_batch(DB, sweep)
    assert await _is_there(sweep, young, verification_id)
    for table in ("generation", "question_set"):  # which have one such row for each verification
        await fetch(f"DELETE FROM {table} WHERE verification = {{}}", verification_id)  # noqa: S608  # constants
    old = await _put(sweep.kind, verification_id, sweep.kept + timedelta(minutes=1))
    await sweep_batch(DB, sweep)
    assert not await _is_there(sweep, old, verification_id)


async def test_a_prepared_set_that_nobody_asked_for_is_counted_with_what_it_cost(journey: Journey) -> None:
    (sets,) = [sweep for sweep in SWEEPS if sweep.kind == "prepared_set"]
    await _put("prepared_set", await _verified(journey), timedelta(minutes=1))
    (before,) = await fetch("SELECT coalesce(max(id), 0) AS id FROM ahead_event")
    assert await sweep_batch(DB, sets) == 1
    rows = await fetch("SELECT mode, event, cost FROM ahead_event WHERE id > {}", before["id"])
    assert rows == [{"mode": "test", "event": "expired", "cost": 0.5}]


async def test_more_than_a_batch_goes_in_several(journey: Journey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "BATCH", 2)
    monkeypatch.setattr("jobs.housekeeping.PAUSE_SECONDS", 0.0)
    (sessions,) = [sweep for sweep in SWEEPS if sweep.kind == "session"]
    verification_id = await _verified(journey)
    marks = [await _put("session", verification_id, timedelta(days=31 + number)) for number in range(5)]
    before = _count("retake_swept_rows_total", kind="session")
    assert await sweep_batch(DB, sessions) == 2
    with capture_logs() as lines:
        await sweep_all(DB, asyncio.Event())
    assert not any([await _is_there(sessions, mark, verification_id) for mark in marks])
    assert _count("retake_swept_rows_total", kind="session") == before + 3
    assert [line["rows"] for line in lines if line["event"] == "swept" and line["kind"] == "session"] == [3]


async def test_two_processes_share_what_is_to_be_swept(
    services: Services, journey: Journey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "BATCH", 2)
    (sessions,) = [sweep for sweep in SWEEPS if sweep.kind == "session"]
    verification_id = await _verified(journey)
    for number in range(4):
        await _put("session", verification_id, timedelta(days=31 + number))
    async with services.engine.transaction():
        here = await sweep_batch(DB, sessions)
        there = await asyncio.create_task(_outside(sessions))
    assert (here, there) == (2, 2)


async def _outside(sweep: Sweep) -> int:
    DB.current_transaction.set(None)
    return await sweep_batch(DB, sweep)


async def test_a_sweep_that_fails_is_counted_and_the_others_are_done(
    journey: Journey, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Sweep("broken", "no_such_table", "created_at", timedelta(0))
    monkeypatch.setattr(sweeping, "SWEEPS", (broken, *SWEEPS))
    verification_id = await _verified(journey)
    (sessions,) = [sweep for sweep in SWEEPS if sweep.kind == "session"]
    mark = await _put("session", verification_id, timedelta(days=31))
    before = _count("retake_background_failures_total", job="sweep_broken")
    await sweep_all(DB, asyncio.Event())
    assert _count("retake_background_failures_total", job="sweep_broken") == before + 1
    assert not await _is_there(sessions, mark, verification_id)


async def test_a_notice_that_waits_is_never_swept(journey: Journey) -> None:
    verification_id = await _verified(journey)
    mark = await _put("outbox_message", verification_id, timedelta(0))
    await fetch(
        """
        UPDATE outbox_message SET state = 'pending', settled_at = NULL, created_at = now() - interval '1 year',
            due_at = now() + interval '1 hour' WHERE id = {}
        """,
        mark,
    )
    await sweep_all(DB, asyncio.Event())
    assert await fetch("SELECT 1 FROM outbox_message WHERE id = {}", mark)
    await fetch("DELETE FROM outbox_message WHERE id = {}", mark)


@pytest.mark.parametrize(("channel", "kept"), [(Channel.WEBHOOK, True), (Channel.MAIL, False)])
@pytest.mark.parametrize("how", ["delivered", "undeliverable"])
async def test_when_a_notice_has_ended_a_mail_keeps_no_address_and_no_word(
    journey: Journey, channel: Channel, how: str, *, kept: bool
) -> None:
    verification_id = await _verified(journey)
    mark = await _put("outbox_message", verification_id, timedelta(0))
    await fetch(
        """
        UPDATE outbox_message SET channel = {}, state = 'pending', settled_at = NULL, target = 'ada@example.org',
            body = 'Hello Ada', due_at = now() + interval '1 hour' WHERE id = {}
        """,
        channel.value,
        mark,
    )
    outbox = PostgresOutbox(DB)
    await (outbox.delivered(mark, 200) if how == "delivered" else outbox.undeliverable(mark, "no", 410))
    rows: list[dict[str, Any]] = await fetch("SELECT state, target, body FROM outbox_message WHERE id = {}", mark)
    expected = {"target": "ada@example.org", "body": "Hello Ada"} if kept else {"target": "", "body": ""}
    assert rows == [{"state": how, **expected}]
