"""A sound vendor behind an author with a habit makes the set, whatever rule the habit breaks."""

import pytest

from assessment.items.rules import RULES
from bench.quality import chains

SETS = 3


@pytest.mark.parametrize("habit", ["structure", "key_length", "convergence", *chains.OF_SETS])
async def test_every_set_of_a_chain_with_a_sound_second_vendor_is_complete(habit: str) -> None:
    found = await chains.measure(habit, SETS)
    assert (found.complete, found.sound_calls > 0) == (SETS, True)


def test_every_rule_for_items_has_its_habit() -> None:
    assert {rule.__name__ for rule in RULES} <= set(chains.HABITS_OF_RULES)
