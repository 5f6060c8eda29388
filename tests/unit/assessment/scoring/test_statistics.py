"""How questions of one sort behave, checked against figures worked out by hand."""

import math
from collections.abc import Sequence
from random import Random
from statistics import correlation

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, chi2

from assessment.models import Author, Provenance, VendorShare
from assessment.scoring.statistics import (
    MAX_TAKERS,
    Correlation,
    Distractors,
    Estimate,
    Figures,
    Group,
    ItemStatistics,
    JudgedAnswer,
    chi_square_tail,
    group_of,
    identity,
    key_positions,
    wilson,
)

SQL = Group("sql", "openai/mini", "v3", "hard")
PROVENANCE = Provenance(prompt_version="v3")
OPTIONS = ("LEFT JOIN", "INNER JOIN", "CROSS JOIN", "SELF JOIN")

counts = st.integers(1, 500).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))


def answer(*, right: bool, key: int = 0, **changes: object) -> JudgedAnswer:
    """One answered question of the group SQL."""
    base = JudgedAnswer(
        skill_id="sql",
        stem="In your project Harbour, which join keeps every row of the first table, matched or not?",
        options=OPTIONS,
        key=key,
        selected=key if right else (key + 1) % 4,
        difficulty="hard",
        author=Author("mini", "openai/mini"),
    )
    return msgspec.structs.replace(base, **changes)


def form(item: JudgedAnswer, rest: Sequence[bool]) -> list[JudgedAnswer]:
    """An attempt: the item, and others of another skill."""
    return [item, *(answer(right=right, skill_id="python") for right in rest)]


def figures_of(statistics: ItemStatistics, group: Group = SQL) -> Figures:
    (figures,) = [report.figures for report in statistics.report() if report.group == group]
    assert figures is not None
    return figures


def rounded(estimate: Estimate | None) -> tuple[float, ...]:
    assert estimate is not None
    return tuple(round(figure, 4) for figure in msgspec.structs.astuple(estimate))


# Six attempts of five questions. x is the score of the one question about SQL, y how many of the other four are right.
#
#   attempt   x   y    x - 1/2   y - 2    product
#      1      1   4      +1/2      +2        +1
#      2      1   3      +1/2      +1        +1/2
#      3      1   2      +1/2       0         0
#      4      0   2      -1/2       0         0
#      5      0   1      -1/2      -1        +1/2
#      6      0   0      -1/2      -2        +1
#                  squares: 6/4    10   sum:  3
#
# Discrimination: r = 3 / sqrt(1.5 * 10) = 3 / 3.8730 = 0.7746; that y is divided by 4 changes nothing.
#   z = artanh r = ln((1 + r) / (1 - r)) / 2 = ln(7.8730) / 2 = 1.0317; half width 1.96 / sqrt(6 - 3) = 1.1316
#   tanh(-0.0999) = -0.0995, tanh(2.1633) = 0.9739
# Facility: 3 / 6 = 0.5. Wilson, with z squared = 3.8415:
#   centre (0.5 + 3.8415 / 12) / (1 + 3.8415 / 6) = 0.8201 / 1.6402 = 0.5
#   half   1.96 * sqrt(0.25 / 6 + 3.8415 / 144) / 1.6402 = 1.96 * 0.26142 / 1.6402 = 0.3124
BY_HAND = [(1, 4), (1, 3), (1, 2), (0, 2), (0, 1), (0, 0)]


def by_hand() -> ItemStatistics:
    statistics = ItemStatistics(min_answers=6)
    for x, y in BY_HAND:
        statistics.add(form(answer(right=bool(x)), [number < y for number in range(4)]), PROVENANCE)
    return statistics


def test_discrimination_is_the_correlation_with_the_rest_of_the_attempt() -> None:
    assert rounded(figures_of(by_hand()).discrimination) == (0.7746, -0.0995, 0.9739)


def test_facility_is_the_share_of_right_answers() -> None:
    assert rounded(figures_of(by_hand()).facility) == (0.5, 0.1876, 0.8124)


def test_a_question_does_not_count_into_the_score_it_is_held_against() -> None:
    """With the question in the score, x and y would go together by construction; here the rest says nothing."""
    statistics = ItemStatistics(min_answers=4)
    for right, rest in ((True, 1), (True, 3), (False, 1), (False, 3)):
        statistics.add(form(answer(right=right), [number < rest for number in range(4)]), PROVENANCE)
    assert rounded(figures_of(statistics).discrimination) == pytest.approx((0, -0.9611, 0.9611))  # tanh(1.96)


def test_forms_of_different_length_are_put_together_by_share() -> None:
    """Half of the rest right is the same y, whether of two questions or of eight: so r is exactly undefined."""
    statistics = ItemStatistics(min_answers=4)
    for right, others in ((True, 2), (True, 8), (False, 4), (False, 8)):
        statistics.add(form(answer(right=right), [number % 2 == 0 for number in range(others)]), PROVENANCE)
    assert figures_of(statistics).discrimination is None


def test_a_form_of_one_question_has_no_rest_to_be_held_against() -> None:
    statistics = by_hand()
    for _ in range(9):
        statistics.add([answer(right=True)], PROVENANCE)
    figures = figures_of(statistics)
    assert rounded(figures.discrimination) == (0.7746, -0.0995, 0.9739)
    assert figures.facility.value == 12 / 15


def test_a_group_with_too_few_answers_is_counted_and_not_judged() -> None:
    statistics = ItemStatistics(min_answers=6)
    for x, y in BY_HAND[:5]:
        statistics.add(form(answer(right=bool(x)), [number < y for number in range(4)]), PROVENANCE)
    sql = {report.group: report for report in statistics.report()}[SQL]
    assert (sql.answers, sql.attempts, sql.figures) == (5, 5, None)


def test_answers_and_the_attempts_they_come_from_are_counted_apart() -> None:
    python = {report.group.skill_id: report for report in by_hand().report()}["python"]
    assert (python.answers, python.attempts) == (24, 6)


def test_groups_differ_by_skill_model_prompt_version_and_difficulty() -> None:
    statistics = ItemStatistics()
    base = answer(right=True)
    changes: tuple[dict[str, object], ...] = (
        {},
        {"skill_id": "go"},
        {"author": Author("other", "local/model")},
        {"difficulty": "easy"},
    )
    for change in changes:
        statistics.add([msgspec.structs.replace(base, **change)], PROVENANCE)
    statistics.add([base], Provenance(prompt_version="v4"))
    assert [report.group for report in statistics.report()] == [
        Group("go", "openai/mini", "v3", "hard"),
        Group("sql", "local/model", "v3", "hard"),
        Group("sql", "openai/mini", "v3", "easy"),
        SQL,
        Group("sql", "openai/mini", "v4", "hard"),
    ]


@pytest.mark.parametrize(
    ("models", "model"), [((), ""), (("a/b",), "a/b"), (("a/b", "a/b"), "a/b"), (("a/b", "c/d"), "")]
)
def test_the_model_of_an_older_question_is_known_if_one_model_wrote_the_set(models: Sequence[str], model: str) -> None:
    provenance = Provenance(tuple(VendorShare(f"vendor-{number}", name, 5) for number, name in enumerate(models)))
    assert group_of(answer(right=True, author=Author()), provenance).model == model


# 40 keys: 16 first, 8 at each other position; 10 expected at each.
#   chi-square = (36 + 4 + 4 + 4) / 10 = 4.8
#   p = erfc(sqrt(2.4)) + sqrt(9.6 / pi) * exp(-2.4) = 0.0285 + 1.7481 * 0.0907 = 0.1870
def test_key_positions_are_held_against_an_even_shuffle() -> None:
    found = key_positions([16, 8, 8, 8])
    assert found.shares == (0.4, 0.2, 0.2, 0.2)
    assert found.p_value is not None
    assert round(found.p_value, 4) == 0.1870


def test_key_positions_are_counted_over_the_answers_of_the_group() -> None:
    statistics = ItemStatistics(min_answers=20)
    for number in range(40):
        statistics.add([answer(right=True, key=max(0, number % 5 - 1))], PROVENANCE)
    assert figures_of(statistics).key_positions == key_positions([16, 8, 8, 8])


@pytest.mark.parametrize(("total", "is_tested"), [(19, False), (20, True)])
def test_positions_are_tested_from_five_expected_keys_each(total: int, is_tested: bool) -> None:
    assert (key_positions([total, 0, 0, 0]).p_value is not None) is is_tested


@pytest.mark.parametrize(("value", "tail"), [(0, 1.0), (6.251, 0.1), (7.815, 0.05), (11.345, 0.01), (16.266, 0.001)])
def test_the_chi_square_tail_is_that_of_the_printed_tables(value: float, tail: float) -> None:
    assert chi_square_tail(value) == pytest.approx(tail, rel=1e-3)


@given(st.floats(0, 300))
def test_the_chi_square_tail_is_scipys(value: float) -> None:
    assert math.isclose(chi_square_tail(value), float(chi2.sf(value, 3)), rel_tol=1e-9, abs_tol=1e-60)


# 40 takers of one item: 30 right, 8 on the second option, 2 on the third (exactly 5%, so it works), none on the fourth.
TAKEN = [0] * 30 + [1] * 8 + [2] * 2


def judged(answers: Sequence[tuple[str, JudgedAnswer]], min_takers: int = 40) -> ItemStatistics:
    """Read the answers of these takers, each an attempt, twice."""
    statistics = ItemStatistics(min_takers)
    for _, answer in answers:
        statistics.add([answer], PROVENANCE)
    for taker, answer in answers:
        statistics.add_choices(taker, [answer], PROVENANCE)
    return statistics


def taken(selections: Sequence[int], **changes: str) -> list[tuple[str, JudgedAnswer]]:
    """Answers of as many students to one item."""
    return [
        (f"student-{number}", msgspec.structs.replace(answer(right=True, selected=selected), **changes))
        for number, selected in enumerate(selections)
    ]


@pytest.mark.parametrize(
    ("selections", "non_functioning"), [(TAKEN, 1), ([*TAKEN[:-1], 0], 2), ([0] * 40, 3), ([0, 1, 2, 3] * 10, 0)]
)
def test_a_distractor_under_five_percent_does_not_function(selections: list[int], non_functioning: int) -> None:
    assert figures_of(judged(taken(selections))).distractors == Distractors(1, 3, non_functioning)


def test_a_choice_is_known_by_its_text_wherever_it_stood() -> None:
    turned = [
        (taker, msgspec.structs.replace(one, options=one.options[::-1], key=3, selected=3 - chosen))
        for (taker, one), chosen in zip(taken(TAKEN)[1:], TAKEN[1:], strict=True)
    ]
    assert figures_of(judged([taken(TAKEN)[0], *turned])).distractors == Distractors(1, 3, 1)


def test_an_item_with_too_few_takers_says_nothing_of_its_distractors() -> None:
    """Forty answers to forty items are a group that can be judged, and no item of it can."""
    stems = (f"Which of the joins is the right one for table {number} of the schema?" for number in range(40))
    answers = [(f"student-{number}", answer(right=True, stem=stem)) for number, stem in enumerate(stems)]
    assert figures_of(judged(answers)).distractors is None


def test_a_student_who_had_an_item_twice_is_one_taker_with_the_first_answer() -> None:
    assert figures_of(judged([*taken(TAKEN), *taken([3] * 40)])).distractors == Distractors(1, 3, 1)
    twice = [(f"student-{number % 39}", answer(right=True)) for number in range(78)]
    assert figures_of(judged(twice)).distractors is None


def test_distractors_of_several_items_are_added_up() -> None:
    other = taken([0] * 40, stem="Which join gives the product of two tables, row by row?")
    found = figures_of(judged([*taken(TAKEN), *other])).distractors
    assert found == Distractors(2, 6, 4)
    assert found.share == 4 / 6


def test_of_an_item_with_very_many_takers_the_first_are_looked_at() -> None:
    known = [0] * MAX_TAKERS + [1] * 40
    assert figures_of(judged(taken(known))).distractors == Distractors(1, 3, 3)
    assert figures_of(judged(taken([*known, *[2] * MAX_TAKERS]))).distractors == Distractors(1, 3, 3)


def test_items_that_nobody_else_had_need_no_second_reading() -> None:
    statistics = ItemStatistics(min_answers=40)
    for number in range(39):
        statistics.add(
            [answer(right=True), answer(right=True, options=tuple(f"{number}{o}" for o in "abcd"))], PROVENANCE
        )
    assert not statistics.has_repeats
    statistics.add([answer(right=True)], PROVENANCE)
    assert statistics.has_repeats


def test_more_answers_than_a_counter_holds_are_enough_as_well() -> None:
    assert figures_of(judged(taken(TAKEN * 8), min_takers=300)).distractors == Distractors(1, 3, 1)


def test_an_item_is_the_same_in_another_setting_and_with_its_options_shuffled() -> None:
    one = answer(right=True)
    other = answer(
        right=False,
        key=3,
        stem="At Northwind Ltd, which join keeps every row of the first table, matched or  not?",
        options=OPTIONS[::-1],
    )
    assert identity(one) == identity(other)


@pytest.mark.parametrize(
    "change",
    [{"key": 1}, {"options": (*OPTIONS[:3], "HASH JOIN")}, {"stem": "Which join drops the rows that match nothing?"}],
    ids=["key", "option", "stem"],
)
def test_an_item_with_another_key_option_or_stem_is_another(change: dict[str, object]) -> None:
    assert identity(answer(right=True)) != identity(msgspec.structs.replace(answer(right=True), **change))


@given(counts)
def test_the_interval_of_a_share_is_scipys_and_holds_the_share(result: tuple[int, int]) -> None:
    found = wilson(*result)
    expected = binomtest(*result).proportion_ci(method="wilson")
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-9)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), min_size=4, max_size=60))
def test_the_correlation_is_the_textbooks_and_lies_in_its_interval(pairs: list[tuple[bool, int]]) -> None:
    running = Correlation()
    for x, y in pairs:
        running.add(x, y / 9)
    found = running.estimate()
    if len({x for x, _ in pairs}) == 1 or len({y for _, y in pairs}) == 1:
        assert found is None
        return
    assert found is not None
    assert -1 <= found.low <= found.value <= found.high <= 1
    assert found.value == pytest.approx(correlation([x for x, _ in pairs], [y / 9 for _, y in pairs]), abs=1e-9)


@pytest.mark.parametrize("constant", [1 / 3, 0.1, 2 / 9])
def test_a_rest_score_that_is_always_the_same_has_no_correlation(constant: float) -> None:
    running = Correlation()
    for number in range(1000):
        running.add(number % 3 == 0, constant)
    assert running.estimate() is None


def test_three_pairs_have_no_interval_and_so_no_correlation() -> None:
    running = Correlation()
    for x, y in ((0, 0.1), (1, 0.4), (1, 0.2)):
        running.add(x, y)
    assert running.estimate() is None


def test_a_perfect_correlation_is_given_without_a_width() -> None:
    running = Correlation()
    for x in (0, 1, 0, 1):
        running.add(x, float(x))
    assert running.estimate() == Estimate(1.0, 1.0, 1.0)


def test_the_intervals_of_a_planted_group_hold_the_truth_nineteen_times_in_twenty() -> None:
    """One answer per attempt, right in 7 of 10 cases whatever the rest is: facility 0.7, discrimination 0."""
    rng = Random(20)  # noqa: S311  # repeatable on purpose, nothing secret
    groups = 2000  # the bounds below are then four standard errors away
    facility = discrimination = 0
    for _ in range(groups):
        running, right = Correlation(), 0
        for _ in range(50):
            score = rng.random() < 0.7
            right += score
            running.add(score, sum(rng.random() < 0.6 for _ in range(9)) / 9)
        share, r = wilson(right, 50), running.estimate()
        facility += share.low <= 0.7 <= share.high
        discrimination += r is not None and r.low <= 0 <= r.high
    assert 0.93 <= facility / groups <= 0.97
    assert 0.93 <= discrimination / groups <= 0.97


def test_a_question_that_time_ran_out_for_is_wrong_and_no_choice() -> None:
    without = [
        (f"late-{number}", msgspec.structs.replace(one, selected=None)) for number, (_, one) in enumerate(taken(TAKEN))
    ]
    figures = figures_of(judged([*taken(TAKEN), *without]))
    assert figures.distractors == figures_of(judged(taken(TAKEN))).distractors
    assert figures.facility.value == pytest.approx(figures_of(judged(taken(TAKEN))).facility.value / 2)
