"""Questions put to a vendor as a test-taker sees them: one request, and which options it chose."""

import asyncio
import re
from collections.abc import Callable
from datetime import datetime

import msgspec

from assessment.deadline import Deadline
from providers.protocol import NEVER_BEGAN, CallOutcome, Ending, FormatRefused, Quiz, ResponseFormat, Usage, VendorError
from providers.routing.bounded import abandon
from providers.routing.upstream import Upstream
from providers.vendors.mends import place_of
from providers.vendors.reasoning import without_reasoning
from providers.writing.money import Money, SetMoney, Ticket

_LIST_OF_ANSWERS = re.compile(r'"answers"\s*:\s*(\[.*?\])', re.DOTALL)


class _Answer(msgspec.Struct, frozen=True):
    question: int
    choice: str


class Solved(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a quiz: for every entry the index of the option chosen, or None where no answer could be read.

    `usage` is None when the vendor gave no figures; `characters` is the length of its answer. `may_be_billed` tells
    whether it may have read the quiz; `ticket` is the money that was set aside.
    """

    choices: tuple[int | None, ...]
    outcome: CallOutcome
    started_at: datetime
    seconds: float
    slice_seconds: float
    response_format: ResponseFormat | None
    usage: Usage | None
    characters: int
    may_be_billed: bool
    ticket: Ticket

    @property
    def answered(self) -> int:
        """How many answers could be read."""
        return sum(choice is not None for choice in self.choices)


async def solve(
    upstream: Upstream,
    quiz: Quiz,
    deadline: Deadline,
    note: Callable[[Solved], None],
    *,
    money: SetMoney | None = None,
) -> Solved:
    """Have a vendor answer a quiz before the deadline. Never raises VendorError: what failed is the outcome.

    The vendor's breaker hears only of transport: a model that answers quizzes badly may still write well. `note` gets
    what is returned, and also what came of a quiz that is cancelled.
    """
    asking = _Asking(upstream, quiz, deadline, money or SetMoney(Money()))
    try:
        await asking.wait()
    except asyncio.CancelledError:
        note(asking.end(CallOutcome.ABANDONED))
        raise
    solved = asking.end()
    note(solved)
    return solved


def read_choices(text: str, count: int) -> tuple[int | None, ...]:
    """Read the answers to `count` questions, numbered from 1. Never raises: what cannot be read is None.

    A question that is answered twice in different ways has no answer.
    """
    chosen: dict[int, set[int]] = {}
    for answer in _answers(text):
        place = place_of(answer.choice)
        if place is not None:
            chosen.setdefault(answer.question, set()).add(place)
    return tuple(_only(chosen.get(number, set())) for number in range(1, count + 1))


class _Asking:
    """One quiz at one vendor, in the air; ended once, whatever the vendor's call does."""

    def __init__(self, upstream: Upstream, quiz: Quiz, deadline: Deadline, money: SetMoney) -> None:
        self._upstream, self._quiz, self._deadline, self._money = upstream, quiz, deadline, money
        self._ticket = Ticket()
        self._started_at, self._started = deadline.clock.now(), deadline.elapsed
        self._slice_seconds = deadline.remaining
        self._pieces: list[str] = []
        self._asked: float | None = None
        self._is_probe = upstream.breaker.start(solves=True)
        self._place = upstream.places.place(money.quiet)
        self._task = asyncio.ensure_future(self._in_turn())

    async def wait(self) -> None:
        """Until the call or the time is over."""
        alarm = asyncio.ensure_future(self._deadline.clock.sleep(self._deadline.remaining))
        try:
            await asyncio.wait({self._task, alarm}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            abandon(alarm)

    def end(self, outcome: CallOutcome | None = None) -> Solved:
        """Let go of it, tell the breaker, and read what came."""
        ended, usage, retry_after = (outcome, None, None) if outcome else self._result()
        now = self._deadline.clock.monotonic()
        breaker = self._upstream.breaker
        breaker.end(ended, now, is_probe=self._is_probe, retry_after=retry_after, solved=True)
        self._upstream.places.let_go(self._task, self._place, now)
        del self._task  # its exception holds the frames that it passed, and one of them holds this object
        text = "".join(self._pieces)
        choices = read_choices(text, len(self._quiz.entries))
        if ended is CallOutcome.OK and not any(choice is not None for choice in choices):
            ended = CallOutcome.UNUSABLE
        return Solved(
            choices=choices,
            outcome=ended,
            started_at=self._started_at,
            seconds=self._deadline.elapsed - self._started,
            slice_seconds=self._slice_seconds,
            response_format=self._upstream.vendor.response_format,
            usage=usage,
            characters=len(text),
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
            await self._money.reserve(self._ticket, self._upstream, self._quiz, self._deadline.clock)
            self._asked = self._deadline.elapsed
            while True:
                self._pieces.clear()
                try:
                    return await self._upstream.vendor.write(self._quiz, self._deadline, self._pieces.append)
                except FormatRefused:
                    continue


def _answers(text: str) -> list[_Answer]:
    answers = []
    for match in _LIST_OF_ANSWERS.finditer(without_reasoning(text)):
        try:
            entries = msgspec.json.decode(match[1].encode(), type=list[msgspec.Raw])
        except (msgspec.DecodeError, UnicodeEncodeError):
            continue
        answers += [answer for entry in entries if (answer := _answer(entry))]
    return answers


def _answer(entry: msgspec.Raw) -> _Answer | None:
    try:
        return msgspec.json.decode(entry, type=_Answer)
    except msgspec.DecodeError:
        return None


def _only(choices: set[int]) -> int | None:
    return next(iter(choices)) if len(choices) == 1 else None
