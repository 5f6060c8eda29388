"""From the items of a set to the questions a student is shown."""

import secrets
from collections import Counter
from collections.abc import Sequence
from random import Random

from assessment.models import Item, Question
from assessment.sets.rules import max_per_position

QUESTION_ID_BYTES = 12


def show(items: Sequence[Item], rng: Random) -> tuple[Question, ...]:
    """Give every item an id and shuffle its options; the order of the questions is shuffled too.

    Key positions are drawn evenly among all arrangements in which no position holds too many (rule 21). The ids come
    from the operating system's randomness, so they tell nothing about key, order or origin.
    """
    questions = [_shuffled(item, position, rng) for item, position in zip(items, _positions(items, rng), strict=True)]
    rng.shuffle(questions)
    return tuple(questions)


def _positions(items: Sequence[Item], rng: Random) -> list[int]:
    """Draw until it fits: two of three draws for ten items do."""
    while True:
        positions = [rng.randrange(len(item.options)) for item in items]
        if max(Counter(positions).values(), default=0) <= max_per_position(len(items)):
            return positions


def _shuffled(item: Item, position: int, rng: Random) -> Question:
    order = [index for index in range(len(item.options)) if index != item.key]
    rng.shuffle(order)
    order.insert(position, item.key)
    return Question(
        question_id=f"q_{secrets.token_hex(QUESTION_ID_BYTES)}",
        skill_id=item.skill_id,
        source_id=item.source_id,
        stem=item.stem,
        options=tuple(item.options[index] for index in order),
        key=position,
        rationale=item.rationale,
        difficulty=item.difficulty,
        author=item.author,
        findings=item.findings,
        concept=item.concept,
    )
