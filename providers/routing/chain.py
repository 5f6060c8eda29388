"""Which vendor is asked next: the order of preference, what a call has met so far, and how each vendor stands now."""

from collections import Counter
from collections.abc import Collection, Sequence

import msgspec

from assessment.deadline import Deadline
from providers.protocol import CallOutcome, Order
from providers.routing.breaker import TRANSPORT_FAILURES
from providers.routing.hedge import HedgePolicy
from providers.routing.upstream import Upstream, VendorStatus

MIN_CALL_SECONDS = 0.05  # nobody answers in less

# A call that ended like this may be made once more as it was: nothing was said about the request itself.
_REPEATABLE = TRANSPORT_FAILURES - {CallOutcome.MALFORMED}
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
    """Nobody else is left, and a vendor that asked for a pause will be back in time."""

    seconds: float


class Tries:
    """What one call has met with each vendor."""

    def __init__(self) -> None:
        self._failed: dict[str, CallOutcome] = {}
        self._sent: dict[str, Order] = {}
        self._had_second_chance: set[str] = set()
        self._fruitless: Counter[str] = Counter()

    def is_fresh(self, name: str) -> bool:
        """Tell whether the vendor has not failed in this call."""
        return name not in self._failed

    def may_repeat(self, name: str, order: Order) -> bool:
        """Tell whether a vendor that failed is asked again: once after bad luck, or a few times for something else."""
        outcome = self._failed.get(name)
        if outcome is None or outcome in _HOPELESS:
            return False
        if outcome in _REPEATABLE:
            return name not in self._had_second_chance
        return self._fruitless[name] < MAX_FRUITLESS and order.differs_from(self._sent[name])

    def sent(self, name: str, order: Order) -> None:
        """Note that an order goes out."""
        self._sent[name] = order
        if self._failed.get(name) in _REPEATABLE:
            self._had_second_chance.add(name)

    def ended(self, name: str, outcome: CallOutcome, *, has_progressed: bool) -> None:
        """Note how it ended. Whoever brings something usable may go on, which ends since less and less is missing."""
        self._fruitless[name] += 1
        if has_progressed:
            self._had_second_chance.discard(name)
            self._fruitless[name] = 0
        if outcome is CallOutcome.OK and has_progressed:
            self._failed.pop(name, None)
        else:
            self._failed[name] = CallOutcome.UNUSABLE if outcome is CallOutcome.OK else outcome


class Chain:
    """Vendors in order of preference."""

    def __init__(self, upstreams: Sequence[Upstream], hedge: HedgePolicy | None = None) -> None:
        self.upstreams = tuple(upstreams)
        self.hedge = hedge or HedgePolicy()

    def choose(self, order: Order, tries: Tries, deadline: Deadline) -> VendorChoice | Pause | None:
        """Say who is to be asked now; None when nobody is left who could still answer.

        The first vendor that is ready and has not failed in this call; with none ready, the least bad one; with none
        left, one that failed and gets a second chance.
        """
        now = deadline.clock.monotonic()
        able = self._able(order, deadline)
        fresh = [upstream for upstream in able if tries.is_fresh(upstream.name)]
        again = [upstream for upstream in able if tries.may_repeat(upstream.name, order)]
        if choice := _first_ready(fresh, order, deadline) or _pause(fresh, order, deadline):
            return choice
        if fresh:
            least_bad = min(fresh, key=lambda upstream: upstream.breaker.seconds_to_ready(now))
            return VendorChoice(least_bad, least_bad.slice_of(deadline.remaining, fresh, len(order.wanted)))
        return _first_ready(again, order, deadline) or _pause(again, order, deadline)

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
        usable = [it for it in self.upstreams if not it.breaker.is_out and not it.is_stuck(now)]
        return [it for it in usable if it.can_finish(items, remaining)]


def _first_ready(upstreams: Sequence[Upstream], order: Order, deadline: Deadline) -> VendorChoice | None:
    now = deadline.clock.monotonic()
    ready = [upstream for upstream in upstreams if upstream.breaker.is_ready(now)]
    if not ready:
        return None
    return VendorChoice(ready[0], ready[0].slice_of(deadline.remaining, ready, len(order.wanted)))


def _pause(upstreams: Sequence[Upstream], order: Order, deadline: Deadline) -> Pause | None:
    """The shortest pause a vendor has asked for, if it leaves that vendor the time it needs."""
    now, items = deadline.clock.monotonic(), len(order.wanted)
    pauses = [(upstream.breaker.seconds_to_rest(now), upstream) for upstream in upstreams]
    fitting = [
        pause
        for pause, upstream in pauses
        if pause and upstream.can_finish(items, deadline.remaining - pause - MIN_CALL_SECONDS)
    ]
    return Pause(min(fitting)) if fitting else None
