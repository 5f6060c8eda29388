"""How long each vendor usually takes for a call, learned from its last successful ones and kept over restarts."""

import math
from collections import deque
from collections.abc import Iterable, Mapping

import msgspec

WINDOW = 256  # calls remembered per vendor: 2 KB, enough to tell a p95 from a p90
MIN_SAMPLES = 20  # fewer say nothing about a p95
FULL_SHARE = 0.5  # a call for fewer items than this share of a full one tells nothing about full ones


class Learned(msgspec.Struct, frozen=True):
    """What is known about one vendor: seconds of its last full calls, oldest first, and how many items these had."""

    items: int = 0
    seconds: tuple[float, ...] = ()


class Pace:
    """The durations of one vendor's successful calls."""

    def __init__(self, learned: Learned | None = None) -> None:
        known = learned or Learned()
        self._items = known.items
        self._seconds = deque(known.seconds, maxlen=WINDOW)
        self._sorted: list[float] | None = None

    @property
    def learned(self) -> Learned:
        """The state, for a store."""
        return Learned(self._items, tuple(self._seconds))

    @property
    def is_known(self) -> bool:
        return len(self._seconds) >= MIN_SAMPLES

    def note(self, seconds: float, items: int) -> None:
        """Add a call that succeeded; one that asked for few items would make full ones look slow."""
        if items < FULL_SHARE * self._items:
            return
        self._items = max(self._items, items)
        self._seconds.append(seconds)
        self._sorted = None

    def quantile(self, share: float) -> float | None:
        """The duration that this share of calls stays within (nearest rank); None until enough are known."""
        if not self.is_known:
            return None
        if self._sorted is None:
            self._sorted = sorted(self._seconds)
        return self._sorted[max(0, math.ceil(share * len(self._sorted)) - 1)]

    def usual(self, items: int) -> float:
        """What a call for so many items usually takes; 0 until that is known."""
        median = self.quantile(0.5)
        return 0.0 if median is None else median * min(1.0, items / max(1, self._items))


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
