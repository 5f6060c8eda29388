"""The one place where the rooms are put together."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import msgspec
import structlog
from litestar import Litestar

from api.services import Services
from api.settings import Settings
from assessment.deadline import Clock
from assessment.errors import ServiceUnavailable
from db.accounts import Accounts
from db.ahead import Preparations
from db.assessment_store import PostgresAssessmentStore
from db.catalogue import Catalogue
from db.deliveries import Deliveries
from db.engine import RetakeEngine
from db.generation_ends import CHANNEL
from db.idempotency import IdempotencyStore
from db.listener import Listener
from db.opening import open_database
from db.persons import Persons
from db.presence import BEAT_SECONDS, beat
from db.progress import CHANNEL as PROGRESS
from db.progress import ProgressWatch
from db.rate_limit import RateLimiter
from db.readiness import ReadinessCheck
from db.verifications import Verifications
from jobs.background import for_ever
from jobs.memory import put_off_collections, settle_memory
from jobs.signals import hangups_to
from jobs.vendors import Vendors
from piccolo_conf import DB
from providers.config import ConfigError, load

SEARCHES_PER_MINUTE = 15
RESTART_SECONDS = 1.0  # before background work that broke is begun anew

log = structlog.get_logger(__name__)


@asynccontextmanager
async def running_services(app: Litestar, settings: Settings, clock: Clock) -> AsyncIterator[None]:
    """Open what the app needs before it serves and close it afterwards."""
    put_off_collections()
    engine = DB
    await open_database(engine)
    await beat(engine)
    services = app.state.services = _services(engine, clock, settings)
    store = services.store
    listener = Listener(engine)
    await listener.add(CHANNEL, store.ends.hear)
    for channel in (CHANNEL, PROGRESS):
        await listener.add(channel, services.progress.hear)
    stop = asyncio.Event()
    background = [
        asyncio.create_task(for_ever("listener", listener.run, RESTART_SECONDS, stop)),
        asyncio.create_task(for_ever("presence", partial(_beat, engine), BEAT_SECONDS, stop)),
        asyncio.create_task(for_ever("generation_ends", store.ends.run, RESTART_SECONDS, stop)),
        asyncio.create_task(for_ever("progress", services.progress.run, RESTART_SECONDS, stop)),
    ]
    try:
        async with _jobs_inside(app, engine, settings, clock) as vendors:
            settle_memory()
            with hangups_to(partial(_read_again, app, settings, vendors)):
                yield
    finally:
        stop.set()
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        await engine.disconnect()


async def _beat(engine: RetakeEngine) -> None:
    """Say that this process answers; a database that is away is told by whoever else needs it."""
    with contextlib.suppress(ServiceUnavailable):
        await beat(engine)


@asynccontextmanager
async def _jobs_inside(
    app: Litestar, engine: RetakeEngine, settings: Settings, clock: Clock
) -> AsyncIterator[Vendors | None]:
    """Run jobs in this process, where no worker is started beside it."""
    if not settings.runs_jobs:
        yield None
        return
    from jobs.process import working  # the queue's library costs 30 MB, which a process without jobs need not pay

    async with working(engine, settings.jobs, clock) as vendors:
        app.state.vendors = vendors
        yield vendors


def _read_again(app: Litestar, settings: Settings, vendors: Vendors | None) -> None:
    """Take the time for a set from the provider configuration as it is now; whoever runs jobs takes all the rest."""
    if vendors is not None:
        vendors.ask()
    try:
        config = load(settings.jobs.providers_file).settings
    except ConfigError as error:
        log.error("budget_not_read_again", reason=str(error))  # noqa: TRY400  # the message says it all
        return
    services: Services = app.state.services
    services.preparations.plan = config.ahead_plan
    app.state.services = msgspec.structs.replace(
        services, budget_seconds=config.budget_seconds, reserve_seconds=config.reserve_seconds
    )


def _services(engine: RetakeEngine, clock: Clock, settings: Settings) -> Services:
    config = load(settings.jobs.providers_file).settings
    preparations = Preparations(config.ahead_plan)
    return Services(
        engine=engine,
        clock=clock,
        accounts=Accounts(engine),
        verifications=Verifications(engine, preparations),
        catalogue=Catalogue(engine),
        store=PostgresAssessmentStore(engine, preparations),
        preparations=preparations,
        progress=ProgressWatch(engine),
        deliveries=Deliveries(engine),
        persons=Persons(engine),
        idempotency=IdempotencyStore(engine),
        search_limiter=RateLimiter(engine, SEARCHES_PER_MINUTE, 60),
        verify_limiter=RateLimiter(engine, settings.verify_per_minute, 60),
        readiness=ReadinessCheck(engine),
        private_webhooks=settings.jobs.allow_private_webhooks,
        budget_seconds=config.budget_seconds,
        reserve_seconds=config.reserve_seconds,
    )
