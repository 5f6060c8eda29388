"""Which concept each question of a set is about, so that no student is asked about one twice.

A blueprint's slots, its spares and its parallel calls draw from one map without putting back. What the student was
asked about before, in whatever verification, is left aside while the map holds anything else; then what was asked
longest ago comes back, and its slot says so.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import cycle, islice
from random import Random

import msgspec

from assessment.items.text import fold
from assessment.models import Concept, ConceptMap, Difficulty, ItemConcept, SeenItem, Slot

LEVELS = tuple(Difficulty)


class Pick(msgspec.Struct, frozen=True):
    """A concept that was drawn; `is_again` when this student was asked about it before."""

    concept: Concept
    is_again: bool = False


class Blueprint(msgspec.Struct, frozen=True):
    """The slots with their concepts, and for each skill further ones for when an item fails."""

    slots: tuple[Slot, ...]
    spares: Mapping[str, tuple[Pick, ...]]

    @property
    def spare_slots(self) -> tuple[Slot, ...]:
        """Slots for the further ones, in the sources in which their skill is asked about.

        What was asked before is no spare beside what was not: it might be chosen in its place (rule 27).
        """
        own = {skill_id: [slot for slot in self.slots if slot.skill.skill_id == skill_id] for skill_id in self.spares}
        return tuple(
            with_concept(slot, pick)
            for skill_id, picks in self.spares.items()
            for slot, pick in zip(cycle(own[skill_id]), picks, strict=False)
            if not pick.is_again or all(it.is_again for it in own[skill_id])
        )


def marks(skill_id: str, concept: ItemConcept | None) -> frozenset[tuple[str, str, str]]:
    """By what a concept is known again: its id within its skill, and its name; nothing for an item without one."""
    if concept is None:
        return frozenset()
    named = (skill_id, "name", fold(concept.name))
    return frozenset({(skill_id, "id", concept.concept_id), named} if concept.concept_id else {named})


class SeenConcepts:
    """What a student was asked about, with its place in time; a concept is known by its id, or else by its name."""

    def __init__(self, items: Iterable[SeenItem] = ()) -> None:
        self._places: dict[tuple[str, str, str], int] = {}
        for place, item in enumerate(items):
            self._places.update(dict.fromkeys(marks(item.skill_id, item.concept), place))

    def place(self, skill_id: str, concept: ItemConcept) -> int | None:
        """When it was last asked about, counted in items; None for never."""
        found = (self._places.get(mark) for mark in marks(skill_id, concept))
        return max((place for place in found if place is not None), default=None)


def draw(
    slots: Sequence[Slot], maps: Collection[ConceptMap], seen: Iterable[SeenItem], *, spares: int = 0, seed: str = ""
) -> Blueprint:
    """Give every slot a concept of its skill, of its difficulty as far as there is one, and each skill so many spares.

    `seen` begins with the oldest. The same seed draws the same. Slots without a map, or behind the end of it, stay
    without a concept; the others are as hard as their concept is.
    """
    before = SeenConcepts(seen)
    drawn = list(slots)
    left: dict[str, tuple[Pick, ...]] = {}
    for concepts in maps:
        own = [number for number, slot in enumerate(slots) if slot.skill.skill_id == concepts.skill_id]
        wanted = [slots[number].difficulty for number in own]
        picks = _picks(concepts, before, [*wanted, *islice(cycle(wanted), spares)], seed)
        for number, pick in zip(own, picks, strict=False):
            drawn[number] = with_concept(slots[number], pick)
        left[concepts.skill_id] = tuple(picks[len(own) :])
    return Blueprint(tuple(drawn), left)


def asked(concept: Concept) -> ItemConcept:
    """A concept as an item carries it."""
    return ItemConcept(concept.concept_id, concept.name)


def _picks(concepts: ConceptMap, seen: SeenConcepts, wanted: Sequence[Difficulty], seed: str) -> list[Pick]:
    """A pick for each difficulty that is wanted, as long as there are concepts."""
    rng = Random(f"{seed}:{concepts.skill_id}")  # noqa: S311  # repeatable on purpose, nothing secret
    open_ones = [concept for concept in concepts.concepts if not concept.is_retired]
    places = {concept.concept_id: seen.place(concepts.skill_id, asked(concept)) for concept in open_ones}
    unseen = [concept for concept in open_ones if places[concept.concept_id] is None]
    rng.shuffle(unseen)
    fresh = _by_level(unseen, wanted)
    again = sorted(
        (place, number) for number, it in enumerate(open_ones) if (place := places[it.concept_id]) is not None
    )
    longest_ago = [open_ones[number] for _, number in again[: len(wanted) - len(fresh)]]
    return [*(Pick(it) for it in fresh), *(Pick(it, is_again=True) for it in longest_ago)]


def _by_level(unseen: Sequence[Concept], wanted: Sequence[Difficulty]) -> list[Concept]:
    """For each difficulty the next concept of it, or else of the nearest one; of two as near, of which more is left."""
    stock = {level: [concept for concept in unseen if concept.level is level] for level in LEVELS}
    taken = []
    for level in wanted[: len(unseen)]:
        nearest = min(LEVELS, key=lambda it: (not stock[it], _distance(it, level), -len(stock[it])))
        taken.append(stock[nearest].pop())
    return taken


def _distance(one: Difficulty, other: Difficulty) -> int:
    return abs(LEVELS.index(one) - LEVELS.index(other))


def with_concept(slot: Slot, pick: Pick) -> Slot:
    """A slot that asks for a concept, and is as hard as that."""
    return msgspec.structs.replace(slot, concept=pick.concept, difficulty=pick.concept.level, is_again=pick.is_again)
