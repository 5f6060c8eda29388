"""What one configuration has become: writers, breakers and limits; replaced whole, never changed."""

from collections.abc import Mapping

from assessment.concepts.cleaning import ConceptDraft
from assessment.concepts.writing import ConceptWriter, MapBrief
from assessment.deadline import Clock, Deadline
from assessment.errors import GenerationFailed
from assessment.models import Brief, Mode, Origin, WrittenSet
from assessment.ports import QuestionWriter
from providers.config import ProvidersConfig
from providers.routing.pace import Latencies
from providers.routing.upstream import VendorStatus
from providers.writing.writer import Writer


class Snapshot:
    """Test mode is always served by the sandbox; live mode by the configured chain, and without one by nobody."""

    def __init__(
        self,
        config: ProvidersConfig,
        *,
        clock: Clock,
        latencies: Latencies,
        test: QuestionWriter,
        live: Writer | None,
        maps: Mapping[Mode, ConceptWriter],
    ) -> None:
        self.config = config
        self.latencies = latencies
        self._clock = clock
        self._test = test
        self._live = live
        self._maps = maps

    async def write(self, brief: Brief, deadline: Deadline) -> WrittenSet:
        """Pass a brief to the writer of its mode. Raises GenerationFailed."""
        writer = self._test if brief.mode is Mode.TEST else self._live
        if writer is None:
            raise GenerationFailed
        return await writer.write(brief, deadline)

    async def write_map(self, brief: MapBrief, deadline: Deadline) -> Mapping[ConceptDraft, Origin]:
        """Pass a brief to whoever writes maps in its mode; nobody does in live mode without a chain."""
        writer = self._maps.get(brief.mode)
        return await writer.write_map(brief, deadline) if writer else {}

    async def settled(self) -> None:
        """Wait until the ledger has all calls for the live sets that were written: some are read on for their bill."""
        if self._live is not None:
            await self._live.bills.settled()

    def is_spend_limit_reached(self) -> bool | None:
        """Tell whether the limit of the day has stopped a call today; None without such a limit."""
        if self._live is None or self._live.money.per_day is None:
            return None
        return self._live.money.is_reached(self._clock.now())

    def status(self) -> tuple[VendorStatus, ...]:
        """How the vendors of the live chain stand now, in order of preference; without a chain there are none."""
        return self._live.chain.status(self._clock.monotonic()) if self._live else ()

    def solver_status(self) -> tuple[VendorStatus, ...]:
        """How the vendors stand that only solve."""
        if self._live is None:
            return ()
        now, writers = self._clock.monotonic(), self._live.chain.upstreams
        return tuple(solver.status(now, solves=True) for solver in self._live.solvers if solver not in writers)
