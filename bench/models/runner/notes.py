"""Looks on while a set is written: as observer of every item, and as ledger of every request.

One writer serves many sets at the same time. Each set has its own notes, found through the context that its calls were
started in.
"""

import time
from contextvars import ContextVar

from assessment.findings import Finding
from assessment.models import Item
from providers.ledger import VendorCallRecord


class Notes:
    """What came of one set so far; `seconds` count from the request."""

    def __init__(self) -> None:
        self.items: list[tuple[Item, tuple[Finding, ...], bool, float]] = []
        self.attempts: list[VendorCallRecord] = []
        self.began = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    @property
    def first_item_seconds(self) -> float | None:
        """When the first item came that could be used."""
        return next((seconds for _, _, accepted, seconds in self.items if accepted), None)


current: ContextVar[Notes] = ContextVar("current")


class SetObserver:
    """bench.models.runner.observing.Observer and providers.ledger.Ledger in one."""

    def judged(self, item: Item, findings: tuple[Finding, ...], *, accepted: bool) -> None:
        """Note an item."""
        notes = current.get()
        notes.items.append((item, findings, accepted, notes.seconds))

    def record(self, record: VendorCallRecord) -> None:
        """Note a request."""
        current.get().attempts.append(record)
