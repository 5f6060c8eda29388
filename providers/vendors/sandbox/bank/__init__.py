"""Hand-written items for some skills, one JSON file per skill, read once when first needed."""

from functools import cache
from pathlib import Path
from typing import Annotated

import msgspec

from assessment.items.text import fold
from assessment.models import Skill


class BankItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An item template: its stem holds `{setting}`, where the source it is set in is named."""

    id: str
    difficulty: str
    stem: str
    key: str
    distractors: Annotated[tuple[str, ...], msgspec.Meta(min_length=3, max_length=3)]
    rationale: str


class Bank(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All items for one skill; `aliases` are further names of it."""

    skill: str
    aliases: tuple[str, ...]
    items: tuple[BankItem, ...]


def bank_for(skill: Skill) -> tuple[BankItem, ...]:
    """The items of the bank that carries the skill's name or id, or none."""
    banks = _banks()
    for name in (skill.name, skill.skill_id):
        if bank := banks.get(fold(name)):
            return bank.items
    return ()


def names() -> tuple[str, ...]:
    """The skills that have a bank."""
    return tuple(sorted({bank.skill for bank in _banks().values()}))


@cache
def _banks() -> dict[str, Bank]:
    by_name = {}
    for path in sorted(Path(__file__).parent.glob("*.json")):
        bank = msgspec.json.decode(path.read_bytes(), type=Bank)
        by_name.update({fold(name): bank for name in (bank.skill, *bank.aliases)})
    return by_name
