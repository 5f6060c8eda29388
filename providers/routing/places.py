"""How many calls may be under way at a vendor, and those that went on when they were let go."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any

from assessment.quiet import Quiet
from providers.routing.bounded import abandon

ENDING_SECONDS = 5.0  # a call that was cancelled closes its connection in this time; one that takes longer is stuck
MIN_STUCK = 8  # so many are borne also by a vendor with very few places


class Place:
    """One call's place, from when it is free until it is given back."""

    def __init__(self, places: "Places", quiet: Quiet | None) -> None:
        self._places = places
        self._quiet = quiet
        self._is_held = False
        self.is_quiet = False

    async def __aenter__(self) -> None:
        self.is_quiet = await self._places.acquire(self._quiet)
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
    """The places of one vendor in this process; calls that nobody waits for take a share, and only what is free."""

    def __init__(self, count: int, quiet_share: float = 1.0) -> None:
        self._quiet_left = max(1, int(count * quiet_share))
        self._quiet_waiting: set[asyncio.Future[None]] = set()
        self.most_stuck = max(MIN_STUCK, count)
        self._free = asyncio.Semaphore(count)
        self._waiting = 0
        self._offered: dict[Place, Callable[[], None]] = {}
        self._let_go: dict[asyncio.Task[Any], float] = {}  # calls that have not ended yet, and since when

    def place(self, quiet: Quiet | None = None) -> Place:
        """A place to wait for."""
        return Place(self, quiet)

    def offer(self, place: Place, end: Callable[[], None]) -> None:
        """Let another call have a place as soon as it needs one; `end` then ends the call that holds it."""
        if self._waiting:
            end()
        else:
            self._offered[place] = end

    async def acquire(self, quiet: Quiet | None = None) -> bool:
        """Wait until one is free; tells whether it is one of the quiet ones."""
        while quiet is not None and not quiet.is_over:
            if self._quiet_left and not self._free.locked():
                self._quiet_left -= 1
                await self._free.acquire()  # at once
                return True
            await self._change(quiet)
        await self._acquire()
        return False

    async def _acquire(self) -> None:
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
        self._quiet_left += place.is_quiet
        self._free.release()
        for waiting in self._quiet_waiting:
            _wake(waiting)

    async def _change(self, quiet: Quiet) -> None:
        """Until a place was given back, or somebody waits."""
        woken = asyncio.get_running_loop().create_future()
        forget = quiet.on_end(lambda: _wake(woken))
        self._quiet_waiting.add(woken)
        try:
            await woken
        finally:
            self._quiet_waiting.discard(woken)
            forget()

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


def _wake(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)
