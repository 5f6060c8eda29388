"""The ledger of requests to vendors: taken at once, written in batches, summed up by vendor."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import msgspec
import structlog

from assessment.errors import ServiceUnavailable
from db.engine import RetakeEngine
from db.sql import fetch, to_json

FLUSH_SECONDS = 1.0
STOP_SECONDS = 5.0
COUNTS = ("outcomes", "rejected", "mended")
BATCH = 500  # records of one statement: half a megabyte
QUEUED = 10_000  # records, about 10 MB: some minutes of a busy server without its database

log = structlog.get_logger(__name__)


class VendorSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the attempts at one vendor. Seconds are over all attempts, also those that were broken off.

    Tokens and `cost` (US dollars) are of all attempts, `estimated_cost` is the part of it that is a guess;
    `unpriced` counts attempts that used tokens whose price is not known.
    """

    vendor: str
    attempts: int
    hedges: int
    outcomes: dict[str, int]
    p50_seconds: float
    p95_seconds: float
    accepted: int
    rejected: dict[str, int]
    mended: dict[str, int]
    input_tokens: int
    output_tokens: int
    cost: float
    estimated_cost: float
    unpriced: int


class PostgresLedger:
    """Keeps records of attempts in memory until `run` or `stop` writes them; loses the oldest when there are too many.

    A record is a struct whose fields are named as the columns. `on_loss` hears how many were lost.
    """

    def __init__(self, engine: RetakeEngine, on_loss: Callable[[int], None] | None = None) -> None:
        self._engine = engine
        self._queue: deque[tuple[UUID, msgspec.Struct]] = deque()
        self._on_loss = on_loss
        self._has_stopped = False

    def record(self, record: msgspec.Struct) -> None:
        """Take a record. It gets its id here, so that a batch that is written twice is stored once."""
        if self._has_stopped:
            self._lose(1, "it came after the end")
            return
        self._queue.append((uuid4(), record))
        if len(self._queue) > QUEUED:
            self._queue.popleft()
            self._lose(1, "too many wait")

    async def run(self, stop: asyncio.Event) -> None:
        """Write what came, about once a second, until `stop` is set."""
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), FLUSH_SECONDS)
            await self.flush()

    async def stop(self) -> None:
        """Write the rest, once nothing more comes from the vendors; what cannot be written in time is counted."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.flush(), STOP_SECONDS)
        self._has_stopped = True
        if self._queue:
            self._lose(len(self._queue), "the database is away at the end")
            self._queue.clear()

    async def flush(self) -> None:
        """Write all that waits; without a database it goes on waiting."""
        while self._queue:
            batch = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
            try:
                await _insert(self._engine, batch)
            except (ServiceUnavailable, asyncio.CancelledError) as error:
                self._queue.extendleft(reversed(batch))
                if isinstance(error, ServiceUnavailable):
                    return
                raise
            except Exception as error:  # noqa: BLE001  # a batch that cannot be stored must not block those behind it
                self._lose(len(batch), type(error).__name__)

    def _lose(self, count: int, reason: str) -> None:
        log.warning("ledger_records_lost", count=count, reason=reason)
        if self._on_loss is not None:
            self._on_loss(count)


async def _insert(engine: RetakeEngine, batch: list[tuple[UUID, msgspec.Struct]]) -> None:
    rows = [{"id": number, **msgspec.to_builtins(record)} for number, record in batch]
    await fetch(
        engine,
        """
        INSERT INTO vendor_attempt (id, writing_id, mode, vendor, model, started_at, seconds, slice_seconds,
            round_number, part, is_hedge, outcome, response_format, wanted, accepted, rejected, input_tokens,
            output_tokens, is_estimated, cost, prompt_version, config_hash, purpose, mended)
        SELECT id, writing_id, mode, vendor, model, started_at, seconds, slice_seconds,
            round_number, part, is_hedge, outcome, response_format, wanted, accepted, rejected, input_tokens,
            output_tokens, is_estimated, cost, prompt_version, config_hash, purpose, mended
        FROM jsonb_populate_recordset(NULL::vendor_attempt, {}::jsonb)
        ON CONFLICT (id) DO NOTHING
        """,
        to_json(rows),
    )


async def summaries(engine: RetakeEngine, seconds: float) -> list[VendorSummary]:
    """Sum up the attempts that began in the last `seconds`, by vendor."""
    rows = await fetch(
        engine,
        """
        WITH recent AS (
            SELECT * FROM vendor_attempt WHERE started_at >= statement_timestamp() - make_interval(secs => {})
        ), outcomes AS (
            SELECT vendor, jsonb_object_agg(outcome, times) AS outcomes
            FROM (SELECT vendor, outcome, count(*) AS times FROM recent GROUP BY 1, 2) o GROUP BY 1
        ), rejects AS (
            SELECT vendor, jsonb_object_agg(rule, items) AS rejected
            FROM (SELECT vendor, rule, sum(items::int) AS items
                  FROM recent, jsonb_each_text(rejected) AS r (rule, items) GROUP BY 1, 2) i GROUP BY 1
        ), mends AS (
            SELECT vendor, jsonb_object_agg(rule, times) AS mended
            FROM (SELECT vendor, rule, sum(times::int) AS times
                  FROM recent, jsonb_each_text(mended) AS m (rule, times) GROUP BY 1, 2) i GROUP BY 1
        )
        SELECT vendor, count(*) AS attempts, count(*) FILTER (WHERE is_hedge) AS hedges, outcomes,
            percentile_disc(0.5) WITHIN GROUP (ORDER BY seconds) AS p50_seconds,
            percentile_disc(0.95) WITHIN GROUP (ORDER BY seconds) AS p95_seconds,
            sum(accepted) AS accepted, coalesce(rejects.rejected, jsonb_build_object()) AS rejected,
            coalesce(mends.mended, jsonb_build_object()) AS mended,
            sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens,
            coalesce(sum(cost), 0) AS cost, coalesce(sum(cost) FILTER (WHERE is_estimated), 0) AS estimated_cost,
            count(*) FILTER (WHERE cost IS NULL AND input_tokens + output_tokens > 0) AS unpriced
        FROM recent JOIN outcomes USING (vendor) LEFT JOIN rejects USING (vendor) LEFT JOIN mends USING (vendor)
        GROUP BY vendor, outcomes, rejects.rejected, mends.mended ORDER BY vendor
        """,
        seconds,
    )
    return [_summary(row) for row in rows]


def _summary(row: dict[str, Any]) -> VendorSummary:
    counts = {name: msgspec.json.decode(row[name], type=dict[str, int]) for name in COUNTS}
    return msgspec.convert({**row, **counts}, VendorSummary)
