"""When a second vendor starts beside a slow first one, and how often that may happen.

A first vendor is slow when it takes longer than it usually does, or falls silent in the middle of an answer: one
that has broken off is noticed long before its time is up, which keeps the slowest sets near the usual ones.
"""

import math

from providers.config import HedgeLimits
from providers.routing.pace import Pace

FIRST_TOKENS = 2.0  # so that also the two calls of the very first set are not at the mercy of one vendor
MAX_TOKENS = 10.0  # what calm times may save up for a storm: the window the share is kept in
SILENCE_SHARE = 0.15  # of a usual call: about a second, where pieces come every few hundredths of one
FLOOR_SECONDS = 0.05  # below this a second request costs more than it can save


class HedgePolicy:
    """Bounds hedges by a token bucket: every call adds a share of a token, every hedge takes a whole one."""

    def __init__(self, config: HedgeLimits | None = None) -> None:
        self._config = config or HedgeLimits()
        self._share = int(self._config.after.removeprefix("p")) / 100
        self._tokens = FIRST_TOKENS if self._config.max_extra_share else 0.0

    def seconds_until(self, pace: Pace) -> float:
        """How long a call of this vendor is waited for alone."""
        usual = pace.quantile(self._share)
        return max(FLOOR_SECONDS, self._config.min_seconds if usual is None else usual)

    def seconds_of_silence(self, pace: Pace) -> float:
        """How long a silence in the middle of an answer is borne; without an end until the vendor is known."""
        usual = pace.quantile(0.5)
        return math.inf if usual is None else max(FLOOR_SECONDS, SILENCE_SHARE * usual)

    def add_share(self) -> None:
        """Note a call that was made without a hedge."""
        self._tokens = min(MAX_TOKENS, self._tokens + self._config.max_extra_share)

    def take_token(self) -> bool:
        """Take the token of a hedge, if there is one."""
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

    def return_token(self) -> None:
        """A hedge that never reached its vendor has cost nothing."""
        self._tokens = min(MAX_TOKENS, self._tokens + 1.0)
