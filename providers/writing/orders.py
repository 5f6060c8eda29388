"""From a brief to the orders of one round."""

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from assessment.models import Brief, Concept, Slot, SourceItem, SourceKind
from providers.config import Questions
from providers.protocol import Wanted


class Refs:
    """The short ids of one writing, the same in every round: s1, … for skills, p1, … sources, c1, … concepts."""

    def __init__(self, brief: Brief) -> None:
        slots = (*brief.slots, *brief.spares)
        skills = dict.fromkeys(slot.skill.skill_id for slot in slots)
        sources = dict.fromkeys(_key(slot.source) for slot in slots)
        concepts = dict.fromkeys((slot.skill.skill_id, slot.concept) for slot in slots if slot.concept)
        self._skill_refs = {skill_id: f"s{number}" for number, skill_id in enumerate(skills, start=1)}
        self._source_refs = {key: f"p{number}" for number, key in enumerate(sources, start=1)}
        self._skill_ids = {ref: skill_id for skill_id, ref in self._skill_refs.items()}
        self._source_ids = {ref: key[1] for key, ref in self._source_refs.items()}
        self._concept_refs = {key: f"c{number}" for number, key in enumerate(concepts, start=1)}
        self._concepts = {(skill_id, ref): concept for (skill_id, concept), ref in self._concept_refs.items()}

    def wanted(self, slot: Slot) -> Wanted:
        """A slot under its short ids."""
        concept_ref = self._concept_refs[slot.skill.skill_id, slot.concept] if slot.concept else ""
        return Wanted(self._skill_refs[slot.skill.skill_id], self._source_refs[_key(slot.source)], slot, concept_ref)

    def skill_id(self, ref: str) -> str:
        """The skill behind a short id; empty, which no skill is, for one that was never given out."""
        return self._skill_ids.get(ref, "")

    def source_id(self, ref: str) -> str:
        """The source behind a short id; empty for one that was never given out."""
        return self._source_ids.get(ref, "")

    def concept(self, skill_id: str, ref: str) -> Concept | None:
        """The concept of a skill behind a short id; None for one that was never given out."""
        return self._concepts.get((skill_id, ref))


def _key(source: SourceItem) -> tuple[SourceKind, str]:
    return source.kind, source.source_id


class Part(msgspec.Struct, frozen=True):
    """What one of several parallel calls has to bring: its slots by number, and how many items beyond them."""

    slots: tuple[int, ...]
    spare: int


def split(slots: Sequence[int], questions: Questions) -> tuple[Part, ...]:
    """Divide the slots of a set that are open over as few calls as `per_call` allows, evenly, and so the spare items.

    Spare ones lengthen a call by an item or so; a call of their own would cost another prompt.
    """
    calls = -(-len(slots) // questions.per_call)
    bounds = list(pairwise(len(slots) * number // calls for number in range(calls + 1)))
    spares = pairwise(questions.spare * number // calls for number in range(calls + 1))
    return tuple(
        Part(tuple(slots[begin:end]), last - first) for (begin, end), (first, last) in zip(bounds, spares, strict=True)
    )


def with_concept_of(slot: Slot, other: Slot) -> Slot:
    """A slot that asks for the concept of another one."""
    return msgspec.structs.replace(slot, concept=other.concept, is_again=other.is_again, difficulty=other.difficulty)


def with_spare(missing: Sequence[Wanted], spares: Sequence[Wanted], count: int) -> tuple[Wanted, ...]:
    """What is missing, and then so many items beyond it, though never more than are missing.

    They are about concepts of their own; where a skill has no map, they repeat what is missing.
    """
    skills = {wanted.skill_ref for wanted in missing}
    beyond = [spare for spare in spares if spare.skill_ref in skills]
    beyond += [wanted for wanted in missing if not wanted.concept_ref]
    return (*missing, *beyond[: min(count, len(missing))])
