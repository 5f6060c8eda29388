"""When one question may be asked: one small function per rule.

Every rule looks at an item in its slot's context and returns a finding, or None. The numbers are those of
docs/item-quality.md.
"""

import re
from collections.abc import Callable, Collection

import msgspec

from assessment.findings import Finding, Severity, hard
from assessment.models import Item
from assessment.text import fold

OPTIONS_PER_ITEM = 4
MAX_STEM_CHARACTERS = 600
MAX_OPTION_CHARACTERS = 200
UNSTORABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class Grounds(msgspec.Struct, frozen=True):
    """The skills and sources of the verification an item must belong to."""

    skill_ids: Collection[str]
    source_ids: Collection[str]


Rule = Callable[[Item, Grounds], Finding | None]


def structure(item: Item, grounds: Grounds) -> Finding | None:
    """Rule 1: exactly four non-empty options, and a key that is one of them."""
    if len(item.options) != OPTIONS_PER_ITEM:
        return hard("structure", f"{len(item.options)} options")
    if not item.stem.strip():
        return hard("structure", "empty stem")
    if any(not option.strip() for option in item.options):
        return hard("structure", "empty option")
    if not 0 <= item.key < OPTIONS_PER_ITEM:
        return hard("structure", f"key {item.key}")
    return None


def duplicate_options(item: Item, grounds: Grounds) -> Finding | None:
    """Rule 2: no two options that read the same; punctuation counts, since code differs by it."""
    folded = {fold(option) for option in item.options}
    if len(folded) < len(item.options):
        return hard("duplicate_options", f"{len(item.options) - len(folded)} repeated")
    return None


def evidence(item: Item, grounds: Grounds) -> Finding | None:
    """Rule 15: the item belongs to a skill and a source item of this verification."""
    if item.skill_id not in grounds.skill_ids:
        return hard("evidence", "unknown skill")
    if item.source_id not in grounds.source_ids:
        return hard("evidence", "unknown source")
    return None


def size(item: Item, grounds: Grounds) -> Finding | None:
    """Rule 19: a stem of at most 600 characters, options of at most 200."""
    if len(item.stem) > MAX_STEM_CHARACTERS:
        return hard("size", f"stem of {len(item.stem)} characters")
    longest = max(map(len, item.options), default=0)
    if longest > MAX_OPTION_CHARACTERS:
        return hard("size", f"option of {longest} characters")
    return None


def storable_text(item: Item, grounds: Grounds) -> Finding | None:
    """Part of rule 18: no control characters and no lone surrogates; PostgreSQL refuses NUL in text."""
    found = UNSTORABLE.search("".join((item.stem, *item.options, item.rationale)))
    return hard("storable_text", f"U+{ord(found[0]):04X}") if found else None


RULES: tuple[Rule, ...] = (structure, duplicate_options, evidence, size, storable_text)


def examine(item: Item, grounds: Grounds) -> tuple[Finding, ...]:
    """Run every rule over an item; an empty answer means that it may be asked."""
    findings = (rule(item, grounds) for rule in RULES)
    return tuple(finding for finding in findings if finding is not None)


def is_askable(findings: Collection[Finding]) -> bool:
    """Tell whether no finding is hard."""
    return all(finding.severity is not Severity.HARD for finding in findings)
