"""What an item says that it tests, and whether that may be asked."""

import re
from collections.abc import Iterable

from assessment.concepts.cleaning import ConceptDraft, shape_fault
from assessment.concepts.drawing import SeenConcepts, asked, marks
from assessment.findings import Finding, hard
from assessment.items.text import fold
from assessment.models import Brief, Item, ItemConcept, Slot
from assessment.sets.assembly import ADVICE
from providers.writing.orders import Refs

_REF = re.compile(r"c\d+")
_NONE = "the question named none of the concepts of the plan: name the one that its line names"
_AGAIN = "what the question tests was asked of this student before: choose something else of the skill"


class ItemConcepts:
    """Reads the concepts of one set's items: by the short ids of the plan, or by names where there is no map."""

    def __init__(self, brief: Brief, refs: Refs) -> None:
        slots = (*brief.slots, *brief.spares)
        self._refs = refs
        self._mapped = {slot.skill.skill_id for slot in slots if slot.concept}
        self._by_name = {
            (slot.skill.skill_id, fold(slot.concept.name)): asked(slot.concept) for slot in slots if slot.concept
        }
        self._before = SeenConcepts(brief.seen)
        self._named: set[tuple[str, str, str]] = set()

    def read(self, skill_id: str, stated: object) -> ItemConcept | None:
        """The concept behind a short id or a name; None for what is neither."""
        name = " ".join(stated.split()) if isinstance(stated, str) else ""
        concept = self._refs.concept(skill_id, name)
        if concept is not None:
            return asked(concept)
        if _REF.fullmatch(name) or shape_fault(ConceptDraft(name, name)):
            return None
        return self._by_name.get((skill_id, fold(name))) or ItemConcept("", name)

    def fault(self, item: Item) -> Finding | None:
        """Rules 26 and 27 as an item meets them.

        Items about one concept of the map may stand beside each other until one is chosen; names are the writer's own
        words, and what has the same name twice is the same.
        """
        concept = item.concept
        if concept is None:
            return hard("concept", _NONE) if item.skill_id in self._mapped else None
        if concept.concept_id:
            return None
        if self._before.place(item.skill_id, concept) is not None:
            return hard("concept_again", _AGAIN)
        return hard("one_concept", ADVICE["one_concept"]) if marks(item.skill_id, concept) & self._named else None

    def keep(self, item: Item) -> None:
        """Remember what a candidate tests."""
        self._named |= marks(item.skill_id, item.concept)


def is_about_any(slot: Slot, items: Iterable[Item]) -> bool:
    """Tell whether one of the items is about the concept of a slot."""
    if slot.concept is None:
        return False
    own = marks(slot.skill.skill_id, asked(slot.concept))
    return any(own & marks(item.skill_id, item.concept) for item in items)
