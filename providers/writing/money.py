"""Money for the calls of a set: the most a call can cost is set aside before it, and what it did cost counts after it.

So a limit is kept before it is passed, also by many calls at the same time. Without limits, and for vendors that cost
nothing, nothing is set aside and nobody is asked.
"""

import asyncio
from collections.abc import Callable
from datetime import date, datetime
from typing import Protocol
from uuid import UUID, uuid4

import msgspec
import structlog
from prometheus_client import Counter, Gauge

from assessment.deadline import Clock
from assessment.quiet import Quiet
from assessment.spending import Allowance, Grant, cost_in_nanos, limit_in_nanos, spent_in_nanos
from providers import prompts
from providers.config import Spend
from providers.protocol import Request, SpendLimitReached
from providers.routing.upstream import FREE, Upstream

RETRY_SECONDS = 0.25  # until money that calls under way may leave is asked for again
EXTRA_INPUT_TOKENS = 1_000  # what vendors put around the messages, as for a forced tool

PER_DAY, PER_SET = "max_usd_per_day", "max_usd_per_set"

REFUSED = Counter("retake_spend_refused", "Calls that a spend limit did not allow", ("limit",))
REACHED = Gauge(
    "retake_spend_limit_reached", "1 on a day whose spend limit has stopped a call", multiprocess_mode="livemax"
)

log = structlog.get_logger(__name__)


class DaySpend(Protocol):
    """Where the spending of all processes on the current day (UTC) is kept, in billionths of a dollar."""

    async def reserve(self, ticket: UUID, nanos: int, limit: int, call_seconds: float) -> Grant:
        """Set money aside for a call, which is under way for `call_seconds` at most; `later` if that is not known."""

    def settle(self, ticket: UUID, nanos: int) -> None:
        """Put what a call cost in the place of what was set aside for it, soon; an unknown ticket is nothing."""


class Ticket:
    """The money that is set aside for one call; `waits` while others may leave some."""

    __slots__ = ("id", "nanos", "waits")

    def __init__(self) -> None:
        self.id: UUID | None = None
        self.nanos = 0
        self.waits = False


class Money:
    """The limits of one configuration."""

    def __init__(
        self, limits: Spend | None = None, day: DaySpend | None = None, *, call_seconds: float = 3600.0
    ) -> None:
        limits = limits or Spend()
        if limits.max_usd_per_day is not None and day is None:
            raise ValueError("a limit per day needs a place where the day's spending is kept")
        self.per_set = None if limits.max_usd_per_set is None else limit_in_nanos(limits.max_usd_per_set)
        self.per_day = None if limits.max_usd_per_day is None else limit_in_nanos(limits.max_usd_per_day)
        self.day = day
        self.call_seconds = call_seconds
        self._reached_on: date | None = None

    def is_reached(self, now: datetime) -> bool:
        """Tell whether the day's limit has stopped a call today; the gauge says it too."""
        is_reached = self._reached_on == now.date()
        REACHED.set(is_reached)
        return is_reached

    def note_reached(self, now: datetime) -> bool:
        """Note that the day's limit has stopped a call; tells whether it is the first one today."""
        is_first, self._reached_on = self._reached_on != now.date(), now.date()
        return is_first


class SetMoney:
    """What the calls of one set may spend; `make_room` ends calls that nobody needs, so that they leave some.

    Where nobody waits for the set, its `quiet` counts what it costs.
    """

    def __init__(self, money: Money, make_room: Callable[[], None] = lambda: None, quiet: Quiet | None = None) -> None:
        self.quiet = quiet
        self._open: set[Ticket] = set()
        self._settled = asyncio.Event()
        self._money = money
        self._make_room = make_room
        self._allowance = None if money.per_set is None else Allowance(money.per_set)
        self._has_told = False

    async def reserve(self, ticket: Ticket, upstream: Upstream, request: Request, clock: Clock) -> None:
        """Wait until the most that a call can cost is set aside. Raises SpendLimitReached when it never can be."""
        most = self._most(upstream, request)
        self._open.add(ticket)
        ticket.waits = most > 0
        while ticket.waits:
            limit, grant = await self._ask(ticket, most)
            if grant is Grant.NEVER:
                self._tell(limit, upstream, clock.now())
                raise SpendLimitReached(upstream.name, limit)
            ticket.waits = grant is Grant.LATER
            if ticket.waits:
                self._make_room()
                await clock.sleep(RETRY_SECONDS)

    def settle(self, ticket: Ticket, cost: float | None) -> None:
        """Count what a call did cost, in dollars; one that was not made leaves all that was set aside for it."""
        self._open.discard(ticket)
        self._settled.set()
        if self.quiet is not None:
            self.quiet.cost += cost or 0.0
        if not ticket.nanos:
            return
        spent = spent_in_nanos(cost or 0.0)
        if self._allowance is not None:
            self._allowance.settle(ticket.nanos, spent)
        if self._money.per_day is not None and self._money.day is not None and ticket.id is not None:
            self._money.day.settle(ticket.id, spent)
        ticket.nanos = 0

    async def wait_for_bills(self) -> None:
        """Until all calls are settled, as long as nobody waits for the set."""
        if self.quiet is None:
            return
        forget = self.quiet.on_end(self._settled.set)
        while self._open and not self.quiet.is_over:
            self._settled.clear()
            await self._settled.wait()
        forget()

    def _most(self, upstream: Upstream, request: Request) -> int:
        has_limits = self._money.per_set is not None or self._money.per_day is not None
        if not has_limits or upstream.price == FREE:
            return 0
        if upstream.price is None or upstream.max_output_tokens is None:
            raise SpendLimitReached(upstream.name, "its price or its longest answer is not known")
        read, written = most_tokens_read(request), upstream.max_output_tokens
        return cost_in_nanos(((read, upstream.price.input_per_million), (written, upstream.price.output_per_million)))

    async def _ask(self, ticket: Ticket, most: int) -> tuple[str, Grant]:
        grant = Grant.GRANTED if self._allowance is None else self._allowance.reserve(most)
        if grant is not Grant.GRANTED:
            return PER_SET, grant
        ticket.id, ticket.nanos = uuid4(), most
        if self._money.per_day is None or self._money.day is None:
            return PER_SET, grant
        grant = await self._money.day.reserve(ticket.id, most, self._money.per_day, self._money.call_seconds)
        if grant is not Grant.GRANTED:
            ticket.nanos = 0
            if self._allowance is not None:
                self._allowance.settle(most, 0)
        return PER_DAY, grant

    def _tell(self, limit: str, upstream: Upstream, now: datetime) -> None:
        REFUSED.labels(limit).inc()
        is_first = self._money.note_reached(now) if limit == PER_DAY else not self._has_told
        self._has_told = True
        if is_first:
            log.error("spend_limit_reached", limit=limit, vendor=upstream.name)


def most_tokens_read(request: Request) -> int:
    """How many tokens a vendor can count for a request: no tokenizer makes more of a text than it has bytes."""
    prompt = prompts.build(request)
    texts = (prompt.system.encode(), prompt.user.encode(), msgspec.json.encode(prompts.schema(request)))
    return sum(map(len, texts)) + EXTRA_INPUT_TOKENS
