"""Test-takers without knowledge, and what they get out of a form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessment.models import Item
from assessment.sets.robots import ROBOTS, chance, expected_hits, pass_chance, pass_chances, pass_mark
from tests.factories import item, items


def picked(name: str, stem: str, *options: str) -> frozenset[int]:
    return ROBOTS[name](item(stem=stem, options=options), "en")


def test_each_robot_falls_for_its_trick() -> None:
    assert picked("longest", "Why?", "four", "a longer one", "three", "one") == {1}
    assert picked("stem_overlap", "Which pump moves the oil?", "A pump of oil", "A valve", "A hose", "A tap") == {0}
    assert picked("option_overlap", "Why?", "red big cat", "red big dog", "red old cat", "sun") == {0}
    assert picked("first_position", "Why?", "a", "b", "c", "d") == {0}
    assert picked("most_specific", "Why?", "some", "at 72 (or 73)", "at 5", "none at all") == {1}
    assert picked("no_absolutes", "Why?", "always", "never", "it depends", "all of it") == {2}


def test_what_a_robot_cannot_tell_apart_it_guesses_among() -> None:
    tied = item(stem="Why?", options=("aaaa", "bbbb", "cc", "dd"), key=1)
    assert chance(ROBOTS["longest"], tied, "en") == 0.5
    assert chance(ROBOTS["longest"], item(stem="Why?", options=("aaaa", "bbbb", "cc", "dd"), key=3), "en") == 0.0
    assert chance(ROBOTS["no_absolutes"], tied, "en") == 0.25


def test_a_form_without_a_flaw_gives_every_robot_no_more_than_guessing() -> None:
    hits = expected_hits(items(10))
    assert all(hits[name] == 2.5 for name in ROBOTS if name != "first_position")


def test_blind_guessing_passes_two_percent_of_forms() -> None:
    assert pass_chance([0.25] * 10) == pytest.approx(0.0197, abs=0.0001)


@pytest.mark.parametrize(("total", "mark"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (7, 5), (10, 6), (11, 7)])
def test_the_pass_mark_is_60_percent_with_halves_rounded_up(total: int, mark: int) -> None:
    assert pass_mark(total) == mark


def test_the_chance_to_pass_is_exact_for_a_form_worked_out_by_hand() -> None:
    """Two certain hits and two coins: three of four are needed, so one coin in two must fall right: 3/4."""
    assert pass_chance([1.0, 1.0, 0.5, 0.5]) == pytest.approx(0.75)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_a_better_chance_never_makes_passing_less_likely(chances: list[float]) -> None:
    before = pass_chance(chances)
    assert 0 <= before <= 1 + 1e-9
    assert pass_chance([1.0, *chances[1:]]) >= before - 1e-9


@given(st.text(), st.lists(st.text(), min_size=4, max_size=4), st.integers(0, 3))
def test_robots_answer_any_text(stem: str, options: list[str], key: int) -> None:
    shown = Item("s", "p", stem, tuple(options), key)
    assert all(ROBOTS[name](shown, "en") for name in ROBOTS)
    assert set(pass_chances([shown])) == set(ROBOTS)


def test_the_critic_takes_the_verdict_that_finds_fault() -> None:
    options = (
        "It is right, as it fits",
        "It is wrong, as it is old",
        "It is right, as it is new",
        "It is wrong, as said",
    )
    assert picked("critic", "How do you judge it?", *options) == {1, 3}
    assert picked("critic", "Why?", "It works, as it fits", "The seal", "The pump", "The hose") == {1, 2, 3}
    assert picked("critic", "Why?", "The lamp", "The seal", "The pump", "The hose") == {0, 1, 2, 3}
