"""When a second vendor starts beside a slow first one, and how often that may happen.

A first vendor is slow when it takes longer than it usually does, or falls silent in the middle of an answer: one
that has broken off is noticed long before its time is up, which keeps the slowest sets near the usual ones.
"""

import math

from providers.config import Hedge
from providers.routing.pace import Pace

FIRST_HEDGES = 2.0  # so that also the two calls of the very first set are not at the mercy of one vendor
MAX_SAVED_HEDGES = 10.0  # what calm times may save up for a storm: the window the share is kept in
SILENCE_SHARE = 0.15  # of a usual call: about a second, where pieces come every few hundredths of one
FLOOR_SECONDS = 0.05  # below this a second request costs more than it can save


class HedgePolicy:
    """Hedges are paid from a purse: every call puts a share of one in, every hedge takes one out."""

    def __init__(self, config: Hedge | None = None) -> None:
        self._config = config or Hedge()
        self._share = int(self._config.after.removeprefix("p")) / 100
        self._purse = FIRST_HEDGES if self._config.max_extra_share else 0.0

    def seconds_until(self, pace: Pace) -> float:
        """How long a call of this vendor is waited for alone."""
        usual = pace.quantile(self._share)
        return max(FLOOR_SECONDS, self._config.min_seconds if usual is None else usual)

    def seconds_of_silence(self, pace: Pace) -> float:
        """How long a silence in the middle of an answer is borne; without an end until the vendor is known."""
        usual = pace.quantile(0.5)
        return math.inf if usual is None else max(FLOOR_SECONDS, SILENCE_SHARE * usual)

    def earn(self) -> None:
        """Note a call that was made without a hedge."""
        self._purse = min(MAX_SAVED_HEDGES, self._purse + self._config.max_extra_share)

    def pay(self) -> bool:
        """Take the price of a hedge, if there is enough."""
        if self._purse < 1.0:
            return False
        self._purse -= 1.0
        return True

    def give_back(self) -> None:
        """A hedge that never reached its vendor has cost nothing."""
        self._purse = min(MAX_SAVED_HEDGES, self._purse + 1.0)
