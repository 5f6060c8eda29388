"""The model vendors of a running server: read at the start, and again at SIGHUP."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypedDict

import msgspec
import structlog
from litestar import Litestar

from api.services import Services
from api.settings import Settings
from assessment.deadline import Clock
from assessment.models import FormPlan, Mode
from assessment.ports import QuestionWriter
from providers.build import build_vendors as build
from providers.build import usable
from providers.config import ConfigError, ProvidersConfig, load
from providers.ledger import Ledger
from providers.routing.pace import Latencies
from providers.snapshot import Snapshot
from providers.writing.own_loop import OwnLoop, OwnLoopWriter

log = structlog.get_logger(__name__)


class Configured(TypedDict):
    """What of the services comes from the provider configuration."""

    snapshot: Snapshot
    writer: QuestionWriter
    can_generate: dict[Mode, bool]
    form: FormPlan
    budget_seconds: float
    reserve_seconds: float


def providers_of(settings: Settings) -> ProvidersConfig:
    """Read the provider configuration. Raises ConfigError, which names file, line and key."""
    return load(settings.providers_file)


class VendorDesk:
    """Makes snapshots for one process; all share a loop, the ledger and what was learned of the vendors' pace."""

    def __init__(self, settings: Settings, clock: Clock, ledger: Ledger, latencies: Latencies, loop: OwnLoop) -> None:
        self._settings = settings
        self._loop = loop
        self._clock = clock
        self._ledger = ledger
        self._latencies = latencies

    def read(self) -> Configured:
        """Read the configuration and make what serves it. Raises ConfigError; with model vendors it takes seconds."""
        config = providers_of(self._settings)
        live = not config.is_built_in and usable(config)
        if not live:
            log.warning("live_keys_cannot_generate", reason="RETAKE_PROVIDERS names no usable provider configuration")
        snapshot = build(config, ledger=self._ledger, latencies=self._latencies, clock=self._clock)
        return Configured(
            snapshot=snapshot,
            writer=OwnLoopWriter(snapshot, self._loop),
            can_generate={Mode.TEST: True, Mode.LIVE: live},
            form=config.settings.questions.form,
            budget_seconds=config.settings.budget_seconds,
            reserve_seconds=config.settings.reserve_seconds,
        )


class Reloader:
    """Puts newly read vendors in the place of the old ones; a request under way keeps those it began with.

    Signals that come while a file is being read count as one more.
    """

    def __init__(self, app: Litestar, desk: VendorDesk) -> None:
        self._app = app
        self._desk = desk
        self._asked = asyncio.Event()

    def ask(self) -> None:
        """Have the configuration read again, soon."""
        self._asked.set()

    async def run(self) -> None:
        """Read it whenever asked, until cancelled."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            await self._reload()

    async def _reload(self) -> None:
        """Swap all at once, in one assignment, or nothing. Reading is done beside the loop: it may import LiteLLM."""
        try:
            configured = await asyncio.to_thread(self._desk.read)
        except ConfigError as error:
            log.error("providers_not_reloaded", reason=str(error))  # noqa: TRY400  # the message says it all
            return
        except Exception as error:  # noqa: BLE001  # a server that serves must not end because of a new file
            log.error("providers_not_reloaded", reason=type(error).__name__)  # noqa: TRY400  # it might quote a key
            return
        services: Services = self._app.state.services
        self._app.state.services = msgspec.structs.replace(services, **configured)
        log.info("providers_reloaded", config_hash=configured["snapshot"].config.hash)


@contextmanager
def hangups_to(heard: Callable[[], None]) -> Iterator[None]:
    """Call `heard` at every SIGHUP meanwhile, where signals can be had: in the main thread, and not on Windows."""
    if not hasattr(signal, "SIGHUP") or threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = signal.getsignal(signal.SIGHUP)
    loop.add_signal_handler(signal.SIGHUP, heard)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
        signal.signal(signal.SIGHUP, before or signal.SIG_DFL)
