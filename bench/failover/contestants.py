"""What both contestants have in common: how one is asked, and what came of it for the caller."""

from typing import Protocol

import msgspec

from assessment.models import Item
from bench.failover.scoring import Ended

ATTEMPT_SECONDS = 30.0  # of the methodology's baseline: 30 s per request, one fallback


class Answer(msgspec.Struct, frozen=True):
    """What the caller got; `seconds` until then, where the rest of what is said here came later."""

    ended: Ended
    items: tuple[Item, ...] = ()
    models: tuple[str, ...] = ()
    says_usage: bool = False
    note: str = ""
    seconds: float | None = None


class Contestant(Protocol):
    """One system in front of a primary and its fallback; what it has learned stays with it."""

    async def ask(self, seconds: float) -> Answer:
        """Ask for one set of ten, which hangs if it takes longer; never raises for what a vendor did."""

    async def probe(self, seconds: float) -> Answer:
        """The same of a sound vendor, without a fallback."""
