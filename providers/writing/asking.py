"""One request whose answer is read as a whole: a quiz, or a repair of items."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import msgspec

from assessment.deadline import Deadline
from providers.protocol import (
    NEVER_BEGAN,
    CallOutcome,
    Ending,
    FormatRefused,
    Request,
    ResponseFormat,
    Usage,
    VendorError,
)
from providers.routing.bounded import abandon
from providers.routing.upstream import Upstream
from providers.writing.money import Money, SetMoney, Ticket


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a request.

    `usage` is None when the vendor gave no figures. `may_be_billed` tells whether it may have read the request;
    `ticket` is the money that was set aside.
    """

    text: str
    outcome: CallOutcome
    started_at: datetime
    seconds: float
    slice_seconds: float
    response_format: ResponseFormat | None
    usage: Usage | None
    may_be_billed: bool
    ticket: Ticket


async def ask(
    upstream: Upstream,
    request: Request,
    deadline: Deadline,
    note: Callable[[Asked], None],
    *,
    money: SetMoney | None = None,
) -> Asked:
    """Have a vendor answer before the deadline. Never raises VendorError: what failed is the outcome.

    What comes of it never counts for the vendor as a writer: who answers badly or too late here may still write well.
    `note` gets what is returned, and also what came of a request that is cancelled.
    """
    asking = _Asking(upstream, request, deadline, money or SetMoney(Money()))
    try:
        await asking.wait()
    except asyncio.CancelledError:
        note(asking.end(CallOutcome.ABANDONED))
        raise
    asked = asking.end()
    note(asked)
    return asked


class _Asking:
    """A request at one vendor, in the air; ended once, whatever the vendor's call does."""

    def __init__(self, upstream: Upstream, request: Request, deadline: Deadline, money: SetMoney) -> None:
        self._upstream, self._request, self._deadline, self._money = upstream, request, deadline, money
        self._ticket = Ticket()
        self._started_at, self._started = deadline.clock.now(), deadline.elapsed
        self._slice_seconds = deadline.remaining
        self._pieces: list[str] = []
        self._asked: float | None = None
        self._is_probe = upstream.solving.start()
        self._place = upstream.places.place(money.quiet)
        self._task = asyncio.ensure_future(self._in_turn())

    async def wait(self) -> None:
        """Until the call or the time is over."""
        alarm = asyncio.ensure_future(self._deadline.clock.sleep(self._deadline.remaining))
        try:
            await asyncio.wait({self._task, alarm}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            abandon(alarm)

    def end(self, outcome: CallOutcome | None = None) -> Asked:
        """Let go of it, tell the breaker, and read what came."""
        ended, usage, retry_after = (outcome, None, None) if outcome else self._result()
        now = self._deadline.clock.monotonic()
        self._upstream.end(ended, now, solves=True, is_probe=self._is_probe, retry_after=retry_after)
        self._upstream.places.let_go(self._task, self._place, now)
        del self._task  # its exception holds the frames that it passed, and one of them holds this object
        text = "".join(self._pieces)
        return Asked(
            text=text,
            outcome=ended,
            started_at=self._started_at,
            seconds=self._deadline.elapsed - self._started,
            slice_seconds=self._slice_seconds,
            response_format=self._upstream.vendor.response_format,
            usage=usage,
            may_be_billed=bool(text) or (self._asked is not None and ended not in NEVER_BEGAN),
            ticket=self._ticket,
        )

    def _result(self) -> tuple[CallOutcome, Usage | None, float | None]:
        if not self._task.done():
            return self._outcome_of_time(), None, None
        if self._task.cancelled():
            return CallOutcome.TIMED_OUT, None, None  # nobody here has cancelled it
        error = self._task.exception()
        if isinstance(error, VendorError):
            return error.outcome, None, error.retry_after
        if error is not None:
            return CallOutcome.UNEXPECTED, None, None
        return CallOutcome.OK, self._task.result().usage, None

    def _outcome_of_time(self) -> CallOutcome:
        """One that said nothing for as long as nearly all its calls take hangs; with less it had no fair chance."""
        if self._asked is None:
            return CallOutcome.SPEND_LIMIT if self._ticket.waits else CallOutcome.NO_PLACE
        silent = not self._pieces and self._deadline.elapsed - self._asked >= self._upstream.fair_seconds
        return CallOutcome.TIMED_OUT if silent else CallOutcome.OUT_OF_BUDGET

    async def _in_turn(self) -> Ending:
        """Ask again for as long as the vendor refuses a format and another one is left."""
        async with self._place:
            await self._money.reserve(self._ticket, self._upstream, self._request, self._deadline.clock)
            self._asked = self._deadline.elapsed
            while True:
                self._pieces.clear()
                try:
                    return await self._upstream.vendor.write(self._request, self._deadline, self._pieces.append)
                except FormatRefused:
                    continue
