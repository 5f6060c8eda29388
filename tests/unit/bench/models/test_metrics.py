from pathlib import Path

import pytest

from bench.models.estimates import estimates
from bench.models.metrics import METRICS
from bench.models.readability import count_syllables, grade

PAGE = Path(__file__).parents[4] / "docs" / "benchmark-metrics.md"


def test_every_metric_is_computed_and_every_figure_is_a_metric() -> None:
    assert set(estimates({}, seed=1)) == set(METRICS)


def test_of_a_subject_without_records_nothing_is_known() -> None:
    assert {figure.value for figure in estimates({}, seed=1).values()} == {None}


def test_every_metric_is_explained_in_the_documentation() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in METRICS if f"| `{name}` |" not in text] == []


@pytest.mark.parametrize(
    ("word", "syllables"),
    [("the", 1), ("code", 1), ("called", 1), ("tested", 2), ("table", 2), ("roles", 1), ("classes", 2), ("React", 1)],
)
def test_syllables_are_counted_without_endings_that_are_not_spoken(word: str, syllables: int) -> None:
    assert count_syllables(word) == syllables


def test_the_grade_is_that_of_flesch_and_kincaid() -> None:
    # 6 words in 1 sentence with 6 syllables; 6 words in 2 sentences with 7
    assert grade("The cat sat on the mat.") == pytest.approx(0.39 * 6 + 11.8 * 1 - 15.59)
    assert grade("The cat sat. On the table!") == pytest.approx(0.39 * 3 + 11.8 * 7 / 6 - 15.59)


def test_a_dot_inside_a_name_ends_no_sentence() -> None:
    assert grade("Call a.b now?") == pytest.approx(0.39 * 4 + 11.8 * 1 - 15.59)


def test_a_text_without_words_has_no_grade() -> None:
    assert grade("42 ?") is None
