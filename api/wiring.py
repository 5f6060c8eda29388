"""The one place where the rooms are put together."""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

import structlog
from litestar import Litestar

from api.services import Services
from api.settings import Settings
from assessment.deadline import Clock
from assessment.errors import ServiceUnavailable
from assessment.models import Mode
from db.accounts import Accounts
from db.assessment_store import PostgresAssessmentStore
from db.engine import RetakeEngine, the_engine
from db.idempotency import IdempotencyStore
from db.migrations import require_current, upgrade
from db.outbox import PostgresOutbox
from db.rate_limit import RateLimiter
from db.verifications import Verifications
from delivery.courier import Courier
from delivery.mail import MailSender
from delivery.mail_settings import parse_smtp_url
from delivery.webhook import WebhookSender
from providers.config import ProvidersConfig, built_in
from providers.desk import build, usable

SEARCHES_PER_MINUTE = 15
SWEEP_SECONDS = 3600.0
STOP_SECONDS = 20.0  # longer than the courier's own bound

log = structlog.get_logger(__name__)


def providers_of(settings: Settings) -> ProvidersConfig:
    """Read the provider configuration. Raises ConfigError, which names file, line and key."""
    return ProvidersConfig.from_file(settings.providers_file) if settings.providers_file else built_in()


async def open_database() -> RetakeEngine:
    """Connect and see to the schema: the embedded database is upgraded, a server's must have been.

    Raises ServiceUnavailable, NotMigrated, or RuntimeError for a server that is too old.
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
    wake = asyncio.Event()
    app.state.services = _services(engine, settings, clock, wake)
    stop = asyncio.Event()
    webhooks = WebhookSender(clock, allow_private=settings.allow_private_webhooks)
    mail = MailSender(parse_smtp_url(settings.smtp_url), clock) if settings.smtp_url else None
    background = [
        asyncio.create_task(Courier(PostgresOutbox(), clock, webhooks, mail).run(stop, wake)),
        asyncio.create_task(_sweep_for_ever(app.state.services, stop)),
    ]
    _settle_memory()
    try:
        yield
    finally:
        stop.set()
        wake.set()
        await asyncio.wait(background, timeout=STOP_SECONDS)
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        await webhooks.aclose()
        await engine.disconnect()


def _settle_memory() -> None:
    """Keep what was loaded so far out of garbage collections: with LiteLLM it is so much that each takes 0.1 s."""
    gc.collect()
    gc.freeze()


def _services(engine: RetakeEngine, settings: Settings, clock: Clock, wake: asyncio.Event) -> Services:
    config = providers_of(settings)
    live = not config.is_built_in and usable(config)
    if not live:
        log.warning("live_keys_cannot_generate", reason="RETAKE_PROVIDERS names no usable provider configuration")
    return Services(
        engine=engine,
        clock=clock,
        accounts=Accounts(engine),
        verifications=Verifications(engine),
        store=PostgresAssessmentStore(engine, wake.set),
        idempotency=IdempotencyStore(),
        search_limiter=RateLimiter(SEARCHES_PER_MINUTE, 60),
        writer=build(config),
        can_generate={Mode.TEST: True, Mode.LIVE: live},
        total_questions=config.settings.questions.total,
        budget_seconds=config.settings.budget_seconds,
        reserve_seconds=config.settings.reserve_seconds,
    )


async def _sweep_for_ever(services: Services, stop: asyncio.Event) -> None:
    """Delete what has run out; nothing depends on when."""
    while not stop.is_set():
        with contextlib.suppress(ServiceUnavailable):
            await services.idempotency.sweep()
            await services.search_limiter.sweep()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), SWEEP_SECONDS)


def product_version() -> str:
    """The version of the installed distribution."""
    return version("retake")
