"""Which skill and which source item each question is about."""

import math
from collections.abc import Sequence

from assessment.models import Skill, Slot, SourceItem


def plan(skills: Sequence[Skill], sources: Sequence[SourceItem], total: int, turn: int = 0) -> tuple[Slot, ...]:
    """Spread `total` questions evenly over skills and sources (rule 23 of docs/item-quality.md).

    Every skill gets a question while there are no more skills than questions. `turn` (0 for the first set) rotates
    both lists, so that a retake pairs skills with other sources and, where there are more skills than questions,
    asks about other skills first.
    """
    cycle = math.lcm(len(skills), len(sources))  # side by side, both lists begin to repeat their pairs here
    first = turn * total
    pairs = []
    for index in range(total):
        skill = skills[(first + index) % len(skills)]
        source = sources[(first + index + index // cycle + turn) % len(sources)]
        pairs.append(Slot(skill, source))
    return tuple(pairs)
