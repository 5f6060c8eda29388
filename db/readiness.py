"""Whether the database answers, takes writes, has the schema that this code knows, and which workers it knows."""

import asyncio
import os
import time
from collections.abc import Callable

import msgspec
import structlog

from assessment.errors import ServiceUnavailable
from db.engine import RetakeEngine
from db.migrations import status
from db.sql import fetch
from db.workers import WorkerReport, alive

ANSWER_SECONDS = 3.0  # less than a load balancer waits
WRITE_EVERY_SECONDS = 5.0
PADDING_BYTES = 16_384  # needs fresh pages, which a full disk does not have

log = structlog.get_logger(__name__)


class DatabaseState(msgspec.Struct, frozen=True):
    """`is_current` is False also when the database could not be asked; `workers`, the latest first, are empty then."""

    answers: bool
    is_current: bool
    workers: tuple[WorkerReport, ...] = ()

    @property
    def spend_limit_reached(self) -> bool | None:
        """Whether any worker has met the limit of the day, which they share; None where there is none."""
        found = {worker.spend_limit_reached for worker in self.workers} - {None}
        return any(found) if found else None


class ReadinessCheck:
    """One for each process: however often it is asked, it writes only now and then."""

    def __init__(self, engine: RetakeEngine, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._monotonic = monotonic
        self._lock = asyncio.Lock()
        self._write_again_at = 0.0
        self._takes_writes = True
        self._unknown: tuple[str, ...] = ()

    async def look(self) -> DatabaseState:
        """Ask the database, for a bounded time."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                found = await status(self._engine)
                answers = not found.is_current or await self._written()
                workers = await alive(self._engine) if found.is_current and answers else ()
        except (ServiceUnavailable, TimeoutError):
            return DatabaseState(answers=False, is_current=False)
        if found.unknown != self._unknown:
            self._unknown = found.unknown
            log.error("schema_is_newer_than_this_server", unknown_migrations=found.unknown)
        return DatabaseState(answers=answers, is_current=found.is_current, workers=workers)

    async def _written(self) -> bool:
        asked_at = self._monotonic()
        async with self._lock:
            if asked_at >= self._write_again_at:
                self._takes_writes = await _write(self._engine)
                self._write_again_at = self._monotonic() + WRITE_EVERY_SECONDS
            return self._takes_writes


async def _write(engine: RetakeEngine) -> bool:
    try:
        await fetch(
            engine,
            """
            INSERT INTO readiness_probe (id, written_at, padding) VALUES (1, clock_timestamp(), {})
            ON CONFLICT (id) DO UPDATE SET written_at = excluded.written_at, padding = excluded.padding
            """,
            os.urandom(PADDING_BYTES),
        )
    except ServiceUnavailable:
        return False
    return True
