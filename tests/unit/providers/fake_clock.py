"""A clock that jumps: whenever everybody waits, it moves on to the next one to be woken."""

import asyncio
import heapq
from datetime import UTC, datetime, timedelta

_TURNS_UNTIL_IDLE = 30


class FakeClock:
    """Time passes only while all of the event loop's tasks sleep on this clock."""

    def __init__(self) -> None:
        self.time = 1000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0
        self._driver: asyncio.Task[None] | None = None

    def monotonic(self) -> float:
        return self.time

    def now(self) -> datetime:
        return datetime(2030, 1, 1, tzinfo=UTC) + timedelta(seconds=self.time)

    async def sleep(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (self.time + seconds, self._count, future))
        if self._driver is None or self._driver.done():
            self._driver = asyncio.ensure_future(self._drive())
        await future

    async def _drive(self) -> None:
        while self._sleepers:
            for _ in range(_TURNS_UNTIL_IDLE):
                await asyncio.sleep(0)
            if not self._sleepers:
                return
            moment, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                self.time = max(self.time, moment)
                future.set_result(None)
