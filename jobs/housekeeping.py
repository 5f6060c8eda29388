"""Sweeps what has run out, one kind after the other; nothing depends on when."""

import asyncio
from functools import partial

import structlog
from prometheus_client import Counter

from assessment.credentials import SYSTEM
from db import sweeping
from db.engine import RetakeEngine
from db.persons import Persons
from db.queue import JobKind, begin
from db.sweeping import Retention, Sweep, sweep_batch, sweeps_for
from jobs.background import attempted, pause
from jobs.kinds import Job, Kind

LONGEST_SECONDS = 3600.0  # then the next one is due
PAUSE_SECONDS = 0.1  # between batches, for whoever else needs the database

PERSONS_AT_ONCE = 100
USUAL = Retention()

SWEPT = Counter("retake_swept_rows", "Rows deleted because their time was over", ("kind",))

log = structlog.get_logger(__name__)


def sweeping_kind(engine: RetakeEngine, stop: asyncio.Event, retention: Retention) -> Kind:
    """Sweep all, or what comes before `stop` is set."""

    async def run(job: Job) -> None:
        await begin(engine, job.job_id)
        await sweep_all(engine, stop, retention)

    return Kind(JobKind.SWEEP, run, LONGEST_SECONDS)


async def sweep_all(engine: RetakeEngine, stop: asyncio.Event, retention: Retention = USUAL) -> None:
    """Sweep each kind by itself: one that fails does not keep the others from being swept."""
    for sweep in sweeps_for(retention):
        await attempted(f"sweep_{sweep.kind}", partial(_swept, engine, sweep, stop))

    if retention.persons is not None:
        await attempted("sweep_person", partial(_erased, engine, retention.persons, stop))


async def _erased(engine: RetakeEngine, days: int, stop: asyncio.Event) -> None:
    """Erase who was not heard of for so many days, a few at a time; each is written to the audit log."""
    persons = Persons(engine)
    while not stop.is_set():
        found = await persons.inactive(days, PERSONS_AT_ONCE)
        for student_id in found:
            await persons.erase(None, student_id, by=SYSTEM, inactive_days=days)
        SWEPT.labels("person").inc(len(found))
        if len(found) < PERSONS_AT_ONCE:
            break
        await pause(PAUSE_SECONDS, stop)


async def _swept(engine: RetakeEngine, sweep: Sweep, stop: asyncio.Event) -> None:
    total = 0
    try:
        while not stop.is_set():
            rows = await sweep_batch(engine, sweep)
            SWEPT.labels(sweep.kind).inc(rows)
            total += rows
            if rows < sweeping.BATCH:
                break
            await pause(PAUSE_SECONDS, stop)
    finally:
        if total:
            log.info("swept", kind=sweep.kind, rows=total)
