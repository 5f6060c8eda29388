"""What one process needs to run jobs, put together once, and taken apart in the right order."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from uuid import UUID, uuid4

from assessment.deadline import Clock
from assessment.errors import ServiceUnavailable
from db import announcements, workers
from db.assessment_store import PostgresAssessmentStore
from db.engine import RetakeEngine
from db.latencies import PostgresLatencyStore
from db.ledger import PostgresLedger
from db.listener import Listener
from db.outbox import PostgresOutbox
from db.queue import JobKind
from delivery.courier import Courier
from delivery.mail import MailSender
from delivery.mail_settings import parse_smtp_url
from delivery.webhook import WebhookSender
from jobs.background import for_ever
from jobs.housekeeping import sweeping_kind
from jobs.settings import JobSettings
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
STOP_SECONDS = 20.0  # longer than the courier's own bound


@asynccontextmanager
async def working(engine: RetakeEngine, settings: JobSettings, clock: Clock) -> AsyncIterator[Vendors]:
    """Run jobs meanwhile. Raises ConfigError or BadMailSettings at once.

    At the end nothing new is begun, and what does not end within the grace is handed back to other workers.
    """
    ledger, paces = PostgresLedger(LOST.inc), PostgresLatencyStore(Learned)
    latencies = Latencies(await paces.load())
    loop = OwnLoop()
    loop.start()
    vendors = Vendors(settings.providers_file, clock, CountingLedger(ledger), latencies, loop)
    vendors.read()
    webhooks = WebhookSender(clock, allow_private=settings.allow_private_webhooks)
    mail = MailSender(parse_smtp_url(settings.smtp_url), clock) if settings.smtp_url else None
    stop, wake = asyncio.Event(), asyncio.Event()
    listener = Listener(engine)
    await listener.add(announcements.CHANNEL, lambda _: wake.set())
    kinds = [writing(vendors, PostgresAssessmentStore(engine), clock), sweeping_kind(stop)]
    worker = Worker(engine, kinds, SCHEDULES, grace_seconds=settings.grace_seconds)
    courier = Courier(PostgresOutbox(), clock, webhooks, mail)
    worker_id = uuid4()
    await workers.report(worker_id, vendors.report())
    background = [
        asyncio.create_task(for_ever(name, work, RESTART_SECONDS, stop))
        for name, work in (
            ("worker", partial(worker.run, stop)),
            ("courier", partial(courier.run, stop, wake)),
            ("ledger", partial(ledger.run, stop)),
            ("paces", partial(_save_paces, vendors, paces, latencies, stop)),
            ("report", partial(_report, worker_id, vendors, stop)),
        )
    ]
    until_the_end = [
        asyncio.create_task(for_ever(name, work, RESTART_SECONDS, stop))
        for name, work in (("listener", listener.run), ("reload", vendors.reload_for_ever))
    ]
    try:
        yield vendors
    finally:
        stop.set()
        wake.set()
        await asyncio.wait(background, timeout=settings.grace_seconds + STOP_SECONDS)
        for task in (*background, *until_the_end):
            task.cancel()
        await asyncio.gather(*background, *until_the_end, return_exceptions=True)
        await loop.close()
        await ledger.stop()
        await webhooks.aclose()


async def _report(worker_id: UUID, vendors: Vendors, stop: asyncio.Event) -> None:
    """Say regularly that this worker lives and how its vendors stand, and at the end that it has left."""
    while not await _is_set(stop, REPORT_SECONDS):
        with contextlib.suppress(ServiceUnavailable):
            await workers.report(worker_id, vendors.report())
    with contextlib.suppress(ServiceUnavailable):
        await workers.leave(worker_id)


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
