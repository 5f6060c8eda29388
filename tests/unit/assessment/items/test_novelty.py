"""Rule 24: nothing comes back, neither word for word nor in other words, and what is new is let through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessment.items.novelty import Seen, signature, without_setting
from assessment.models import Item, SeenItem
from fakes.item_maker import make
from tests.factories import item

QUESTION = "map tiles load slowly after each zoom on a phone with little memory. Which change helps most?"
OLD = item(
    stem=f"In your project “Harbour map”, {QUESTION}",
    options=("Caching the tiles by zoom level", "A larger tile size", "A second font", "A darker theme"),
)


def remembered(*items: Item) -> Seen:
    return Seen([SeenItem(it.skill_id, it.stem, signature(it)) for it in items])


def is_new(candidate: Item, *seen: Item) -> bool:
    return remembered(*seen).find(candidate) is None


@pytest.mark.parametrize(
    "stem",
    [
        OLD.stem,
        OLD.stem.upper(),
        f"In your work as Cartographer, {QUESTION}",
        f"Building on your diploma “Map 2, b”, {QUESTION}",
        f"Project “Quay at night, seen from a boat”\n{QUESTION}",
        f"In your project “Quay”, {QUESTION.replace('slowly', 'sluggishly').replace('phone', 'tablet')}",
        f"Which change helps most, when in your project “Harbour map” {QUESTION.partition('.')[0]}?",
    ],
    ids=[
        "again",
        "shouted",
        "in a job",
        "with a comma in the title",
        "below a line",
        "two words changed",
        "turned round",
    ],
)
def test_an_old_question_is_known_again_however_it_is_dressed(stem: str) -> None:
    again = item(stem=stem, options=("A", "B", "C", "D"), skill_id="another skill")
    assert not is_new(again, OLD)


def test_the_same_key_for_the_same_skill_in_a_reworded_stem_is_known_again() -> None:
    reworded = item(stem="Zooming on a phone makes map tiles load late: what would you do?", options=OLD.options)
    assert not is_new(reworded, OLD)
    assert is_new(item(stem=reworded.stem, options=OLD.options, skill_id="another skill"), OLD)


def test_a_short_key_may_be_right_for_two_different_questions() -> None:
    one = item(
        stem="How does the time to search a sorted list of length n grow with bisection?",
        options=("O(log n)", "O(n)", "O(1)", "O(n²)"),
    )
    other = item(stem="What does it cost to insert a value into a balanced tree of n entries?", options=one.options)
    assert is_new(other, one)


def test_two_questions_in_one_setting_are_two_questions() -> None:
    other = item(
        stem="In your project “Harbour map”, two users edit one marker at a time. Which rule keeps both their changes?",
        options=("Merging field by field", "Locking the map", "Taking the last", "Asking an admin"),
    )
    assert is_new(other, OLD)


def test_an_item_from_before_signatures_is_known_by_its_stem() -> None:
    assert Seen([SeenItem("", OLD.stem)]).find(OLD)
    assert Seen([SeenItem("skill-0", OLD.stem, b"\xff" * 7)]).find(OLD)


def test_what_was_just_accepted_counts_as_seen() -> None:
    seen = Seen()
    assert seen.find(OLD) is None
    seen.add(OLD)
    assert seen.find(OLD)


def test_a_finding_quotes_nothing() -> None:
    found = remembered(OLD).find(OLD)
    assert found
    assert not any(word in found.seen for word in ("tiles", "Caching"))


def test_of_two_hundred_generated_items_hardly_any_is_taken_for_another() -> None:
    made = [make(number) for number in range(200)]
    seen, taken = Seen(), 0
    for it in made:
        candidate = item(stem=it["stem"], options=tuple(it["options"]), key=it["key"])
        taken += seen.find(candidate) is not None
        seen.add(candidate)
    assert taken < 10


@pytest.mark.parametrize(
    ("stem", "question"),
    [
        (
            "In your project X, which of the two pumps would you take first?",
            "which of the two pumps would you take first?",
        ),
        ("Which pump, and why?", "Which pump, and why?"),
        ("No comma here at all, really", "No comma here at all, really"),
        ("", ""),
    ],
)
def test_a_first_clause_is_left_out_where_the_rest_can_stand_alone(stem: str, question: str) -> None:
    assert without_setting(stem) == question


@given(st.text(), st.text(min_size=1))
def test_every_item_is_like_itself_and_a_signature_keeps_what_a_trace_holds(stem: str, key: str) -> None:
    one = item(stem=stem, options=(key, "b", "c", "d"))
    assert len(signature(one)) == 210
    assert remembered(one).find(one) is not None


@given(st.text(), st.text())
def test_likeness_does_not_depend_on_who_came_first(first: str, second: str) -> None:
    one, other = item(stem=first), item(stem=second)
    assert remembered(one).find(other) == remembered(other).find(one)


def test_a_first_line_that_sets_the_scene_is_left_out_and_a_question_is_not() -> None:
    code = "What does this loop print?\nfor word in words: print(word.upper() + word.lower())"
    assert without_setting(f"Project “Harbour, map”\nIn a harbour, {QUESTION}") == f"In a harbour, {QUESTION}"
    assert without_setting(code) == code
