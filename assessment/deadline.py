"""The one clock of a request: started when it arrives, passed down, never reset."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Time as the use cases see it, so that tests need no waiting."""

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""

    def now(self) -> datetime:
        """The current moment, aware, in UTC."""

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds` on this clock."""


class SystemClock:
    """The machine's clock."""

    def monotonic(self) -> float:
        return time.monotonic()

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Deadline:
    """An absolute moment on the monotonic clock by which the answer has to be ready."""

    __slots__ = ("_started", "clock", "seconds")

    def __init__(self, clock: Clock, seconds: float, started: float | None = None) -> None:
        self.clock = clock
        self.seconds = seconds
        self._started = clock.monotonic() if started is None else started

    @property
    def elapsed(self) -> float:
        """Seconds since the request arrived."""
        return self.clock.monotonic() - self._started

    @property
    def remaining(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self.seconds - self.elapsed)

    @property
    def expired(self) -> bool:
        return self.remaining <= 0.0

    def end_in(self, seconds: float) -> None:
        """Move it for all who hold it: to `seconds` from now."""
        self.seconds = self.elapsed + seconds

    def lasting(self, seconds: float) -> "Deadline":
        """The same start with another length."""
        return Deadline(self.clock, seconds, self._started)

    def shortened(self, reserve: float) -> "Deadline":
        """The same start with `reserve` seconds kept back from the end."""
        return Deadline(self.clock, max(0.0, self.seconds - reserve), self._started)

    def capped(self, seconds: float) -> "Deadline":
        """A deadline `seconds` from now, or this one if it comes first."""
        return Deadline(self.clock, min(self.seconds, self.elapsed + seconds), self._started)
