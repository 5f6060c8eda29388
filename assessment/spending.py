"""Money for model vendors: what is set aside before a call, and what may be spent in all.

Sums are in whole billionths of a dollar, so that adding and taking away loses nothing.
"""

from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import StrEnum

NANOS_PER_DOLLAR = 1_000_000_000


class Grant(StrEnum):
    """Whether money could be set aside; `later`: it may be, once calls under way have turned out cheaper."""

    GRANTED = "granted"
    LATER = "later"
    NEVER = "never"


class Allowance:
    """A limit, and what of it is spent or set aside. Passed only by a call that costs more than was set aside for it.

    `under_way` is the part of `committed` that is set aside and not settled yet.
    """

    def __init__(self, limit: int, committed: int = 0, under_way: int = 0) -> None:
        self.limit = limit
        self.committed = committed
        self.under_way = under_way

    def reserve(self, amount: int) -> Grant:
        """Set an amount aside, if it fits."""
        if self.committed + amount <= self.limit:
            self.committed += amount
            self.under_way += amount
            return Grant.GRANTED
        fits_later = self.committed - self.under_way + amount <= self.limit
        return Grant.LATER if fits_later else Grant.NEVER

    def settle(self, reserved: int, spent: int) -> None:
        """Put what was spent in the place of what was set aside for it."""
        self.committed += spent - reserved
        self.under_way -= reserved


def cost_in_nanos(prices: Iterable[tuple[int, float]]) -> int:
    """What tokens cost, each number with its price in dollars per million; a part of a billionth counts as a whole."""
    dollars = sum((tokens * Decimal(repr(price)) for tokens, price in prices), Decimal()) / 1_000_000
    return int((dollars * NANOS_PER_DOLLAR).to_integral_value(ROUND_CEILING))


def limit_in_nanos(dollars: float) -> int:
    """A limit as it stands in a configuration; a part of a billionth is left out."""
    return int((Decimal(repr(dollars)) * NANOS_PER_DOLLAR).to_integral_value(ROUND_FLOOR))


def spent_in_nanos(dollars: float) -> int:
    """What was spent; a part of a billionth counts as a whole."""
    return int((Decimal(repr(dollars)) * NANOS_PER_DOLLAR).to_integral_value(ROUND_CEILING))
