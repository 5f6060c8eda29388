"""From a brief to the orders of one round."""

from collections.abc import Sequence
from itertools import cycle, islice, pairwise

import msgspec

from assessment.models import Brief, Slot, SourceItem, SourceKind
from providers.config import Questions
from providers.protocol import Wanted


class Refs:
    """The short ids of one writing: s1, s2, … for skills and p1, p2, … for sources, the same in every round."""

    def __init__(self, brief: Brief) -> None:
        skills = dict.fromkeys(slot.skill.skill_id for slot in brief.slots)
        sources = dict.fromkeys(_key(slot.source) for slot in brief.slots)
        self._skill_refs = {skill_id: f"s{number}" for number, skill_id in enumerate(skills, start=1)}
        self._source_refs = {key: f"p{number}" for number, key in enumerate(sources, start=1)}
        self._skill_ids = {ref: skill_id for skill_id, ref in self._skill_refs.items()}
        self._source_ids = {ref: key[1] for key, ref in self._source_refs.items()}

    def wanted(self, slot: Slot) -> Wanted:
        """A slot under its short ids."""
        return Wanted(self._skill_refs[slot.skill.skill_id], self._source_refs[_key(slot.source)], slot)

    def skill_id(self, ref: str) -> str:
        """The skill behind a short id; empty, which no skill is, for one that was never given out."""
        return self._skill_ids.get(ref, "")

    def source_id(self, ref: str) -> str:
        """The source behind a short id; empty for one that was never given out."""
        return self._source_ids.get(ref, "")


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


def with_spare(missing: Sequence[Wanted], spare: int) -> tuple[Wanted, ...]:
    """What is missing and then the spare items, which repeat it in turn; never more spare ones than are missing."""
    return (*missing, *islice(cycle(missing), min(spare, len(missing))))
