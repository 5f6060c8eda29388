"""A sound vendor behind an author with a habit makes the set, whatever rule the habit breaks."""

import pytest

from assessment.items.rules import RULES
from bench.quality import chains, repairs

SETS = 3


@pytest.mark.parametrize("habit", ["structure", "key_length", "convergence", *chains.OF_SETS])
async def test_every_set_of_a_chain_with_a_sound_second_vendor_is_complete(habit: str) -> None:
    found = await chains.measure(habit, SETS)
    assert (found.complete, found.sound_calls > 0) == (SETS, True)


def test_every_rule_for_items_has_its_habit() -> None:
    assert {rule.__name__ for rule in RULES} <= set(chains.HABITS_OF_RULES)


async def test_a_repair_is_shorter_than_what_would_be_written_anew() -> None:
    anew, repaired = [await repairs.measure(repairs=it, sets=SETS) for it in (False, True)]
    assert (anew.repaired, repaired.repaired > 0) == (0, True)
    assert repaired.output_tokens < anew.output_tokens / 2
    assert repaired.input_tokens < anew.input_tokens
