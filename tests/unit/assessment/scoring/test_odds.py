"""What a pass proves: chances that can be told in advance, whoever counts them."""

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessment.scoring.odds import FEW_ATTEMPTS, chance_to_pass, columns, pass_odds, score_intervals

shares = st.floats(0, 1)
lengths = st.integers(1, 50)
numbers = st.integers(1, 100)


def counted(known: Fraction, questions: int) -> Fraction:
    """The same chance over all courses that an attempt may take."""
    right = known + (1 - known) / 4
    enough = -(-6 * questions // 10)  # where no percentage is rounded, as with 5 and 10 questions
    total = Fraction(0)
    for course in product((True, False), repeat=questions):
        if sum(course) >= enough:
            total += right ** sum(course) * (1 - right) ** (questions - sum(course))
    return total


@pytest.mark.parametrize("known", [0, 25, 40, 50, 60, 75, 90])
@pytest.mark.parametrize("questions", [5, 10])
def test_the_chance_is_that_of_all_courses_an_attempt_may_take(known: int, questions: int) -> None:
    exact = counted(Fraction(known, 100), questions)
    assert chance_to_pass(known / 100, questions) == pytest.approx(float(exact), rel=1e-12)


def test_a_pure_guesser_passes_one_set_of_ten_in_two_percent_and_a_dozen_in_a_fifth() -> None:
    assert chance_to_pass(0, 10) == pytest.approx(0.0197, abs=0.0001)
    assert chance_to_pass(0, 10, 12) == pytest.approx(0.2127, abs=0.0001)


@given(known=shares, more=shares, questions=lengths, attempts=numbers)
def test_who_knows_more_never_has_the_smaller_chance(known: float, more: float, questions: int, attempts: int) -> None:
    low, high = sorted((known, more))
    chances = chance_to_pass(low, questions, attempts), chance_to_pass(high, questions, attempts)
    assert 0 <= chances[0] <= chances[1] + 1e-12 <= 1 + 2e-12


@given(known=shares, questions=lengths, attempts=numbers)
def test_a_further_attempt_never_lowers_the_chance(known: float, questions: int, attempts: int) -> None:
    assert chance_to_pass(known, questions, attempts) <= chance_to_pass(known, questions, attempts + 1) + 1e-12


@given(questions=lengths)
def test_who_knows_all_passes_and_every_interval_holds_its_share(questions: int) -> None:
    assert chance_to_pass(1, questions) == pytest.approx(1)
    for interval in score_intervals(questions):
        assert interval.share.low <= interval.correct / questions <= interval.share.high


def test_six_of_ten_is_anything_from_31_to_83_percent() -> None:
    six = score_intervals(10)[6]
    assert (six.score, round(six.share.low, 2), round(six.share.high, 2)) == (60, 0.31, 0.83)


@given(attempts=st.integers(1, 1000))
def test_a_table_ends_with_the_attempts_that_were_asked_for_and_rises_to_them(attempts: int) -> None:
    shown = columns(attempts)
    assert shown[-1] == attempts
    assert list(shown) == sorted(set(shown))
    assert set(shown[:-1]) <= set(FEW_ATTEMPTS)
    assert all(len(row.chances) == len(shown) for row in pass_odds(10, shown))
