"""How many calls may be under way at a vendor, and those that went on when they were let go."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any

from providers.routing.bounded import abandon

ENDING_SECONDS = 5.0  # a call that was cancelled closes its connection in this time; one that takes longer is stuck
MIN_STUCK = 8  # so many are borne also by a vendor with very few places


class Place:
    """One call's place, from when it is free until it is given back."""

    def __init__(self, places: "Places") -> None:
        self._places = places
        self._is_held = False

    async def __aenter__(self) -> None:
        await self._places.acquire()
        self._is_held = True

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.give_back()

    def give_back(self) -> None:
        """Make it free for another call, once."""
        if self._is_held:
            self._is_held = False
            self._places.release(self)


class Places:
    """The places of one vendor in this process."""

    def __init__(self, count: int) -> None:
        self.most_stuck = max(MIN_STUCK, count)
        self._free = asyncio.Semaphore(count)
        self._waiting = 0
        self._offered: dict[Place, Callable[[], None]] = {}
        self._let_go: dict[asyncio.Task[Any], float] = {}  # calls that have not ended yet, and since when

    def place(self) -> Place:
        """A place to wait for."""
        return Place(self)

    def offer(self, place: Place, end: Callable[[], None]) -> None:
        """Let another call have a place as soon as it needs one; `end` then ends the call that holds it."""
        if self._waiting:
            end()
        else:
            self._offered[place] = end

    async def acquire(self) -> None:
        """Wait until one is free."""
        if self._free.locked() and self._offered:
            self._offered.pop(next(iter(self._offered)))()
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1

    def release(self, place: Place) -> None:
        """Take one back."""
        self._offered.pop(place, None)
        self._free.release()

    def let_go(self, call: asyncio.Task[Any], place: Place, now: float) -> None:
        """Cancel a call without waiting for it. Its place is free at once: a library may swallow the cancellation."""
        place.give_back()
        if not call.done():
            self._let_go[call] = now
            call.add_done_callback(self._forget)
        abandon(call)

    def stuck(self, now: float) -> int:
        """How many calls go on although they were let go."""
        return sum(now - since >= ENDING_SECONDS for since in tuple(self._let_go.values()))

    def _forget(self, call: asyncio.Task[Any]) -> None:
        self._let_go.pop(call, None)
