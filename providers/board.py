"""Which slots of a brief are filled, and with what."""

from collections import Counter
from collections.abc import Callable, Iterable

import msgspec

from assessment.findings import Severity
from assessment.item_rules import Grounds, examine
from assessment.models import Brief, Item, Slot, VendorShare
from assessment.text import fold
from providers.decode import Draft, Reject
from providers.orders import Refs


class Author(msgspec.Struct, frozen=True):
    """Who wrote an item."""

    vendor: str
    model: str


class _Written(msgspec.Struct, frozen=True):
    item: Item
    author: Author


class Sheet:
    """The slots that one call has to fill; `ring` is called when they, or those of the whole board, are full."""

    def __init__(self, slots: Iterable[int], ring: Callable[[], None]) -> None:
        self.slots = tuple(slots)
        self.ring = ring
        self.finisher: object = None  # on whose behalf the last of the slots was filled


class Board:
    """Takes items as they arrive and keeps those that pass every rule and repeat nothing.

    An item goes to exactly its slot at once. One that finds none is kept: when an answer has ended it may fill another
    slot of the same skill, first in its own call and then, where a call has come out short, in any other.
    """

    def __init__(self, brief: Brief, refs: Refs) -> None:
        self.slots = brief.slots
        self._refs = refs
        self._placed: dict[int, _Written] = {}
        self._kept: list[_Written] = []
        self._sheets: list[Sheet] = []
        self._short: set[int] = set()  # slots of calls that came out short
        self._stems = {fold(stem): stem for stem in brief.seen}
        self._grounds = Grounds(
            skill_ids=frozenset(slot.skill.skill_id for slot in brief.slots),
            source_ids=frozenset(slot.source.source_id for slot in brief.slots),
        )
        self.rejected: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()  # of all rejects, in order

    @property
    def is_full(self) -> bool:
        return len(self._placed) == len(self.slots)

    @property
    def items(self) -> tuple[Item, ...]:
        """The items so far, in the order of their slots."""
        return tuple(self._placed[index].item for index in sorted(self._placed))

    @property
    def stems(self) -> tuple[str, ...]:
        """What must not be asked again: stems seen before, and those written so far."""
        return tuple(self._stems.values())

    @property
    def shares(self) -> tuple[VendorShare, ...]:
        """Who wrote how many of the items."""
        counts = Counter((written.author.vendor, written.author.model) for written in self._placed.values())
        return tuple(VendorShare(vendor, model, items) for (vendor, model), items in sorted(counts.items()))

    @property
    def complaints(self) -> tuple[str, ...]:
        """Why items were rejected, each reason once; how often, so that the same reject again is something new."""
        return tuple(f"{reason} ({times} times)" if times > 1 else reason for reason, times in self._reasons.items())

    def hand_out(self, sheet: Sheet) -> Sheet:
        """Register the slots of a call."""
        self._sheets.append(sheet)
        return sheet

    def missing(self, sheet: Sheet) -> tuple[int, ...]:
        """The slots of a call that are still open."""
        return tuple(index for index in sheet.slots if index not in self._placed)

    def is_filled(self, sheet: Sheet) -> bool:
        return all(index in self._placed for index in sheet.slots)

    def take(self, draft: Draft, sheet: Sheet, author: Author, on_behalf: object) -> list[Reject]:
        """Check an item and place or keep it; gives why it was not taken."""
        item = self._item(draft)
        if rejects := self._findings(item):
            self.note(rejects)
            return rejects
        self._stems[fold(item.stem)] = item.stem
        written = _Written(item, author)
        index = self._exact(item, sheet.slots)
        if index is None:
            index = self._exact(item, self._short)
        if index is None:
            index = self._of_skill(item, self._short)
        if index is None:
            self._kept.append(written)
        else:
            self._place(index, written, on_behalf)
        return []

    def note(self, rejects: Iterable[Reject]) -> None:
        """Count what could not be used, and remember why for the next order."""
        for reject in rejects:
            self.rejected[reject.rule] += 1
            self._reasons[reject.reason] += 1

    def settle(self, sheet: Sheet, on_behalf: object) -> None:
        """An answer for a call has ended: fill what is open with what was kept, and open the rest to all calls."""
        for written in tuple(self._kept):
            index = self._of_skill(written.item, sheet.slots)
            if index is not None:
                self._kept.remove(written)
                self._place(index, written, on_behalf)
        self._short.update(self.missing(sheet))

    def _item(self, draft: Draft) -> Item:
        return Item(
            skill_id=self._refs.skill_id(draft.skill),
            source_id=self._refs.source_id(draft.source),
            stem=draft.stem.strip(),
            options=tuple(option.strip() for option in draft.options),
            key=draft.key,
            rationale=(draft.rationale or "").strip(),
        )

    def _findings(self, item: Item) -> list[Reject]:
        hard = [
            Reject(finding.rule, f"{finding.rule}: {finding.seen}")
            for finding in examine(item, self._grounds)
            if finding.severity is Severity.HARD
        ]
        if not hard and fold(item.stem) in self._stems:
            hard.append(Reject("repeated", "repeated: a stem that was asked before"))
        return hard

    def _exact(self, item: Item, indices: Iterable[int]) -> int | None:
        return self._first(indices, lambda slot: _fits(item, slot) and slot.source.source_id == item.source_id)

    def _of_skill(self, item: Item, indices: Iterable[int]) -> int | None:
        return self._first(indices, lambda slot: _fits(item, slot))

    def _first(self, indices: Iterable[int], fits: Callable[[Slot], bool]) -> int | None:
        open_ones = (index for index in indices if index not in self._placed and fits(self.slots[index]))
        return min(open_ones, default=None)

    def _place(self, index: int, written: _Written, on_behalf: object) -> None:
        self._placed[index] = written
        for sheet in self._sheets:
            if index in sheet.slots and self.is_filled(sheet):
                sheet.finisher = on_behalf
                sheet.ring()
        if self.is_full:
            for sheet in self._sheets:
                sheet.ring()


def _fits(item: Item, slot: Slot) -> bool:
    return slot.skill.skill_id == item.skill_id
