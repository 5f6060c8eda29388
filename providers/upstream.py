"""A vendor as the chain sees it: its limits, its standing, its pace and its price."""

import asyncio
from collections.abc import Sequence

import msgspec

from providers.base import Outcome, Usage, Vendor
from providers.breaker import Breaker, State
from providers.config import Price
from providers.latency import Pace

FREE = Price(0.0, 0.0)


class VendorStatus(msgspec.Struct, frozen=True):
    """How one vendor of the chain stands; `reason` is its last failure, `seconds` how long it still rests."""

    name: str
    model: str
    state: State
    reason: Outcome | None = None
    seconds: float = 0.0


class Upstream:
    """A vendor with its limits: seconds for one attempt, and attempts at the same time in this process."""

    def __init__(
        self,
        vendor: Vendor,
        attempt_seconds: float,
        max_concurrency: int,
        *,
        breaker: Breaker | None = None,
        pace: Pace | None = None,
        price: Price | None = None,
    ) -> None:
        self.vendor = vendor
        self.name = vendor.name
        self.attempt_seconds = attempt_seconds
        self.places = asyncio.Semaphore(max_concurrency)
        self.breaker = breaker or Breaker()
        self.pace = pace or Pace()
        self.price = price

    def can_finish(self, items: int, seconds: float) -> bool:
        """Tell whether the vendor usually needs no more than `seconds` for so many items."""
        return self.pace.usual(items) <= seconds

    def slice_of(self, remaining: float, rungs: Sequence["Upstream"], items: int) -> float:
        """The seconds an attempt gets: a fair share, and so that any one of the other `rungs` can still finish.

        It never gets less than this vendor usually takes, since an attempt that cannot finish is a waste.
        """
        others = max((rung.pace.usual(items) for rung in rungs if rung is not self), default=0.0)
        share = max(min(remaining / len(rungs), remaining - others), self.pace.usual(items))
        return min(self.attempt_seconds, share, remaining)

    def cost_of(self, usage: Usage) -> float | None:
        """The price of an answer in US dollars, if prices are known."""
        if self.price is None:
            return None
        dollars = (
            usage.input_tokens * self.price.input_per_million + usage.output_tokens * self.price.output_per_million
        )
        return dollars / 1_000_000

    def status(self, now: float) -> VendorStatus:
        """How the vendor stands at a moment of the monotonic clock."""
        breaker = self.breaker
        seconds = round(breaker.seconds_to_ready(now), 3)
        return VendorStatus(self.name, self.vendor.model, breaker.state(now), breaker.reason, seconds)
