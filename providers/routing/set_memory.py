"""What vendors have done for one set: who did badly, what each was asked in vain, whom a refused set goes back to.

It lasts as long as the writing of the set. The parallel calls of one round each have their own `Tries` over it, since
second chances after bad luck, and how often in a row a vendor may bring nothing, are counted for each call: counted
over all of them, two calls with one bad sample each would use up what a single vendor has.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping

from providers.protocol import CallOutcome, Order
from providers.routing.breaker import CONTENT_FAILURES, TRANSPORT_FAILURES

MAX_IN_VAIN = 16  # so many items in a row of one vendor may leave a refused set as far from the rules as it was
MAX_REFUSED = 10  # so often a set may be refused with new items of one vendor

_ANSWERED = CONTENT_FAILURES | {CallOutcome.OK}


class SetMemory:
    """One for each set."""

    def __init__(self) -> None:
        self._failed: set[str] = set()
        self._in_vain: dict[str, list[Order]] = defaultdict(list)
        self._refused: Counter[str] = Counter()
        self._without_gain: Counter[str] = Counter()  # items
        self._turns: dict[str, int] = {}  # of vendors whose items a set was refused for, by the refusal it was
        self._refusals = 0
        self._least = math.inf

    def goes_last(self, name: str) -> bool:
        """Tell whether others are asked first: its last call failed, or a set was refused for its items."""
        return name in self._failed or name in self._turns or self._is_spent(name)

    def may_ask(self, name: str, order: Order) -> bool:
        """Tell whether a vendor may have this order: it can still better the set, and was not asked this in vain."""
        return not self._is_spent(name) and all(order.differs_from(earlier) for earlier in self._in_vain[name])

    def turn(self, name: str) -> int:
        """Of several whose items a set was refused for, the one with the lowest turn has waited longest."""
        return self._turns.get(name, 0)

    def ended(self, name: str, order: Order, outcome: CallOutcome, *, has_progressed: bool) -> None:
        """Note how a call of the set ended; one that was not needed any more says nothing."""
        if outcome is CallOutcome.OK and has_progressed:
            self._failed.discard(name)
        elif outcome in _ANSWERED | TRANSPORT_FAILURES:
            self._failed.add(name)
        if outcome in _ANSWERED and not has_progressed:
            self._in_vain[name].append(order)

    def refused(self, written: Mapping[str, int], blamed: Collection[str], shortfall: float) -> None:
        """Note that the items make no set: how many came from whom since the last time, and who is to blame.

        The first time, those who are to blame step back. Later it is those whose new items did not take the set nearer
        to the rules; who did better goes on.
        """
        self._refusals += 1
        self._refused.update(written.keys())
        if self._refusals == 1:
            self._turns.update(dict.fromkeys(blamed, self._refusals))
        elif shortfall < self._least:
            for name in written:
                self._without_gain[name] = 0
                self._turns.pop(name, None)
        else:
            self._without_gain.update(written)
            self._turns.update(dict.fromkeys(written, self._refusals))
        self._least = min(self._least, shortfall)

    def _is_spent(self, name: str) -> bool:
        return self._without_gain[name] >= MAX_IN_VAIN or self._refused[name] >= MAX_REFUSED
