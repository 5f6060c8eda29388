"""One request to one vendor, in the air: what it has brought so far, and whether and how it has ended."""

import asyncio
import math
from collections import Counter
from collections.abc import Callable

from assessment.deadline import Deadline
from assessment.models import Author
from providers.protocol import NEVER_BEGAN, CallOutcome, Ending, Order, Usage, VendorError
from providers.routing.chain import VendorChoice
from providers.vendors.decode import Draft, ItemScanner, Reject
from providers.writing.candidates import CandidatePool, SlotGroup
from providers.writing.money import SetMoney, Ticket

STALL_SHARE = 0.2  # of an attempt's time: so long a silence in the middle of an answer means that it has broken off
QUIET_SECONDS = 1.0  # a model that writes is never silent for so long; pieces come every few hundredths of one
TICK = 0.001  # seconds; what is due within them is due now


class VendorCall:
    """Runs by itself; whoever started it looks at `outcome()` when `task` is done or `due` has come, and closes it.

    The text goes through the scanner to the pool as it arrives. An answer that will never end is cut off from
    outside: a library's own timeout is per read, and it may swallow a cancellation.
    """

    def __init__(
        self,
        choice: VendorChoice,
        order: Order,
        deadline: Deadline,
        *,
        pool: CandidatePool,
        group: SlotGroup,
        money: SetMoney,
        is_hedge: bool = False,
    ) -> None:
        self.upstream = choice.upstream
        self.order = order
        self.is_hedge = is_hedge
        self.limit = deadline.capped(choice.seconds)
        self.slice_seconds = choice.seconds
        self.started_at = deadline.clock.now()
        self.response_format = choice.upstream.vendor.response_format
        self.scanner = ItemScanner()
        self.accepted = 0
        self.rejected: Counter[str] = Counter()
        self.usage: Usage | None = None
        self.error: VendorError | None = None
        self.hedge_after = math.inf  # seconds under way
        self.hedge_after_silence = math.inf  # seconds
        self.was_hedged = False
        self.missing_before = len(pool.missing(group))
        self._is_last_of_request = choice.seconds >= deadline.remaining - TICK
        self._author = Author(choice.upstream.name, choice.upstream.vendor.model)
        self.ticket = Ticket()
        self._pool, self._group, self._money, self._clock = pool, group, money, deadline.clock
        self._now: Callable[[], float] = deadline.clock.monotonic
        self._launched = self._now()
        self._asked: float | None = None
        self._heard: float | None = None
        self._useful: float | None = None
        self._closed: float | None = None
        self._alive: float | None = None
        self._outcome: CallOutcome | None = None
        self._beyond = 0  # characters that came after it was left
        self._most_beyond = 0
        self._say_enough: Callable[[], None] | None = None
        self.is_probe = choice.upstream.breaker.start()
        self._place = choice.upstream.places.place(money.quiet)
        self.task = asyncio.ensure_future(self._in_turn())

    @property
    def seconds(self) -> float:
        """How long it has been under way."""
        return (self._closed or self._now()) - self._launched

    @property
    def seconds_until_useful(self) -> float:
        """From the request until all that was needed of it had come."""
        return (self._useful or self._closed or self._now()) - (self._asked or self._launched)

    @property
    def due(self) -> float:
        """When it has to be looked at again, at the latest."""
        quiet_until = (self._now() if self._heard is None else self._heard) + self._patience
        return min(self._launched + self.slice_seconds, quiet_until)

    @property
    def hedge_at(self) -> float:
        """When a second vendor is to start beside it."""
        spoke_at = math.inf if self._heard is None else self._heard
        return min(self._launched + self.hedge_after, spoke_at + self.hedge_after_silence)

    @property
    def hangs(self) -> bool:
        """Whether the vendor has shown no life for as long as it would have needed for all, had it been sound."""
        if self._asked is None or self.task.done():
            return False
        return self._now() - max(self._asked, self._alive or 0.0) >= self.upstream.fair_seconds - TICK

    @property
    def is_silent(self) -> bool:
        """Whether the vendor has shown no life at all, or none of late."""
        if self._asked is None or self.task.done():
            return False
        return self._alive is None or self._now() - self._alive >= QUIET_SECONDS

    @property
    def patience_left(self) -> float:
        """How much longer it may say nothing before it hangs."""
        if self._heard is not None:
            return max(0.0, self._heard + self._patience - self._now())
        last_life = max(self._asked or 0.0, self._alive or 0.0)
        return max(0.0, last_life + self.upstream.fair_seconds - self._now())

    @property
    def is_at_work(self) -> bool:
        """Whether the vendor has shown life, and is neither done nor silent for too long."""
        return self._alive is not None and not self.task.done() and not self.hangs

    @property
    def characters(self) -> int:
        """How long its answer is so far."""
        return self.scanner.characters + self._beyond

    @property
    def has_all_items(self) -> bool:
        """Whether as many items came as were asked for, so that only the end of the answer is outstanding."""
        return self.scanner.items >= len(self.order.wanted)

    @property
    def may_be_billed(self) -> bool:
        """Whether the vendor may have read the prompt and begun to write."""
        return self.scanner.characters > 0 or (self._asked is not None and self._outcome not in NEVER_BEGAN)

    def hear(self, text: str) -> None:
        """Take a piece of the answer."""
        if self._closed is not None:
            self._pass_over(text)
            return
        is_first = self._heard is None
        is_blank = text.isspace()  # some models end in white space that never ends: no life, and no progress
        if not is_blank:
            self._alive = self._now()
        if not is_blank and (text or not is_first):  # before the first text a model may think as long as it has time
            self._heard = self._now()
        for found in self.scanner.feed(text):
            self._judge(found)
        if self.scanner.is_full or (
            is_first and self._heard is not None
        ):  # with the first text its silences begin to count
            self._group.wake()

    def outcome(self) -> CallOutcome | None:
        """How it has ended; None while it is to be waited for."""
        if self.task.done():
            return self._outcome_of_task()
        if self.scanner.is_full:
            return CallOutcome.TRUNCATED
        now = self._now()
        if now >= self._launched + self.slice_seconds - TICK:
            return self._outcome_of_time()
        is_silent = self._heard is not None and now >= self._heard + self._patience - TICK
        return CallOutcome.STALLED if is_silent else None

    def close(self, outcome: CallOutcome, *, is_broken_off: bool) -> None:
        """Take nothing more of it; what it had begun to write is a reject if it broke off."""
        if is_broken_off and self.scanner.characters:
            self._read_rest(is_whole=False)
        self._closed = self._now()
        self._outcome = outcome

    def read_on(self, characters: int, say_enough: Callable[[], None]) -> None:
        """Go on for the bill alone, until more than so many characters came or another call needs the place."""
        self._most_beyond, self._say_enough = characters, say_enough
        self.upstream.places.offer(self._place, say_enough)

    def heard_out(self) -> CallOutcome:
        """What a call that was listened to for a sign of life has come to."""
        left_at, self._closed = self._closed or 0.0, self._now()
        if not self.task.done():
            return CallOutcome.NOT_NEEDED if (self._alive or 0.0) >= left_at else CallOutcome.STALLED
        failed = self.task.cancelled() or self.task.exception() is not None
        return self._outcome_of_task() if failed else CallOutcome.NOT_NEEDED

    def let_go(self) -> None:
        """Have done with it, whether or not the vendor has; keep what it counted, if it came to its end."""
        if self.task.done() and not self.task.cancelled() and self.task.exception() is None:
            self.usage = self.task.result().usage
        self._say_enough = None
        self.upstream.places.let_go(self.task, self._place, self._now())

    def forget(self) -> None:
        """Drop what it ended with: an exception holds the frames that it passed, and one of them holds this call."""
        del self.task, self.error

    def mark_useful(self) -> None:
        """Note that all that was needed of it has come."""
        self._useful = self._useful or self._now()

    @property
    def _patience(self) -> float:
        """Seconds of silence in the middle of an answer that are borne, however much time there is."""
        return STALL_SHARE * min(self.slice_seconds, self.upstream.attempt_seconds)

    async def _in_turn(self) -> Ending:
        async with self._place:
            await self._money.reserve(self.ticket, self.upstream, self.order, self._clock)
            self._asked = self._now()
            self.response_format = self.upstream.vendor.response_format
            ending = await self.upstream.vendor.write(self.order, self.limit, self.hear)
        if self._closed is None:
            self._read_rest(is_whole=ending.finish_reason != "length")
        return ending

    def _pass_over(self, text: str) -> None:
        """Count what comes for the bill alone; a call that was let go and talks on is not heard at all."""
        if self._say_enough is None:
            return
        self._beyond += len(text)
        is_blank = text.isspace()
        if not is_blank:
            self._alive = self._now()
        if self._beyond > self._most_beyond and not (is_blank and self._alive is None):
            self._say_enough()

    def _read_rest(self, *, is_whole: bool) -> None:
        for found in self.scanner.end(is_whole=is_whole):
            self._judge(found)

    def _judge(self, found: Draft | Reject) -> None:
        if isinstance(found, Draft):
            rejects = self._pool.take(found, self._group, self._author, self)
            self.accepted += not rejects
        else:
            rejects = [found]
            self._pool.note(rejects)
        self.rejected.update(reject.rule for reject in rejects)

    def _outcome_of_task(self) -> CallOutcome:
        if self.task.cancelled():
            return CallOutcome.TIMED_OUT  # nobody here has cancelled it: a library that reports its timeout like this
        error = self.task.exception()
        if isinstance(error, VendorError):
            self.error = error
            return error.outcome
        if error is not None:
            return CallOutcome.UNEXPECTED
        return self._outcome_of_ending(self.task.result())

    def _outcome_of_ending(self, ending: Ending) -> CallOutcome:
        if not self.has_all_items and (ending.finish_reason == "length" or self.scanner.is_open):
            return CallOutcome.TRUNCATED
        return CallOutcome.OK if self.accepted else CallOutcome.UNUSABLE

    def _outcome_of_time(self) -> CallOutcome:
        if self.ticket.waits:
            return CallOutcome.SPEND_LIMIT
        if self._asked is None or self._asked - self._launched > self.slice_seconds / 2:
            return CallOutcome.NO_PLACE  # the vendor had no fair chance
        cut_short = self._is_last_of_request and self.slice_seconds < self.upstream.attempt_seconds
        return CallOutcome.OUT_OF_BUDGET if cut_short and not self.hangs else CallOutcome.TIMED_OUT
