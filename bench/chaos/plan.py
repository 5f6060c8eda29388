"""What is run: faults, how many of the three vendors have them, streaming or not, and how long a second lasts."""

from collections.abc import Iterable, Iterator

import msgspec

from fakes.vendor_server.behaviours import Behaviour
from fakes.vendor_server.pace import Pace

VENDORS = 3
REFUSED, NO_SUCH_HOST, TLS = "refused_connection", "no_such_host", "tls_failure"
UNREACHABLE = (REFUSED, NO_SUCH_HOST, TLS)
FAULTS: tuple[str, ...] = (*UNREACHABLE, *(behaviour.value for behaviour in Behaviour))
QUICK_FAULTS: tuple[str, ...] = (
    *("good", REFUSED, "hang", "hang_mid_body", "drip", "close_mid_body", "unauthorized", "rate_limited"),
    *("server_error", "html", "truncated", "refused", "broken_json", "duplicates", "three_options"),
)
TRUE_BUDGET_FAULTS = ("hang", "drip", "hang_mid_body", "stall", "slow_first_token")
WHO = {1: "first vendor", 2: "two of three", 3: "all three"}


class Scale(msgspec.Struct, frozen=True):
    """Real seconds that stand for one second of production; the figures are those of the documented defaults."""

    factor: float

    @property
    def budget(self) -> float:
        return 90.0 * self.factor

    @property
    def reserve(self) -> float:
        return 3.0 * self.factor

    @property
    def attempt(self) -> float:
        return 30.0 * self.factor

    @property
    def hedge_min(self) -> float:
        return 2.0 * self.factor

    @property
    def rest(self) -> float:
        """How long a vendor that failed too often is left alone."""
        return 20.0 * self.factor

    @property
    def pace(self) -> Pace:
        """A brisk vendor: 0.5 s to the first token, then 80 a second."""
        return Pace(first_token_seconds=0.5, tokens_per_second=80.0, jitter=0.2, scale=self.factor)


class Cell(msgspec.Struct, frozen=True):
    """One fault at the first `bad` vendors of the chain."""

    fault: str
    bad: int
    stream: bool

    @property
    def has_sound_vendor(self) -> bool:
        return self.bad < VENDORS or self.fault == Behaviour.GOOD

    @property
    def behaviours(self) -> tuple[str, ...]:
        """What each vendor does; one that is unreachable would be good."""
        bad = Behaviour.GOOD.value if self.fault in UNREACHABLE else self.fault
        return (bad,) * self.bad + (Behaviour.GOOD.value,) * (VENDORS - self.bad)

    def is_unreachable(self, vendor: int) -> bool:
        return vendor < self.bad and self.fault in UNREACHABLE

    def __str__(self) -> str:
        return f"{self.fault}, {WHO[self.bad]}, {'streaming' if self.stream else 'whole'}"


def cells(faults: Iterable[str]) -> Iterator[Cell]:
    """Every fault with every number of vendors; without a fault there is nothing to multiply by vendors."""
    for fault in faults:
        for bad in (1, 2, 3) if fault != Behaviour.GOOD else (1,):
            for stream in (True, False):
                yield Cell(fault, bad, stream)


def dialects(seed: int) -> tuple[str, ...]:
    """Both dialects meet every fault in every place: they alternate along the chain and from seed to seed."""
    return tuple(("openai", "anthropic")[(seed + vendor) % 2] for vendor in range(VENDORS))
