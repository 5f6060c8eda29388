"""How long a vendor that failed is left alone before it is asked again, where it does not say so itself."""

from random import Random

FIRST_SECONDS = 1.0
MOST_SECONDS = 30.0
LEAST_SHARE = 0.75  # calls that failed together do not come back together

_rng = Random()  # noqa: S311 - spreads calls, hides nothing


class Backoff:
    """The pauses of one call: each twice as long as the one before, and some of it left to chance."""

    def __init__(self, rng: Random | None = None) -> None:
        self._rng = rng or _rng

    def seconds(self, failures: int) -> float:
        """The pause after so many failures in a row."""
        longest = min(MOST_SECONDS, FIRST_SECONDS * 2.0 ** (failures - 1))
        return longest * self._rng.uniform(LEAST_SHARE, 1.0)
