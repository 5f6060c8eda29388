"""From written items to the questions a student is shown."""

import secrets
from collections.abc import Sequence
from random import Random

from assessment.models import Item, Question

QUESTION_ID_BYTES = 12


def show(items: Sequence[Item], rng: Random) -> tuple[Question, ...]:
    """Give every item an id and shuffle its options; the order of the questions is shuffled too.

    The ids come from the operating system's randomness, so they tell nothing about key, order or origin.
    """
    questions = [_shuffled(item, rng) for item in items]
    rng.shuffle(questions)
    return tuple(questions)


def _shuffled(item: Item, rng: Random) -> Question:
    order = list(range(len(item.options)))
    rng.shuffle(order)
    return Question(
        question_id=f"q_{secrets.token_hex(QUESTION_ID_BYTES)}",
        skill_id=item.skill_id,
        source_id=item.source_id,
        stem=item.stem,
        options=tuple(item.options[index] for index in order),
        key=order.index(item.key),
        rationale=item.rationale,
    )
