"""Sets by authors with habits: what was written has the habit, what is shown does not."""

import pytest

from bench.quality import sets
from bench.quality.habits import AT_B_SHARE, HABITS, REWORDED_SHARE

SETS = 24


@pytest.mark.parametrize("author", [sets.SANDBOX, *HABITS])
async def test_every_author_completes_its_sets_and_no_robot_lives_off_them(author: str) -> None:
    found = await sets.measure(author, SETS)
    assert (found.sets, found.complete) == (SETS, SETS)
    assert found.shown_best_robot[1] <= 0.05
    assert found.shown_repeated == 0
    assert max(found.shown_positions) < 0.35


async def test_a_set_as_written_by_one_who_makes_the_key_the_longest_is_passed_by_choosing_the_longest() -> None:
    name, chance = (await sets.measure("longest key", SETS)).written_best_robot
    assert name == "longest"
    assert chance > 0.5


async def test_old_items_in_other_words_are_written_as_often_as_planned_and_refused() -> None:
    found = await sets.measure("reworded retakes", SETS)
    assert found.written_repeated == pytest.approx(REWORDED_SHARE, abs=0.06)
    assert found.rejected["novelty"] > 0


async def test_keys_written_at_b_are_shown_anywhere() -> None:
    found = await sets.measure("key at B", SETS)
    assert found.written_positions[1] == pytest.approx(AT_B_SHARE + (1 - AT_B_SHARE) / 4, abs=0.08)


async def test_what_the_profile_tells_is_not_asked_back() -> None:
    assert (await sets.measure("biography trivia", SETS)).rejected["biography"] > 0
