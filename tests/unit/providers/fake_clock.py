"""A clock that jumps: whenever everybody waits, it moves on to the next one to be woken."""

import asyncio
import heapq
from datetime import UTC, datetime, timedelta
from typing import Any

_TURNS_UNTIL_IDLE = 30


class FakeClock:
    """Time passes only while all of the event loop's tasks sleep on this clock and no thread works for one of them."""

    def __init__(self) -> None:
        self.time = 1000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0
        self._driver: asyncio.Task[None] | None = None
        self._watched: asyncio.AbstractEventLoop | None = None
        self._at_work: set[asyncio.Future[Any]] = set()

    def monotonic(self) -> float:
        return self.time

    def now(self) -> datetime:
        return datetime(2030, 1, 1, tzinfo=UTC) + timedelta(seconds=self.time)

    async def sleep(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        self._watch(asyncio.get_running_loop())
        self._count += 1
        heapq.heappush(self._sleepers, (self.time + seconds, self._count, future))
        if self._driver is None or self._driver.done():
            self._driver = asyncio.ensure_future(self._drive())
        await future

    async def _drive(self) -> None:
        while self._sleepers:
            await self._until_idle()
            if not self._sleepers:
                return
            moment, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                self.time = max(self.time, moment)
                future.set_result(None)

    async def _until_idle(self) -> None:
        turns = 0
        while turns < _TURNS_UNTIL_IDLE:
            await asyncio.sleep(0)
            turns += 1
            if self._at_work:
                await asyncio.wait(self._at_work)
                turns = 0

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Note what goes to a thread, which on a busy machine takes longer than any number of turns."""
        if self._watched is loop:
            return
        self._watched, run = loop, loop.run_in_executor

        def noted(*args: Any) -> asyncio.Future[Any]:
            future = run(*args)
            self._at_work.add(future)
            future.add_done_callback(self._at_work.discard)
            return future

        loop.run_in_executor = noted  # type: ignore[assignment]  # only to know when it is idle
