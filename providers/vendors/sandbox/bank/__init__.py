"""Hand-written items for some skills, and a map of each skill's concepts, read once when first needed.

`python.json` holds the items of a skill, `concepts/python.yaml` its concepts; an item names the concept it asks about.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from assessment.items.text import as_phrase, fold, words
from assessment.models import Concept, Skill, SourceItem

FOLDER = Path(__file__).parent

Level = Literal["easy", "medium", "hard"]


class BankConcept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing to know in a skill; `id` is unique in the skill, `tests` says what a question about it finds out."""

    id: str
    name: str
    tests: str
    level: Level


class BankMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The concepts of one skill."""

    skill: str
    language: str
    concepts: tuple[BankConcept, ...]


class BankItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An item without a setting. `tags` stand in place of those of its bank; an item without any goes anywhere."""

    id: str
    concept: str
    difficulty: Level
    stem: str
    key: str
    distractors: Annotated[tuple[str, ...], msgspec.Meta(min_length=3, max_length=3)]
    rationale: str
    tags: tuple[str, ...] = ()


class Bank(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All items for one skill; `aliases` are further names of it.

    An item is set in a source that has one of its `tags` in its text. In any other source it would say something of the
    student's work that is not true of it.
    """

    skill: str
    aliases: tuple[str, ...]
    tags: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    items: tuple[BankItem, ...]


def bank_for(skill: Skill) -> tuple[BankItem, ...]:
    """The items of the bank that carries the skill's name or id, or none."""
    bank = _bank(skill)
    return bank.items if bank else ()


def concepts_for(skill: Skill) -> tuple[BankConcept, ...]:
    """The map of a skill that has a bank, or nothing."""
    bank = _bank(skill)
    return _maps()[bank.skill].concepts if bank else ()


def items_about(skill: Skill) -> Mapping[str, BankItem]:
    """The items of a skill by their concept; a concept may have none."""
    return {item.concept: item for item in bank_for(skill)}


def item_about(skill: Skill, concept: Concept) -> BankItem | None:
    """The item about a concept, which is known by the id it has in the bank's map, or else by its name."""
    items = items_about(skill)
    ids = {fold(own.name): own.id for own in concepts_for(skill)}
    return items.get(concept.concept_id) or items.get(ids.get(fold(concept.name), ""))


def names() -> tuple[str, ...]:
    """The skills that have a bank."""
    return tuple(sorted({bank.skill for bank in _banks().values()}))


def goes_with(item: BankItem, source: SourceItem) -> bool:
    """Tell whether an item may be set in a source."""
    if not item.tags:
        return True
    text = as_phrase(words(" ".join((source.title, *(value for _, value in source.facts)))))
    return any(as_phrase(words(tag)) in text for tag in item.tags)


def _bank(skill: Skill) -> Bank | None:
    banks = _banks()
    return banks.get(fold(skill.name)) or banks.get(fold(skill.skill_id))


@cache
def _banks() -> dict[str, Bank]:
    by_name = {}
    for path in sorted(FOLDER.glob("*.json")):
        bank = _tagged(msgspec.json.decode(path.read_bytes(), type=Bank))
        by_name.update({fold(name): bank for name in (bank.skill, *bank.aliases)})
    return by_name


def _tagged(bank: Bank) -> Bank:
    items = (msgspec.structs.replace(item, tags=item.tags or bank.tags) for item in bank.items)
    return msgspec.structs.replace(bank, items=tuple(items))


@cache
def _maps() -> dict[str, BankMap]:
    found = (msgspec.yaml.decode(path.read_bytes(), type=BankMap) for path in sorted(FOLDER.glob("concepts/*.yaml")))
    return {concepts.skill: concepts for concepts in found}
