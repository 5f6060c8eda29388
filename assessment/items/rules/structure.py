"""Rules 1, 2, 15 and 19: what an item is made of."""

from assessment.findings import Finding, hard
from assessment.items.rules.context import RuleContext
from assessment.items.text import fold
from assessment.models import Item

OPTIONS_PER_ITEM = 4
MAX_STEM_CHARACTERS = 600
MAX_OPTION_CHARACTERS = 200
MAX_RATIONALE_CHARACTERS = 1_000


def structure(item: Item, context: RuleContext) -> Finding | None:
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


def duplicate_options(item: Item, context: RuleContext) -> Finding | None:
    """Rule 2: no two options that read the same; punctuation counts, since code differs by it."""
    folded = {fold(option) for option in item.options}
    if len(folded) < len(item.options):
        return hard("duplicate_options", f"{len(item.options) - len(folded)} repeated")
    return None


def evidence(item: Item, context: RuleContext) -> Finding | None:
    """Rule 15: the item belongs to a skill and a source item of this verification."""
    if item.skill_id not in context.skill_ids:
        return hard("evidence", "unknown skill")
    if item.source_id not in context.source_ids:
        return hard("evidence", "unknown source")
    return None


def size(item: Item, context: RuleContext) -> Finding | None:
    """Rule 19: a stem of at most 600 characters, options of at most 200; the rationale may have 1,000."""
    if len(item.stem) > MAX_STEM_CHARACTERS:
        return hard("size", f"stem of {len(item.stem)} characters")
    longest = max(map(len, item.options), default=0)
    if longest > MAX_OPTION_CHARACTERS:
        return hard("size", f"option of {longest} characters")
    if len(item.rationale) > MAX_RATIONALE_CHARACTERS:
        return hard("size", f"rationale of {len(item.rationale)} characters")
    return None
