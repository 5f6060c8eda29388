"""The one place where the rooms are put together."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version

from litestar import Litestar

from api.background import Job, attempted, for_ever
from api.housekeeping import sweep_all
from api.services import Services
from api.settings import Settings
from api.vendor_metrics import LOST, CountingLedger
from api.vendors import Configured, Reloader, VendorDesk, hangups_to, providers_of
from assessment.deadline import Clock
from db.accounts import Accounts
from db.assessment_store import PostgresAssessmentStore
from db.engine import RetakeEngine, the_engine
from db.idempotency import IdempotencyStore
from db.latencies import PostgresLatencyStore
from db.ledger import PostgresLedger
from db.migrations import require_current, upgrade
from db.outbox import PostgresOutbox
from db.rate_limit import RateLimiter
from db.readiness import ReadinessCheck
from db.verifications import Verifications
from delivery.courier import Courier
from delivery.mail import MailSender
from delivery.mail_settings import parse_smtp_url
from delivery.webhook import WebhookSender
from providers.build import latency_key
from providers.routing.pace import Latencies, Learned
from providers.writing.own_loop import OwnLoop

SEARCHES_PER_MINUTE = 15
SWEEP_SECONDS = 3600.0
LATENCIES_SECONDS = 60.0  # what a process that is killed forgets of its vendors' pace
GARBAGE_THRESHOLDS = (20_000, 20, 100)  # objects, young and middle collections; a full one after 40 million objects
RESTART_SECONDS = 1.0  # before background work that broke is begun anew
STOP_SECONDS = 20.0  # longer than the courier's own bound

__all__ = ["open_database", "product_version", "providers_of", "running_services"]


async def open_database() -> RetakeEngine:
    """Connect and see to the schema: the embedded database is upgraded, a server's must have been.

    Raises ServiceUnavailable, NotMigrated, or RuntimeError for a server or schema of the wrong version.
    """
    engine = the_engine()
    await engine.connect()
    if engine.is_embedded:
        await upgrade(engine)
    else:
        await require_current()
    return engine


@asynccontextmanager
async def running_services(app: Litestar, settings: Settings, clock: Clock) -> AsyncIterator[None]:
    """Open what the app needs before it serves and close it afterwards."""
    engine = await open_database()
    wake, stop = asyncio.Event(), asyncio.Event()
    attempts, store = PostgresLedger(LOST.inc), PostgresLatencyStore(Learned)
    latencies = Latencies(await store.load())
    vendor_loop = OwnLoop()
    vendor_loop.start()
    desk = VendorDesk(settings, clock, CountingLedger(attempts), latencies, vendor_loop)
    app.state.services = _services(engine, clock, wake, settings, desk.read())
    reloader = Reloader(app, desk)
    webhooks = WebhookSender(clock, allow_private=settings.allow_private_webhooks)
    mail = MailSender(parse_smtp_url(settings.smtp_url), clock) if settings.smtp_url else None
    courier = Courier(PostgresOutbox(), clock, webhooks, mail)
    background = [
        asyncio.create_task(for_ever("courier", partial(courier.run, stop, wake), RESTART_SECONDS, stop)),
        asyncio.create_task(for_ever("ledger", partial(attempts.run, stop), RESTART_SECONDS, stop)),
        asyncio.create_task(_save_for_ever(partial(_save, app, store, latencies), stop)),
        asyncio.create_task(for_ever("sweeping", partial(sweep_all, stop), SWEEP_SECONDS, stop)),
    ]
    reloading = asyncio.create_task(for_ever("reloader", reloader.run, RESTART_SECONDS, stop))
    _settle_memory()
    try:
        with hangups_to(reloader.ask):
            yield
    finally:
        reloading.cancel()
        await vendor_loop.close()
        stop.set()
        wake.set()
        await asyncio.wait(background, timeout=STOP_SECONDS)
        for task in background:
            task.cancel()
        await asyncio.gather(*background, reloading, return_exceptions=True)
        await attempts.stop()
        await webhooks.aclose()
        await engine.disconnect()


def _settle_memory() -> None:
    """Keep what was loaded so far out of garbage collections: with LiteLLM it is so much that each takes 0.1 s.

    With a thousand generations under way a full one takes as long again, so these come seldom; little lives in cycles.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)


def _services(
    engine: RetakeEngine, clock: Clock, wake: asyncio.Event, settings: Settings, configured: Configured
) -> Services:
    return Services(
        engine=engine,
        clock=clock,
        accounts=Accounts(engine),
        verifications=Verifications(engine),
        store=PostgresAssessmentStore(engine, wake.set),
        idempotency=IdempotencyStore(),
        search_limiter=RateLimiter(SEARCHES_PER_MINUTE, 60),
        verify_limiter=RateLimiter(settings.verify_per_minute, 60),
        readiness=ReadinessCheck(),
        private_webhooks=settings.allow_private_webhooks,
        **configured,
    )


async def _save_for_ever(save: Job, stop: asyncio.Event) -> None:
    """Keep what is learned about the vendors in use, every minute and at the end."""
    await for_ever("latencies", save, LATENCIES_SECONDS, stop)
    await attempted("latencies", save)


async def _save(app: Litestar, store: PostgresLatencyStore[Learned], latencies: Latencies) -> None:
    services: Services = app.state.services
    await store.save(latencies.export([latency_key(vendor) for vendor in services.snapshot.config.chain]))


def product_version() -> str:
    """The version of the installed distribution."""
    return version("retake")
