"""Which skill, which source item, which difficulty and which task each question is about."""

import math
from collections.abc import Sequence

from assessment.models import Difficulty, FormPlan, Skill, Slot, SourceItem, Task

TASKS = tuple(Task)


def plan(skills: Sequence[Skill], sources: Sequence[SourceItem], form: FormPlan, turn: int = 0) -> tuple[Slot, ...]:
    """Spread the questions of a set evenly over skills and sources (rule 23 of docs/item-quality.md).

    Every skill gets a question while there are no more skills than questions. `turn` (0 for the first set) rotates
    the lists, so that a retake pairs skills with other sources and tasks and, where there are more skills than
    questions, asks about other skills first. Difficulties are dealt out skill by skill: each gets
    its share.
    """
    cycle = math.lcm(len(skills), len(sources))  # side by side, both lists begin to repeat their pairs here
    first = turn * form.total
    difficulties = spread(form)
    by_skill = sorted(range(form.total), key=lambda index: (index % len(skills), index))
    hardness = {index: difficulties[(place + turn) % form.total] for place, index in enumerate(by_skill)}
    slots = []
    for index in range(form.total):
        skill = skills[(first + index) % len(skills)]
        source = sources[(first + index + index // cycle + turn) % len(sources)]
        task = TASKS[(index // len(skills) + index + turn) % len(TASKS)]
        slots.append(Slot(skill, source, hardness[index], task))
    return tuple(slots)


def spread(form: FormPlan) -> tuple[Difficulty, ...]:
    """Deal out the difficulties by weight, each as evenly over the set as it goes."""
    weights = {difficulty: weight for difficulty, weight in form.mix.items() if weight}
    whole = sum(weights.values())
    dealt = dict.fromkeys(weights, 0)
    order = []
    for number in range(1, form.total + 1):
        due = {difficulty: weight * number / whole - dealt[difficulty] for difficulty, weight in weights.items()}
        most_due = max(due, key=lambda difficulty: due[difficulty])
        dealt[most_due] += 1
        order.append(most_due)
    return tuple(order)
