"""What one process needs to run jobs, put together once, and taken apart in the right order."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from uuid import UUID, uuid4

from assessment.credentials import Actor
from assessment.deadline import Clock
from assessment.errors import ServiceUnavailable
from db import workers
from db.ahead import WANTED, Preparations
from db.assessment_store import PostgresAssessmentStore
from db.audit import Action, record
from db.concept_maps import PostgresConceptMaps
from db.engine import RetakeEngine
from db.latencies import PostgresLatencyStore
from db.ledger import PostgresLedger
from db.outbox import PostgresOutbox
from db.queue import JobKind, return_to_present
from db.retry import in_transaction
from db.spend import PostgresSpend
from delivery.dispatcher import Dispatcher
from delivery.mail import MailSender
from delivery.mail_settings import parse_smtp_url
from delivery.webhook import WebhookSender
from jobs.background import Job, for_ever
from jobs.delivering import delivering
from jobs.housekeeping import sweeping_kind
from jobs.mapping import mapping
from jobs.preparing import UnderWay, preparing
from jobs.progress import ProgressReports
from jobs.settings import JobSettings
from jobs.timing import timing
from jobs.vendor_metrics import LOST, CountingLedger
from jobs.vendors import Vendors
from jobs.worker import Worker
from jobs.writing import writing
from providers.build import latency_key
from providers.routing.pace import Latencies, Learned
from providers.writing.own_loop import OwnLoop

SCHEDULES = {JobKind.SWEEP: "17 * * * *"}
REPORT_SECONDS = 5.0
RESTART_SECONDS = 1.0  # before work that broke is begun anew
SAVE_SECONDS = 60.0  # what a process that is killed forgets of its vendors' pace
STOP_SECONDS = 5.0  # for what is handed back to be recorded


@asynccontextmanager
async def working(engine: RetakeEngine, settings: JobSettings, clock: Clock) -> AsyncIterator[Vendors]:
    """Run jobs meanwhile. Raises ConfigError or BadMailSettings at once.

    At the end nothing new is begun, and what does not end within the grace is handed back to other workers.
    """
    ledger, spend = PostgresLedger(engine, LOST.inc), PostgresSpend(engine)
    paces = PostgresLatencyStore(engine, Learned)
    latencies = Latencies(await paces.load())
    loop = OwnLoop()
    loop.start()
    vendors = Vendors(
        settings.providers_file,
        clock=clock,
        ledger=CountingLedger(ledger),
        latencies=latencies,
        loop=loop,
        day_spend=spend,
        reloaded=partial(_note_reload, engine),
    )
    vendors.read()
    preparations = Preparations()
    webhooks = WebhookSender(clock, allow_private=settings.allow_private_webhooks)
    mail = MailSender(parse_smtp_url(settings.smtp_url), clock) if settings.smtp_url else None
    stop = asyncio.Event()
    store, maps = PostgresAssessmentStore(engine), PostgresConceptMaps(engine)
    under_way, reports = UnderWay(store, loop), ProgressReports(engine)
    kinds = (
        writing(vendors, store, clock, maps=maps, reports=reports),
        preparing(vendors, store, clock, maps=maps, under_way=under_way, reports=reports),
        timing(engine, PostgresAssessmentStore(engine, preparations), clock, partial(_plan, vendors, preparations)),
        delivering(engine, Dispatcher(PostgresOutbox(engine), clock, webhooks, mail), stop),
        mapping(vendors, engine, clock),
        sweeping_kind(engine, stop, settings.retention),
    )
    worker = Worker(engine, kinds, SCHEDULES, grace_seconds=settings.grace_seconds, hears={WANTED: under_way.hear})
    worker_id = uuid4()
    await workers.report(engine, worker_id, vendors.report())
    background = _in_background(
        stop,
        worker=partial(worker.run, stop),
        ledger=partial(ledger.run, stop),
        paces=partial(_save_paces, vendors, paces, latencies, stop),
        report=partial(_report, engine, worker_id, vendors, stop),
    )
    # sets that are still being written after the stop ask for money, are waited for and tell how far they are, too;
    # these end when they are cancelled, and a stop that waited for them would take all of its grace
    until_the_end = _in_background(
        stop, reload=vendors.reload_for_ever, spend=spend.run, under_way=under_way.run, progress=reports.run
    )
    try:
        yield vendors
    finally:
        stop.set()
        await asyncio.wait(background, timeout=settings.grace_seconds + STOP_SECONDS)
        for task in (*background, *until_the_end):
            task.cancel()
        await asyncio.gather(*background, *until_the_end, return_exceptions=True)
        await loop.close()
        await ledger.stop()
        await spend.stop()
        await webhooks.aclose()


def _plan(vendors: Vendors, preparations: Preparations) -> None:
    """Have sets written ahead as the configuration says that is in force now."""
    preparations.plan = vendors.current.snapshot.config.settings.ahead_plan


async def _note_reload(engine: RetakeEngine, config_hash: str) -> None:
    by = Actor("system", "retake", socket.gethostname())
    note = partial(record, engine, by, Action.CONFIGURATION_RELOADED, subject=config_hash)
    await in_transaction(engine, note)


def _in_background(stop: asyncio.Event, **works: Job) -> list[asyncio.Task[None]]:
    """Begin work that is begun anew when it breaks, under its names in the log."""
    return [asyncio.create_task(for_ever(name, work, RESTART_SECONDS, stop)) for name, work in works.items()]


async def _report(engine: RetakeEngine, worker_id: UUID, vendors: Vendors, stop: asyncio.Event) -> None:
    """Say regularly that this worker lives and how its vendors stand, and at the end that it has left."""
    while not await _is_set(stop, REPORT_SECONDS):
        vendors.look_for_stuck()
        with contextlib.suppress(ServiceUnavailable):
            await return_to_present(engine)
            await workers.report(engine, worker_id, vendors.report())
    with contextlib.suppress(ServiceUnavailable):
        await workers.leave(engine, worker_id)


async def _save_paces(
    vendors: Vendors, store: PostgresLatencyStore[Learned], latencies: Latencies, stop: asyncio.Event
) -> None:
    """Keep what is learned about the vendors in use, every minute and at the end."""
    is_over = False
    while not is_over:
        is_over = await _is_set(stop, SAVE_SECONDS)
        learned = latencies.export([latency_key(vendor) for vendor in vendors.current.snapshot.config.chain])
        with contextlib.suppress(ServiceUnavailable):
            await store.save(learned)


async def _is_set(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event, but no longer than `seconds`."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()
