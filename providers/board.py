"""Which slots of a brief are filled, and with what."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from assessment.item_rules import Grounds, Severity, examine, fold
from assessment.models import Brief, Item, Slot, VendorShare
from providers.base import Reply
from providers.decode import Draft, Reject, decode
from providers.orders import Refs


class _Placed(msgspec.Struct, frozen=True):
    item: Item
    vendor: str
    model: str


class Board:
    """Takes vendors' answers and keeps the items that pass every rule, fit an open slot and repeat nothing."""

    def __init__(self, brief: Brief, refs: Refs) -> None:
        self._slots = brief.slots
        self._refs = refs
        self._placed: dict[int, _Placed] = {}
        self._stems = {fold(stem) for stem in brief.seen}
        self._grounds = Grounds(
            skill_ids=frozenset(slot.skill.skill_id for slot in brief.slots),
            source_ids=frozenset(slot.source.source_id for slot in brief.slots),
        )
        self.rejected: Counter[str] = Counter()

    @property
    def open_slots(self) -> tuple[Slot, ...]:
        """What is still missing, in the brief's order."""
        return tuple(slot for index, slot in enumerate(self._slots) if index not in self._placed)

    @property
    def items(self) -> tuple[Item, ...]:
        """The items so far, in the order of their slots."""
        return tuple(self._placed[index].item for index in sorted(self._placed))

    @property
    def shares(self) -> tuple[VendorShare, ...]:
        """Who wrote how many of the items."""
        counts = Counter((placed.vendor, placed.model) for placed in self._placed.values())
        return tuple(VendorShare(vendor, model, items) for (vendor, model), items in sorted(counts.items()))

    def take(self, reply: Reply) -> tuple[int, tuple[Reject, ...]]:
        """Place what can be used of an answer; gives how many items were placed, and why others were not.

        Items are placed on exactly their slot first; what is left may fill another slot of the same skill. A good
        item for which no slot is open is neither placed nor a reject: spare ones are asked for on purpose.
        """
        decoded = decode(reply.text)
        rejects = list(decoded.rejects)
        good: list[Item] = []
        for draft in decoded.drafts:
            item = self._item(draft)
            if findings := self._findings(item):
                rejects.extend(findings)
            else:
                self._stems.add(fold(item.stem))
                good.append(item)
        self.rejected.update(reject.rule for reject in rejects)
        return self._place_all(good, reply), tuple(rejects)

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

    def _place_all(self, items: Iterable[Item], reply: Reply) -> int:
        before = len(self._placed)
        left = [item for item in items if not self._place(item, reply, exact=True)]
        for item in left:
            self._place(item, reply, exact=False)
        return len(self._placed) - before

    def _place(self, item: Item, reply: Reply, *, exact: bool) -> bool:
        for index, slot in enumerate(self._slots):
            if index in self._placed or slot.skill.skill_id != item.skill_id:
                continue
            if not exact or slot.source.source_id == item.source_id:
                self._placed[index] = _Placed(item, reply.vendor, reply.model)
                return True
        return False
