"""Which vendor is asked next: the order of preference, what a call has met so far, and how each vendor stands now."""

from collections import Counter
from collections.abc import Collection, Sequence

import msgspec

from assessment.deadline import Deadline
from providers.protocol import CallOutcome, Order
from providers.routing.backoff import Backoff
from providers.routing.breaker import TRANSPORT_FAILURES
from providers.routing.hedge import HedgePolicy
from providers.routing.set_memory import SetMemory
from providers.routing.upstream import Upstream, VendorStatus

MIN_CALL_SECONDS = 0.05  # nobody answers in less

# A call that ended like this may be made again as it was, after a pause: nothing was said about the request itself.
_REPEATABLE = TRANSPORT_FAILURES - {CallOutcome.MALFORMED} | {CallOutcome.NO_PLACE}
# What a model writes differs from sample to sample, so one that wrote badly may be asked for something else so often
# in a row; by then it has shown that it cannot, and with a share of one in five bad items it fails 0.2^3 of the time.
MAX_FRUITLESS = 3

# These would end the same way, however the request is changed.
_HOPELESS = frozenset({CallOutcome.CONTENT_REFUSED, CallOutcome.REQUEST_REJECTED, CallOutcome.MALFORMED})


class VendorChoice(msgspec.Struct, frozen=True):
    """Ask this vendor now, for at most so many seconds."""

    upstream: Upstream
    seconds: float


class Pause(msgspec.Struct, frozen=True):
    """Nobody is to be asked now, and somebody can be asked in so many seconds and still answer in time."""

    seconds: float


class Tries:
    """What one call has met with each vendor, on top of what the set has."""

    def __init__(self, memory: SetMemory | None = None, backoff: Backoff | None = None) -> None:
        self._memory = memory or SetMemory()
        self._backoff = backoff or Backoff()
        self._failed: dict[str, CallOutcome] = {}
        self._sent: dict[str, Order] = {}
        self._again_at: dict[str, float] = {}  # moments of the monotonic clock
        self._fruitless: Counter[str] = Counter()

    def is_fresh(self, name: str) -> bool:
        """Tell whether the vendor has failed neither in this call nor in an earlier round of the set."""
        return name not in self._failed and not self._memory.goes_last(name)

    def may_repeat(self, name: str, order: Order) -> bool:
        """Tell whether a vendor that failed is asked again: after bad luck, or a few times for something else."""
        outcome = self._failed.get(name)
        if not self._memory.may_ask(name, order):
            return False
        if outcome is None:
            return self._memory.goes_last(name)
        if outcome in _REPEATABLE or self._has_just_helped(name):
            return True
        if outcome in _HOPELESS:
            return False
        if outcome is CallOutcome.UNAUTHORIZED:
            return self._fruitless[name] < MAX_FRUITLESS
        return self._fruitless[name] < MAX_FRUITLESS and order.differs_from(self._sent[name])

    def seconds_to_repeat(self, name: str, now: float) -> float:
        """How long a vendor that failed by bad luck is still left alone."""
        return max(0.0, self._again_at.get(name, now) - now)

    def turn(self, name: str) -> int:
        """Of those who can be asked again at once, who is asked first: the lowest."""
        return self._memory.turn(name)

    def sent(self, name: str, order: Order) -> None:
        """Note that an order goes out."""
        self._sent[name] = order

    def ended(self, name: str, outcome: CallOutcome, now: float, *, has_progressed: bool) -> None:
        """Note how it ended. Whoever brings something usable may go on, which ends since less and less is missing."""
        self._memory.ended(name, self._sent[name], outcome, has_progressed=has_progressed)
        self._fruitless[name] = 0 if has_progressed else self._fruitless[name] + 1
        self._again_at.pop(name, None)
        if (outcome in _REPEATABLE or outcome is CallOutcome.UNAUTHORIZED) and not has_progressed:
            self._again_at[name] = now + self._backoff.seconds(self._fruitless[name])
        if outcome is CallOutcome.OK and has_progressed:
            self._failed.pop(name, None)
        else:
            self._failed[name] = CallOutcome.UNUSABLE if outcome is CallOutcome.OK else outcome

    def _has_just_helped(self, name: str) -> bool:
        return not self._fruitless[name]


class Chain:
    """Vendors in order of preference."""

    def __init__(self, upstreams: Sequence[Upstream], hedge: HedgePolicy | None = None) -> None:
        self.upstreams = tuple(upstreams)
        self.hedge = hedge or HedgePolicy()

    def choose(self, order: Order, tries: Tries, deadline: Deadline) -> VendorChoice | Pause | None:
        """Say who is to be asked now; None when nobody is left who could still answer.

        The first vendor that is ready and has not failed. With none ready, whoever can be asked soonest: one that rests
        at its own request, one that is open, or one that failed and is asked again, perhaps after a pause.
        """
        able = self._able(order, deadline)
        fresh = [upstream for upstream in able if tries.is_fresh(upstream.name)]
        if choice := _first_ready(fresh, order, deadline):
            return choice
        now = deadline.clock.monotonic()
        waits = [(upstream.breaker.seconds_to_rest(now), upstream) for upstream in fresh]
        waits += [
            (max(tries.seconds_to_repeat(it.name, now), it.breaker.seconds_to_rest(now)), it)
            for it in sorted(able, key=lambda it: tries.turn(it.name))
            if tries.may_repeat(it.name, order)
        ]
        return _soonest(waits, order, deadline) or _least_bad(fresh, order, deadline)

    def choose_hedge(
        self, order: Order, tries: Tries, deadline: Deadline, busy: Collection[str]
    ) -> VendorChoice | None:
        """Say who could start beside those who are at work."""
        able = self._able(order, deadline)
        return _first_ready([it for it in able if it.name not in busy and tries.is_fresh(it.name)], order, deadline)

    def status(self, now: float) -> tuple[VendorStatus, ...]:
        """How every vendor stands at a moment of the monotonic clock."""
        return tuple(upstream.status(now) for upstream in self.upstreams)

    def _able(self, order: Order, deadline: Deadline) -> list[Upstream]:
        remaining = deadline.remaining
        if remaining < MIN_CALL_SECONDS:
            return []
        items, now = len(order.wanted), deadline.clock.monotonic()
        usable = [it for it in self.upstreams if not it.breaker.is_barred(now) and not it.is_stuck(now)]
        return [it for it in usable if it.can_finish(items, remaining)]


def _first_ready(upstreams: Sequence[Upstream], order: Order, deadline: Deadline) -> VendorChoice | None:
    now = deadline.clock.monotonic()
    ready = [upstream for upstream in upstreams if upstream.breaker.is_ready(now)]
    if not ready:
        return None
    left = ready if len(ready) > 1 else upstreams  # nobody has all the time while another one only rests
    return VendorChoice(ready[0], ready[0].slice_of(deadline.remaining, left, len(order.wanted)))


def _soonest(waits: Sequence[tuple[float, Upstream]], order: Order, deadline: Deadline) -> VendorChoice | Pause | None:
    """Of vendors and how long they are left alone, who can be asked first and is left the time it needs."""
    now, items = deadline.clock.monotonic(), len(order.wanted)
    fitting = [
        (wait, upstream.breaker.seconds_to_ready(now), upstream)
        for wait, upstream in waits
        if upstream.can_finish(items, deadline.remaining - (wait and wait + MIN_CALL_SECONDS))
    ]
    if not fitting:
        return None
    wait, _, upstream = min(fitting, key=lambda it: it[:2])
    if wait > 0:
        return Pause(wait)
    return VendorChoice(upstream, upstream.slice_of(deadline.remaining, [it for *_, it in fitting], items))


def _least_bad(upstreams: Sequence[Upstream], order: Order, deadline: Deadline) -> VendorChoice | None:
    """Somebody all the same, though the pause that it asked for is too long."""
    now = deadline.clock.monotonic()
    chosen = min(upstreams, key=lambda upstream: upstream.breaker.seconds_to_ready(now), default=None)
    if chosen is None:
        return None
    return VendorChoice(chosen, chosen.slice_of(deadline.remaining, upstreams, len(order.wanted)))
