"""From written items to what a student is shown."""

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from assessment.models import Item
from assessment.sets.shuffle import show
from tests.factories import items

seeds = st.integers(0, 2**32)
written = st.lists(
    st.builds(
        Item,
        skill_id=st.just("skill-0"),
        source_id=st.just("prj_0"),
        stem=st.text(min_size=1),
        options=st.lists(st.text(min_size=1), min_size=4, max_size=4, unique=True).map(tuple),
        key=st.integers(0, 3),
        rationale=st.text(),
    ),
    max_size=8,
    unique_by=lambda item: item.stem,
)


def seeded(seed: int) -> Random:
    return Random(seed)  # noqa: S311  # repeatable on purpose, nothing secret


@given(written, seeds)
def test_the_key_points_to_the_same_text_and_the_options_are_the_same_ones(written: list[Item], seed: int) -> None:
    by_stem = {item.stem: item for item in written}
    shown = show(written, seeded(seed))
    assert sorted(question.stem for question in shown) == sorted(by_stem)
    for question in shown:
        item = by_stem[question.stem]
        assert question.options[question.key] == item.options[item.key]
        assert sorted(question.options) == sorted(item.options)
        assert (question.skill_id, question.source_id, question.rationale) == (
            item.skill_id, item.source_id, item.rationale,
        )  # fmt: skip  # three fields, one line each side


def test_the_right_option_stands_at_every_position_equally_often() -> None:
    """Chi-square with 3 degrees of freedom: 16.3 is crossed by chance once in a thousand, and the seeds are fixed."""
    always_first = [item for item in items(10) if item.key == 0]
    tally = Counter(question.key for seed in range(1000) for question in show(always_first, seeded(seed)))
    expected = sum(tally.values()) / 4
    assert sum((tally[position] - expected) ** 2 / expected for position in range(4)) < 16.3


def test_the_order_of_the_questions_tells_nothing_about_the_order_they_were_written_in() -> None:
    tally = Counter(show(items(4), seeded(seed))[0].stem for seed in range(1000))
    assert len(tally) == 4
    assert sum((count - 250) ** 2 / 250 for count in tally.values()) < 16.3


def test_every_order_of_the_options_occurs() -> None:
    orders = {show(items(1), seeded(seed))[0].options for seed in range(500)}
    assert len(orders) == 24


def test_ids_are_unique_and_do_not_follow_from_the_shuffle() -> None:
    """The same seed gives the same order, and other ids all the same."""
    sets = [show(items(10), seeded(7)) for _ in range(20)]
    assert len({tuple(question.options for question in questions) for questions in sets}) == 1
    assert len({question.question_id for questions in sets for question in questions}) == 200
