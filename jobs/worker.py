"""A worker: takes jobs from the queue and runs them side by side until it is told to stop."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta

from pgqueuer import PgQueuer
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.executors import AsyncCrontab
from pgqueuer.domain.settings import DBSettings
from pgqueuer.models import Schedule

from db.engine import RetakeEngine
from db.listener import Hear
from db.queue import JobKind, wake
from jobs.driver import EngineDriver
from jobs.executor import KindExecutor
from jobs.kinds import Kind

SCHEMA = "jobs"
POLL_SECONDS = 1.0  # how late a job may be whose notification was lost
LOST_SECONDS = 7.0  # without a heartbeat for so long a job goes to another worker, which has 3 s for it on a busy host
BATCH = 10  # jobs taken by one query

Schedules = Mapping[JobKind, str]
"""When a kind of job is due by itself, written as in crontab; once in a deployment, however many workers it has."""


class Worker:
    """Runs the given kinds of jobs and schedules."""

    def __init__(
        self,
        engine: RetakeEngine,
        kinds: Sequence[Kind],
        schedules: Schedules | None = None,
        *,
        grace_seconds: float,
        hears: Mapping[str, Hear] | None = None,
    ) -> None:
        """`grace_seconds` is the time that jobs under way have to end after `stop`; the others are handed back.

        `hears` is called with what is said on other channels.
        """
        self._hears = hears or {}
        self._engine = engine
        self._kinds = tuple(kinds)
        self._schedules = schedules or {}
        self._grace_seconds = grace_seconds

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set and what was under way has ended or is handed back."""
        hand_back = asyncio.Event()
        driver = EngineDriver(self._engine)
        for channel, hear in self._hears.items():
            await driver.hear(channel, hear)
        queue = self._queue(driver, hand_back)
        stopping = asyncio.create_task(self._stop(stop, queue.shutdown, hand_back))
        try:
            await queue.run(
                dequeue_timeout=timedelta(seconds=POLL_SECONDS),
                batch_size=BATCH,
                heartbeat_timeout=timedelta(seconds=LOST_SECONDS),
            )
        finally:
            stopping.cancel()

    async def _stop(self, stop: asyncio.Event, shutdown: asyncio.Event, hand_back: asyncio.Event) -> None:
        await stop.wait()
        shutdown.set()
        await asyncio.sleep(self._grace_seconds)
        hand_back.set()

    def _queue(self, driver: EngineDriver, hand_back: asyncio.Event) -> PgQueuer:
        queue = PgQueuer(connection=driver, queries=queries(driver))
        for kind in self._kinds:
            queue.qm.register_executor(kind.name, KindExecutor(kind, hand_back))
        for name, times in self._schedules.items():
            queue.schedule(name, times)(_waking(self._engine, name))
        return queue


def _waking(engine: RetakeEngine, kind: str) -> AsyncCrontab:
    async def run(_: Schedule) -> None:
        await wake(engine, kind, "scheduled", {})

    return run


def queries(driver: EngineDriver) -> Queries:
    """PgQueuer's statements on our schema."""
    settings = DBSettings(db_schema=SCHEMA)
    return Queries(
        driver,
        qbe=QueryBuilderEnvironment(settings),
        qbq=QueryQueueBuilder(settings),
        qbs=QuerySchedulerBuilder(settings),
    )
