"""Looking on while items are judged, from outside of the code that serves students."""

from typing import Protocol

from assessment.findings import Finding
from assessment.items.rules import is_askable
from assessment.models import Brief, Item
from providers.writing.candidates import CandidatePool
from providers.writing.orders import Refs


class Observer(Protocol):
    """Somebody who is told of every item as it was written."""

    def judged(self, item: Item, findings: tuple[Finding, ...], *, accepted: bool) -> None:
        """Take note of an item, and of all that the rules found."""


class ObservedPool(CandidatePool):
    """Candidates as any other; give `partial(ObservedPool, observer=...)` to whoever makes pools."""

    def __init__(self, brief: Brief, refs: Refs, *, observer: Observer) -> None:
        super().__init__(brief, refs)
        self._observer = observer

    def examine(self, item: Item) -> tuple[Finding, ...]:
        findings = super().examine(item)
        self._observer.judged(item, findings, accepted=is_askable(findings))
        return findings
