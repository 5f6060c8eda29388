"""Time of a vendor with one call at a time: it passes only while the vendor sleeps."""

import asyncio
import math
from datetime import UTC, datetime, timedelta


class Timeline:
    """A clock that stands still at `end`: `is_over` says so, and who sleeps beyond it wakes with `goes_on`."""

    def __init__(self, end: float = math.inf) -> None:
        self.end = end
        self.time = 0.0
        self.is_over, self.goes_on = asyncio.Event(), asyncio.Event()

    def monotonic(self) -> float:
        return self.time

    def now(self) -> datetime:
        return datetime(2030, 1, 1, tzinfo=UTC) + timedelta(seconds=self.time)

    async def sleep(self, seconds: float) -> None:
        if self.time + seconds > self.end:
            self.time = self.end
            self.is_over.set()
            await self.goes_on.wait()
        else:
            self.time += seconds
            await asyncio.sleep(0)
