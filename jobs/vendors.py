"""The model vendors of a running worker: read at the start, and again at SIGHUP."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import msgspec
import structlog
from prometheus_client import Counter

from assessment.concepts.writing import ConceptWriter
from assessment.deadline import Clock
from assessment.models import FormPlan
from assessment.ports import QuestionWriter
from db.workers import VendorReport, WorkerReport
from jobs.background import attempted
from providers.build import build_vendors, usable
from providers.config import Ahead, ConfigError, load
from providers.ledger import Ledger
from providers.routing.breaker import State
from providers.routing.pace import Latencies
from providers.snapshot import Snapshot
from providers.writing.money import DaySpend
from providers.writing.own_loop import OwnLoop, OwnLoopMapWriter, OwnLoopWriter

RECYCLED = Counter(
    "retake_workers_recycled", "Workers that ended because too many calls of a vendor did not let go", ("vendor",)
)

log = structlog.get_logger(__name__)


class Configured(msgspec.Struct, frozen=True):
    """What one provider configuration has become; `form` is what every set looks like."""

    snapshot: Snapshot
    writer: QuestionWriter
    form: FormPlan
    serves_live: bool
    map_writer: ConceptWriter
    ahead: Ahead = Ahead()
    writing_seconds: float = 90.0


class Vendors:
    """`current` writes the sets that begin now; one under way keeps those it began with.

    All configurations share a loop, the ledger, the day's spending and what was learned of the vendors' pace.
    `worn_out` is set when the process should end and another one take its place.
    """

    current: Configured

    def __init__(
        self,
        file: Path | None,
        *,
        clock: Clock,
        ledger: Ledger,
        latencies: Latencies,
        loop: OwnLoop,
        day_spend: DaySpend | None = None,
        reloaded: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        """`reloaded` is told the hash of a configuration that was read again."""
        self._file = file
        self._loop = loop
        self._clock = clock
        self._ledger = ledger
        self._latencies = latencies
        self._day_spend = day_spend
        self._reloaded = reloaded
        self._asked = asyncio.Event()
        self.worn_out = asyncio.Event()

    def read(self) -> None:
        """Read the configuration. Raises ConfigError; with model vendors it takes seconds."""
        config = load(self._file)
        serves_live = not config.is_built_in and usable(config)
        if not serves_live:
            log.warning("live_keys_cannot_generate", reason="RETAKE_PROVIDERS names no usable provider configuration")
        snapshot = build_vendors(
            config, ledger=self._ledger, latencies=self._latencies, clock=self._clock, day_spend=self._day_spend
        )
        writer = OwnLoopWriter(snapshot, self._loop)
        settings = config.settings
        self.current = Configured(
            snapshot,
            writer,
            settings.questions.form,
            serves_live,
            OwnLoopMapWriter(snapshot, self._loop),
            ahead=settings.ahead or Ahead(),
            writing_seconds=settings.budget_seconds - settings.reserve_seconds,
        )

    def report(self) -> WorkerReport:
        """How the vendors stand now, for the web processes. A vendor that is out can be asked by nobody."""
        snapshot = self.current.snapshot
        writers = snapshot.status()
        return WorkerReport(
            config_hash=snapshot.config.hash,
            has_providers=not snapshot.config.is_built_in,
            serves_live=self.current.serves_live and any(status.state is not State.OUT for status in writers),
            vendors=tuple(
                VendorReport(status.name, status.state.value, status.reason and status.reason.value)
                for status in (*writers, *snapshot.solver_status())
            ),
            spend_limit_reached=snapshot.is_spend_limit_reached(),
        )

    def look_for_stuck(self) -> None:
        """Have this process replaced when a vendor is stuck: nothing else ends its calls."""
        snapshot = self.current.snapshot
        for status in (*snapshot.status(), *snapshot.solver_status()):
            if status.state is State.STUCK and not self.worn_out.is_set():
                self.worn_out.set()
                RECYCLED.labels(status.name).inc()
                log.error("worker_worn_out", vendor=status.name, calls=status.stuck)

    def ask(self) -> None:
        """Have the configuration read again, soon; signals that come while it is being read count as one more."""
        self._asked.set()

    async def reload_for_ever(self) -> None:
        """Read it whenever asked, until cancelled."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            await self._reload()

    async def _reload(self) -> None:
        """Swap all at once, in one assignment, or nothing. Reading is done beside the loop: it may import LiteLLM."""
        try:
            await asyncio.to_thread(self.read)
        except ConfigError as error:
            log.error("providers_not_reloaded", reason=str(error))  # noqa: TRY400  # the message says it all
        except Exception as error:  # noqa: BLE001  # a worker must not end because of a new file
            log.error("providers_not_reloaded", reason=type(error).__name__)  # noqa: TRY400  # it might quote a key
        else:
            config_hash = self.current.snapshot.config.hash
            log.info("providers_reloaded", config_hash=config_hash)
            if self._reloaded is not None:
                await attempted("reload_noted", partial(self._reloaded, config_hash))
