"""How far the sets of this worker are, told to whoever looks on."""

import asyncio
import contextlib
from collections.abc import Callable

from assessment.errors import ServiceUnavailable
from db.engine import RetakeEngine
from db.progress import Step, report

GATHER_SECONDS = 0.1  # items come in bursts


class ProgressReports:
    """Made on the loop of the database; what is told on any other thread is stored soon, the last word of each set."""

    def __init__(self, engine: RetakeEngine) -> None:
        self._engine = engine
        self._loop = asyncio.get_running_loop()
        self._steps: dict[str, Step] = {}
        self._has_some = asyncio.Event()

    def of(self, verification_id: str, total: int) -> Callable[[int], None]:
        """What is to be called with the number of items that stand."""

        def tell(ready: int) -> None:
            self._loop.call_soon_threadsafe(self._note, Step(verification_id, ready, total))

        return tell

    async def run(self) -> None:
        """Store what comes, until cancelled. While the database is away it is let go: the next step says it all."""
        while True:
            await self._has_some.wait()
            await asyncio.sleep(GATHER_SECONDS)
            steps, self._steps = self._steps, {}
            self._has_some.clear()
            with contextlib.suppress(ServiceUnavailable):
                await report(self._engine, list(steps.values()))

    def _note(self, step: Step) -> None:
        self._steps[step.verification_id] = step
        self._has_some.set()
