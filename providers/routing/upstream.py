"""A vendor as the chain sees it: its limits, its standing, its pace and its price."""

from collections.abc import Sequence
from typing import Required, TypedDict, Unpack

import msgspec
import structlog
from prometheus_client import Gauge

from providers.config import Price
from providers.protocol import CallOutcome, Usage, Vendor
from providers.routing.breaker import Breaker, State
from providers.routing.meter import Meter
from providers.routing.pace import Pace
from providers.routing.places import Places

FREE = Price(0.0, 0.0)
FAIR_SHARE = 0.5  # of the time of a call: whoever has said nothing by then hangs, until its pace is known

STUCK = Gauge(
    "retake_vendor_calls_stuck",
    "Calls that go on although they were cancelled",
    ("vendor",),
    multiprocess_mode="livesum",
)

log = structlog.get_logger(__name__)


class VendorStatus(msgspec.Struct, frozen=True):
    """How one vendor of the chain stands; `reason` is its last failure, `seconds` how long it still rests.

    `stuck` is the number of calls that go on although they were cancelled.
    """

    name: str
    model: str
    state: State
    reason: CallOutcome | None = None
    seconds: float = 0.0
    stuck: int = 0


class How(TypedDict, total=False):
    """What the breaker is told of a call beside its outcome."""

    is_probe: Required[bool]
    accepted: int
    retry_after: float | None


class Upstream:
    """A vendor with its limits: seconds for one call, and calls at the same time in this process.

    `max_output_tokens` is the longest answer it can be billed for, None where nobody knows. `solving` is how it stands
    as a solver, which says nothing about what it writes.
    """

    def __init__(
        self,
        vendor: Vendor,
        attempt_seconds: float,
        max_concurrency: int,
        *,
        breaker: Breaker | None = None,
        solving: Breaker | None = None,
        pace: Pace | None = None,
        price: Price | None = None,
        max_output_tokens: int | None = None,
        quiet_share: float = 1.0,
    ) -> None:
        self.vendor = vendor
        self.name = vendor.name
        self.attempt_seconds = attempt_seconds
        self.places = Places(max_concurrency, quiet_share)
        self.breaker = breaker or Breaker()
        self.solving = solving or Breaker()
        self.pace = pace or Pace()
        self.meter = Meter()  # of orders; answers to quizzes and repairs are of another kind
        self.price = price
        self.max_output_tokens = max_output_tokens
        self._is_stuck = False

    @property
    def fair_seconds(self) -> float:
        """How long a call that says nothing has been given its chance: as long as nearly all calls take as a whole."""
        usual = self.pace.quantile(0.99)
        return min(self.attempt_seconds, FAIR_SHARE * self.attempt_seconds if usual is None else usual)

    def is_stuck(self, now: float) -> bool:
        """Tell whether so many calls go on after they were cancelled that no more may begin. It ends as they end."""
        stuck = self.places.stuck(now)
        STUCK.labels(self.name).set(stuck)
        was_stuck, self._is_stuck = self._is_stuck, stuck >= self.places.most_stuck
        if self._is_stuck and not was_stuck:
            log.error("vendor_stuck", vendor=self.name, calls=stuck)
        elif was_stuck and not self._is_stuck:
            log.warning("vendor_no_longer_stuck", vendor=self.name, calls=stuck)
        return self._is_stuck

    def can_finish(self, items: int, seconds: float) -> bool:
        """Tell whether the vendor usually needs no more than `seconds` for so many items."""
        return self.pace.usual(items) <= seconds

    def slice_of(self, remaining: float, left: Sequence["Upstream"], items: int) -> float:
        """The seconds a call gets: a fair share, and so that any one of the others that are `left` can still finish.

        It never gets less than this vendor usually takes, since a call that cannot finish is a waste; and with nobody
        else left it gets all there is, for who thinks slowly may still come to an answer.
        """
        others = [other for other in left if other is not self]
        if not others:
            return remaining
        longest = max(other.pace.usual(items) for other in others)
        share = max(min(remaining / len(left), remaining - longest), self.pace.usual(items))
        return min(self.attempt_seconds, share, remaining)

    def cost_of(self, usage: Usage) -> float | None:
        """The price of an answer in US dollars, if prices are known."""
        if self.price is None:
            return None
        dollars = (
            usage.input_tokens * self.price.input_per_million + usage.output_tokens * self.price.output_per_million
        )
        return dollars / 1_000_000

    def status(self, now: float, *, solves: bool = False) -> VendorStatus:
        """How the vendor stands at a moment of the monotonic clock, as a writer or as a solver."""
        breaker = self.solving if solves else self.breaker
        seconds = round(breaker.seconds_to_ready(now), 3)
        stuck = self.places.stuck(now)
        state = State.STUCK if stuck >= self.places.most_stuck else breaker.state(now)
        return VendorStatus(self.name, self.vendor.model, state, reason=breaker.reason, seconds=seconds, stuck=stuck)

    def end(self, outcome: CallOutcome, now: float, *, solves: bool = False, **how: Unpack[How]) -> None:
        """Note how a call ended, and say in the log when the vendor is out by it, or back."""
        breaker = self.solving if solves else self.breaker
        before = breaker.state(now)
        breaker.end(outcome, now, **how)
        after = breaker.state(now)
        if after is before:
            return
        tell = log.error if after is State.OUT else log.info
        tell("vendor_standing", vendor=self.name, solves=solves, state=after, outcome=outcome, reason=breaker.reason)
