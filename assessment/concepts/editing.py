"""How a map grows and is changed: what a person has put there stays, whatever a model writes later."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from assessment.concepts.cleaning import ConceptDraft, clean, shape_fault
from assessment.credentials import new_id
from assessment.items.text import fold
from assessment.models import Concept, Difficulty, Origin, OriginKind

MOST_CONCEPTS = 80


class BadMap(ValueError):
    """A map that a person brings cannot be taken; the message says which line, and why."""


class ConceptRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of a map as a person edits it; one without an id is new."""

    name: str
    tests: str
    level: Difficulty
    id: str = ""
    retired: bool = False


def extended(
    held: Sequence[Concept], written: Mapping[ConceptDraft, Origin], *, skill: str, language: str
) -> tuple[Concept, ...]:
    """Add what was written and is new, up to a full map; what is there stays as it is, and what is retired retired."""
    room = MOST_CONCEPTS - sum(not concept.is_retired for concept in held)
    new = clean(tuple(written), skill, language, held).kept[: max(0, room)]
    return (*held, *(Concept(new_id("con"), it.name, it.tests, it.level, written[it]) for it in new))


def edited(held: Sequence[Concept], rows: Sequence[ConceptRow], at: datetime) -> tuple[Concept, ...]:
    """Take over what a person changed or added; concepts that no row names stay. Raises BadMap."""
    _refuse_faults(held, rows)
    by_id = {row.id: row for row in rows if row.id}
    by_hand = Origin(OriginKind.PERSON, at=at)
    kept = (_changed(concept, by_id.get(concept.concept_id), by_hand) for concept in held)
    new = (
        Concept(new_id("con"), row.name.strip(), row.tests.strip(), row.level, by_hand, row.retired)
        for row in rows
        if not row.id
    )
    return (*kept, *new)


def retired(held: Sequence[Concept], concept_id: str) -> tuple[Concept, ...]:
    """Ask about a concept no more. Raises BadMap when there is none of this id."""
    if concept_id not in {concept.concept_id for concept in held}:
        raise BadMap(f"the map has no concept {concept_id}")
    return tuple(
        msgspec.structs.replace(concept, is_retired=True) if concept.concept_id == concept_id else concept
        for concept in held
    )


def rows_of(concepts: Sequence[Concept]) -> list[ConceptRow]:
    """A map as a person edits it."""
    return [ConceptRow(it.name, it.tests, it.level, it.concept_id, it.is_retired) for it in concepts]


def _changed(concept: Concept, row: ConceptRow | None, by_hand: Origin) -> Concept:
    if row is None or row == rows_of([concept])[0]:
        return concept
    return Concept(concept.concept_id, row.name.strip(), row.tests.strip(), row.level, by_hand, row.retired)


def _refuse_faults(held: Sequence[Concept], rows: Sequence[ConceptRow]) -> None:
    ids = {concept.concept_id for concept in held}
    named_ids: set[str] = set()
    names = {fold(it.name) for it in held if it.concept_id not in {row.id for row in rows}}
    for number, row in enumerate(rows, start=1):
        where = f"concept {number} ({row.name[:40]!r})"
        if fault := shape_fault(row):
            raise BadMap(f"{where} cannot be taken: {fault}")
        if row.id and row.id not in ids:
            raise BadMap(f"{where} has the id {row.id}, which the map does not have; leave it empty for a new one")
        if row.id in named_ids or fold(row.name) in names:
            raise BadMap(f"{where} is there twice")
        names.add(fold(row.name))
        named_ids |= {row.id} if row.id else set()
