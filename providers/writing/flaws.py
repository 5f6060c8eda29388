"""Items of which only the distractors are at fault."""

import msgspec

from assessment.models import Item
from assessment.sets.assembly import ADVICE, Shortfall

REPAIRABLE = frozenset({"key_length", "duplicate_options"})  # rules that an item may break by its distractors alone
_OF_DISTRACTORS = frozenset(ADVICE[robot] for robot in ("longest", "most_specific", "no_absolutes", "option_overlap"))


class Flaw(msgspec.Struct, frozen=True):
    """An item whose stem and key may stay, and what is wrong with the others."""

    item: Item
    reason: str


def flaws_of(shortfall: Shortfall) -> tuple[Flaw, ...]:
    """What other distractors could mend of a set that was refused: nothing where something else is wrong, too."""
    if not _OF_DISTRACTORS.issuperset(shortfall.reasons):
        return ()
    return tuple(Flaw(item, "; ".join(shortfall.reasons)) for item in shortfall.items)
