"""Which slots of a brief are filled, with what, and whether that makes a set."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice

import msgspec

from assessment.concepts.drawing import marks
from assessment.findings import Finding, Severity, hard
from assessment.items.novelty import Seen
from assessment.items.rules import RuleContext, examine, is_askable
from assessment.models import Author, Brief, Difficulty, Item, SeenItem, Slot, VendorShare
from assessment.sets.assembly import ADVICE, Shortfall, Stock
from assessment.sets.slot_matching import Fit, is_about, is_exact, is_of_skill, slot_for
from providers import prompts
from providers.vendors.decode import Draft, Reject
from providers.writing.flaws import REPAIRABLE, Flaw, flaws_of
from providers.writing.item_concepts import ItemConcepts, is_about_any
from providers.writing.orders import Refs

# So many items more than were asked for in one source are taken while no other source is in sight (rule 23). Who sets
# everything in the first one hears of it before the set is full, and not after.
UNASKED = 2
_SOURCE = "coverage"


class SlotGroup:
    """The slots that are asked for together; `wake` is called when they, or all slots of the set, are filled."""

    def __init__(self, slots: Iterable[int], wake: Callable[[], None]) -> None:
        self.slots = tuple(slots)
        self.wake = wake
        self.finisher: object = None  # the call that filled the last of the slots


class Refusal(msgspec.Struct, frozen=True):
    """They make no set: how many items came from whom since the last time, who is to blame, how far it is off.

    `slots` are open again; `flaws` are the items that other distractors could mend, where nothing else is wrong.
    """

    written: Mapping[str, int]
    blamed: frozenset[str]
    excess: float
    slots: tuple[int, ...] = ()
    flaws: tuple[Flaw, ...] = ()


class CandidatePool:
    """Takes items as they arrive and keeps those that pass every rule and repeat nothing.

    When all slots are filled, `assemble` chooses among all that were kept so that the rules of sets hold too, or opens
    slots again. An item goes to exactly its slot at once. One that finds none is kept: when an answer has ended it may
    fill another slot of the same skill, first in its own group and then, where one has come out short, in any other.
    """

    def __init__(self, brief: Brief, refs: Refs) -> None:
        self.slots = brief.slots
        self._refs = refs
        self._language = brief.language
        self._on_progress = brief.on_progress
        self._placed: dict[int, Item] = {}
        self._kept: list[Item] = []
        self._stock = Stock(brief.slots, brief.language)
        self._asked = Counter(slot.source.source_id for slot in brief.slots)
        self._sources: Counter[str] = Counter()  # of the items in stock
        self._passed_over: list[Item] = []  # refused though they break no rule
        self._flawed: list[Flaw] = []  # refused, and perhaps to be repaired
        self._written: Counter[str] = Counter()  # items by vendor since the last assembly
        self._groups: list[SlotGroup] = []
        self._short: set[int] = set()  # slots of groups that came out short
        self._told = [*brief.seen]  # what is not to be asked again: what was shown, and then what is written
        self._seen = Seen(brief.seen)
        self._concepts = ItemConcepts(brief, refs)
        self._context = RuleContext.of(brief, prompts.wording())
        self.rejected: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()  # of rejected items, the latest last
        self._advice: Counter[str] = Counter()  # of rejected sets

    @property
    def is_full(self) -> bool:
        return len(self._placed) == len(self.slots)

    @property
    def open_slots(self) -> tuple[int, ...]:
        """The slots that need an item."""
        return tuple(index for index in range(len(self.slots)) if index not in self._placed)

    @property
    def items(self) -> tuple[Item, ...]:
        """The items so far, in the order of their slots."""
        return tuple(self._placed[index] for index in sorted(self._placed))

    @property
    def seen(self) -> tuple[SeenItem, ...]:
        """What must not be asked again: items shown before, and those written so far."""
        return tuple(self._told)

    @property
    def shares(self) -> tuple[VendorShare, ...]:
        """Who wrote how many of the items."""
        counts = Counter((item.author.vendor, item.author.model) for item in self._placed.values())
        return tuple(VendorShare(vendor, model, items) for (vendor, model), items in sorted(counts.items()))

    @property
    def complaints(self) -> tuple[str, ...]:
        """Why items were rejected of late, and at the end why sets were; as many as a prompt has room for.

        Each reason stands once with how often it came, so that the same reject again is something new.
        """
        room = prompts.MAX_COMPLAINTS - len(self._advice)
        latest = [*islice(reversed(self._reasons.items()), room)][::-1]
        return tuple(
            f"{reason} ({times} times)" if times > 1 else reason for reason, times in (*latest, *self._advice.items())
        )

    def register(self, group: SlotGroup) -> SlotGroup:
        """Register slots that are asked for together."""
        self._groups.append(group)
        return group

    def unregister(self, group: SlotGroup) -> None:
        """Let go of a group that is over, and of what leads back here: a cycle would wait for a garbage collection."""
        self._groups.remove(group)
        del group.wake, group.finisher

    def missing(self, group: SlotGroup) -> tuple[int, ...]:
        """The slots of a group that are still open."""
        return tuple(index for index in group.slots if index not in self._placed)

    def is_filled(self, group: SlotGroup) -> bool:
        return all(index in self._placed for index in group.slots)

    def take(self, draft: Draft, group: SlotGroup, author: Author, call: object) -> list[Reject]:
        """Check an item and place or keep it; gives why it was not taken."""
        item = self._item(draft, author)
        findings = self.examine(item)
        rejects = [_reject(finding) for finding in findings if finding.severity is Severity.HARD]
        if rejects:
            self.note(rejects)
            self._set_aside(item, findings, rejects)
            return rejects
        self._keep(item, findings, group, call)
        return []

    def _set_aside(self, item: Item, findings: tuple[Finding, ...], rejects: Sequence[Reject]) -> None:
        """Remember what was refused and may be of use yet."""
        rules = {reject.rule for reject in rejects}
        if REPAIRABLE.issuperset(rules):
            self._flawed.append(Flaw(item, rejects[0].reason))
        elif rules == {_SOURCE}:
            others = tuple(finding for finding in findings if finding.severity is not Severity.HARD)
            self._passed_over.append(msgspec.structs.replace(item, findings=others))

    def flawed(self, group: SlotGroup) -> list[Flaw]:
        """Hand out refused items of which only the distractors are at fault, each once, where they fill a whole group.

        Fewer would be a request more: the others have to be written anyway.
        """
        missing = Counter(self.slots[index].skill.skill_id for index in self.missing(group))
        handed = []
        for flaw in self._flawed:
            if missing[flaw.item.skill_id] > 0:
                missing[flaw.item.skill_id] -= 1
                handed.append(flaw)
        if missing.total():
            return []
        self._flawed = [flaw for flaw in self._flawed if flaw not in handed]
        return handed

    def take_repaired(self, group: SlotGroup, repaired: Mapping[Item, Item]) -> int:
        """Place items that were refused before and pass every rule with other distractors; tells how many do."""
        taken = 0
        for item in repaired.values():
            findings = self.examine(item)
            if is_askable(findings):
                self._keep(item, findings, group, None)
                taken += 1
        return taken

    def exchange(self, repaired: Mapping[Item, Item]) -> int:
        """Put candidates with other distractors in the place of themselves; tells how many pass the rules so.

        Stem and key are the same, so that each is as new as it was.
        """
        taken = 0
        for old, new in repaired.items():
            findings = examine(new, self._context)
            if is_askable(findings):
                self._stock.remove({old.stem})
                self._stock.add(msgspec.structs.replace(new, findings=findings))
                taken += 1
        return taken

    def _keep(self, item: Item, findings: tuple[Finding, ...], group: SlotGroup, call: object) -> None:
        item = msgspec.structs.replace(item, findings=findings)
        self._seen.add(item)
        self._concepts.keep(item)
        self._told.append(SeenItem(item.skill_id, item.stem, concept=item.concept))
        self._stock.add(item)
        self._written[item.author.vendor] += 1
        self._sources[item.source_id] += 1
        self._put(item, group, call)

    def examine(self, item: Item) -> tuple[Finding, ...]:
        """All that the rules find in an item, by itself and beside those that came before it."""
        findings = examine(item, self._context)
        if not is_askable(findings):
            return findings
        found = self.repetition(item) or self._one_source(item)
        return (*findings, found) if found else findings

    def repetition(self, item: Item) -> Finding | None:
        """Rules 24, 26 and 27: what was shown before, or is a candidate already, is not asked again."""
        return self._seen.find(item) or self._concepts.fault(item)

    def is_written(self, slot: Slot) -> bool:
        """Tell whether a candidate is about the concept of a slot."""
        return is_about_any(slot, self._stock.items)

    def is_placed(self, slot: Slot) -> bool:
        """Tell whether an item of the set is about the concept of a slot."""
        return is_about_any(slot, self._placed.values())

    def _put(self, item: Item, group: SlotGroup, call: object) -> None:
        index = self._open_slot(item, group.slots, is_exact)
        if index is None:
            index = self._open_slot(item, self._short, is_exact)
        if index is None:
            index = self._open_slot(item, self._short, is_about)
        if index is None:
            index = self._open_slot(item, self._short, is_of_skill)
        if index is None:
            self._kept.append(item)
        else:
            self._place(index, item, call)

    def note(self, rejects: Iterable[Reject]) -> None:
        """Count what could not be used, and remember why for the next order."""
        for reject in rejects:
            self.rejected[reject.rule] += 1
            self._reasons[reject.reason] = self._reasons.pop(reject.reason, 0) + 1

    def settle(self, group: SlotGroup, call: object) -> None:
        """An answer for a group has ended: fill what is open with what was kept, and open the rest to all groups."""
        for fits in (is_about, is_of_skill):
            for item in tuple(self._kept):
                index = self._open_slot(item, group.slots, fits)
                if index is not None:
                    self._kept.remove(item)
                    self._place(index, item, call)
        self._short.update(self.missing(group))

    def assemble(self) -> Refusal | None:
        """Make a set of what was kept; where the rules of sets need other items, their slots are open afterwards."""
        result = self._stock.assemble()
        written, self._written = self._written, Counter()
        if isinstance(result, Shortfall):
            if result.reasons:
                self.rejected["set"] += len(result.reasons)
            self._advice.update(result.reasons)
            self._reopen(result.slots)
            return Refusal(
                written,
                frozenset(item.author.vendor for item in result.items),
                result.excess,
                result.slots,
                flaws_of(result),
            )
        self._placed = dict(enumerate(result.items))
        return None

    def assemble_last(self) -> bool:
        """Before a set fails: choose once more among all that came, and then also among what was passed over.

        The rules of sets hold as ever: what was passed over was only not to make it likely that they would not.
        """
        if self.assemble() is None:
            return True
        for item in self._passed_over:
            if self.repetition(item) is None:
                self._seen.add(item)
                self._stock.add(item)
        return bool(self._passed_over) and self.assemble() is None

    @property
    def passed_over(self) -> int:
        """How many items of the set had been passed over at first."""
        stems = {item.stem for item in self._passed_over}
        return sum(item.stem in stems for item in self._placed.values())

    def drop(self, indices: Iterable[int], reject: Reject) -> None:
        """Take items out of the set for good, and open their slots."""
        dropped = list(indices)
        self._stock.remove({self._placed[index].stem for index in dropped})
        self._sources.subtract(self._placed[index].source_id for index in dropped)
        self.note([reject] * len(dropped))
        self._reopen(dropped)

    def restore(self, items: Sequence[Item]) -> None:
        """Take back a whole set that stood here before."""
        self._placed = dict(enumerate(items))
        self._tell()

    def _reopen(self, indices: Iterable[int]) -> None:
        """What stood there stays a candidate; what was left over is forgotten as filling, so that new items come."""
        self._kept.clear()
        for index in indices:
            self._placed.pop(index, None)
        self._tell()

    def _tell(self) -> None:
        if self._on_progress is not None:
            self._on_progress(len(self._placed))

    def _item(self, draft: Draft, author: Author) -> Item:
        skill_id = self._refs.skill_id(draft.skill)
        return Item(
            skill_id=skill_id,
            source_id=self._refs.source_id(draft.source),
            stem=draft.stem.strip(),
            options=tuple(option.strip() for option in draft.options),
            key=draft.key,
            rationale=(draft.rationale or "").strip(),
            difficulty=_stated(draft.difficulty),
            author=author,
            concept=self._concepts.read(skill_id, draft.concept),
        )

    def _one_source(self, item: Item) -> Finding | None:
        """Rule 23 as an item meets it: a set in one source alone is none, so its last items are not to make it one."""
        source_id = item.source_id
        if len(self._asked) == 1 or len(self.slots) == 1:
            return None
        if self._open_slot(item, self.open_slots, is_exact) is not None:
            return None
        is_alone = self._sources[source_id] == self._sources.total()
        is_over = self._sources[source_id] >= min(self._asked[source_id] + UNASKED, len(self.slots) - 1)
        return hard(_SOURCE, ADVICE["coverage"]) if is_alone and is_over else None

    def _open_slot(self, item: Item, indices: Iterable[int], fits: Fit) -> int | None:
        if self._is_asked(item):
            return None
        return slot_for(item, self.slots, (index for index in indices if index not in self._placed), fits)

    def _is_asked(self, item: Item) -> bool:
        """Rule 26: another item about the same concept has a slot."""
        own = marks(item.skill_id, item.concept)
        return any(own & marks(placed.skill_id, placed.concept) for placed in self._placed.values())

    def _place(self, index: int, item: Item, call: object) -> None:
        self._placed[index] = item
        self._tell()
        for group in self._groups:
            if index in group.slots and self.is_filled(group):
                group.finisher = call
                group.wake()
        if self.is_full:
            for group in self._groups:
                group.wake()


def _stated(difficulty: object) -> str:
    """How hard an item is as its writer says; unknown where that is no level that there is."""
    return next((level.value for level in Difficulty if level == difficulty), "")


PoolMaker = Callable[[Brief, Refs], CandidatePool]


def _reject(finding: Finding) -> Reject:
    return Reject(finding.rule, f"{finding.rule}: {finding.seen}")
