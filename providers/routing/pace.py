"""How long each vendor usually takes for a call, learned from its last ones and kept over restarts."""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

WINDOW = 256  # calls remembered per vendor: 2 KB, enough to tell a p95 from a p90
MIN_SAMPLES = 20  # fewer say nothing about a p95
USUAL = 0.5
ROUNDING = 1e-9
FULL_SHARE = 0.5  # a call for fewer items than this share of a full one tells nothing about full ones


class Learned(msgspec.Struct, frozen=True):
    """What is known about one vendor: seconds of its last full calls, oldest first, and how many items these had.

    `unfinished` are the places of those that were cut off: they would have taken longer.
    """

    items: int = 0
    seconds: tuple[float, ...] = ()
    unfinished: tuple[int, ...] = ()


class _Call(NamedTuple):
    """In the order of seconds; of two that took as long the one that was cut off stands behind."""

    seconds: float
    is_unfinished: bool = False


class Pace:
    """The durations of one vendor's successful calls, and of those that were cut off while it was at work.

    The latter are censored: all that is known is that they would have taken longer. Without them only the quick calls
    of a slow vendor would be known. They are reckoned with as Kaplan and Meier do: whoever is cut off counts among
    those still at work until then, and not at all afterwards.
    """

    def __init__(self, learned: Learned | None = None) -> None:
        known = learned or Learned()
        cut_off = set(known.unfinished)
        self._items = known.items
        self._calls = deque(
            (_Call(seconds, index in cut_off) for index, seconds in enumerate(known.seconds)), maxlen=WINDOW
        )
        self._share_within: list[tuple[float, float]] | None = None

    @property
    def learned(self) -> Learned:
        """The state, for a store."""
        return Learned(
            self._items,
            tuple(call.seconds for call in self._calls),
            tuple(index for index, call in enumerate(self._calls) if call.is_unfinished),
        )

    @property
    def is_known(self) -> bool:
        return len(self._calls) >= MIN_SAMPLES

    def note(self, seconds: float, items: int, *, is_unfinished: bool = False) -> None:
        """Add a call that succeeded or was cut off; one that asked for few items would make full ones look slow."""
        if items < FULL_SHARE * self._items:
            return
        self._items = max(self._items, items)
        self._calls.append(_Call(seconds, is_unfinished))
        self._share_within = None

    def quantile(self, share: float) -> float | None:
        """The duration that this share of calls stays within; None until enough are known.

        Where too many were cut off to tell, it is the longest known: nothing shorter is true.
        """
        if not self.is_known:
            return None
        return next((seconds for seconds, within in self._shares() if within >= share), max(self._calls).seconds)

    def usual(self, items: int) -> float:
        """What a call for so many items usually takes; 0 until that is known."""
        if not self.is_known or not self._shares() or self._shares()[-1][1] < USUAL:
            return 0.0
        median = self.quantile(USUAL)
        return 0.0 if median is None else median * min(1.0, items / max(1, self._items))

    def _shares(self) -> list[tuple[float, float]]:
        """For each duration of a finished call, the share of all calls that end within it."""
        if self._share_within is None:
            self._share_within, left = [], 1.0
            for place, call in enumerate(sorted(self._calls)):
                if not call.is_unfinished:
                    left *= 1 - 1 / (len(self._calls) - place)
                    self._share_within.append((call.seconds, 1 - left + ROUNDING))
        return self._share_within


class Latencies:
    """The paces of all vendors, by a key that changes with the vendor's model and address."""

    def __init__(self, learned: Mapping[str, Learned] | None = None) -> None:
        self._paces = {key: Pace(known) for key, known in (learned or {}).items()}

    def of(self, key: str) -> Pace:
        """The pace of one vendor, unknown at first."""
        return self._paces.setdefault(key, Pace())

    def export(self, keys: Iterable[str] | None = None) -> dict[str, Learned]:
        """What is known, for a store."""
        wanted = self._paces if keys is None else keys
        return {key: self._paces[key].learned for key in wanted if key in self._paces and self._paces[key].is_known}
