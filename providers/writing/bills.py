"""Calls that go on when the set stands already: for their bill, or for a sign of life.

A vendor says what it counted at the end of its answer. Whoever hangs up before pays all the same for what was written
until the vendor notices, and has to guess what that was. Of one that has said nothing when another one was faster
nobody knows yet whether it hangs or thinks.
"""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from assessment.deadline import Clock
from providers.routing.bounded import abandon
from providers.writing.vendor_call import VendorCall

READ_ON_SECONDS = 10.0
READ_ON_ITEMS = 2  # who still has more to write is cut off: that would cost more than an exact bill is worth
READ_ON_CHARACTERS = 4_000  # of these items, and of whatever a model adds to them
ANY_SIGN = -1


class Patience(NamedTuple):
    """So many seconds, and until more than so many characters have come."""

    seconds: float
    characters: int


def is_worth_its_end(call: VendorCall) -> bool:
    """Tell whether a call that is not needed any more will soon have said what it costs."""
    outstanding = len(call.order.wanted) - call.scanner.items
    return call.scanner.characters > 0 and not call.hangs and outstanding <= READ_ON_ITEMS


class Bills:
    """The calls of one chain that nobody but the ledger waits for."""

    def __init__(self) -> None:
        self._readings: dict[asyncio.Task[None], asyncio.Event] = {}

    def read_on(self, call: VendorCall, clock: Clock, record: Callable[[], None]) -> None:
        """Take over a call that was left; `record` is called when its bill is there, or is waited for no longer."""
        self._take_over(call, clock, Patience(READ_ON_SECONDS, READ_ON_CHARACTERS), record)

    def listen(self, call: VendorCall, clock: Clock, conclude: Callable[[], None]) -> None:
        """Take over a silent call; `conclude` is called at its first sign of life, or when it has had its fair time."""
        self._take_over(call, clock, Patience(call.patience_left, ANY_SIGN), conclude)

    def _take_over(self, call: VendorCall, clock: Clock, patience: Patience, record: Callable[[], None]) -> None:
        enough = asyncio.Event()
        call.read_on(patience.characters, enough.set)
        reading = asyncio.ensure_future(_first_of(call, clock, patience.seconds, enough))
        self._readings[reading] = enough

        def over(reading: asyncio.Task[None]) -> None:  # also of one that is cancelled before it has begun
            del self._readings[reading]
            record()

        reading.add_done_callback(over)

    def end(self) -> None:
        """Wait for none of them any longer."""
        for enough in self._readings.values():
            enough.set()

    async def settled(self) -> None:
        """Return when all that are read on now are on record."""
        if self._readings:
            await asyncio.wait(tuple(self._readings))


async def _first_of(call: VendorCall, clock: Clock, seconds: float, enough: asyncio.Event) -> None:
    """Wait for the end of the answer, of the time, or of what may come."""
    ends = [asyncio.ensure_future(clock.sleep(seconds)), asyncio.ensure_future(enough.wait())]
    try:
        await asyncio.wait([call.task, *ends], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for end in ends:
            abandon(end)
