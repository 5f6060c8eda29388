"""From answers to a score."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessment.errors import IncompleteAnswers, InvalidAnswer
from assessment.findings import soft
from assessment.models import Answer, Attempt, Author, Difficulty, Question
from assessment.scoring.grade import grade, is_pass, percentage
from tests.factories import NOON, PREPARED, answered, question, question_set, skills

QUESTIONS = [question(number, key=number % 4, skill_id=f"skill-{number % 3}") for number in range(10)]
RIGHT = answered(QUESTIONS, 10)
DIFFICULTIES = tuple(difficulty.value for difficulty in Difficulty)

results = st.integers(1, 300).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))


def graded(answers: Sequence[Answer | None], questions: Sequence[Question] = QUESTIONS) -> Attempt:
    return grade(question_set(questions), answers, skills(3), standing=PREPARED, submitted_at=NOON)


@given(results)
def test_a_percentage_is_rounded_with_halves_up(result: tuple[int, int]) -> None:
    correct, total = result
    exact = Decimal(correct) * 100 / Decimal(total)
    assert percentage(correct, total) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@given(results)
def test_a_percentage_is_never_further_than_half_a_point_from_the_truth(result: tuple[int, int]) -> None:
    correct, total = result
    assert abs(percentage(correct, total) - Fraction(100 * correct, total)) <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("correct", "total", "score"),
    [(1, 8, 13), (1, 200, 1), (119, 200, 60), (5, 8, 63), (1, 3, 33), (2, 3, 67), (0, 7, 0), (7, 7, 100)],
)
def test_halves_go_up(correct: int, total: int, score: int) -> None:
    assert percentage(correct, total) == score


@given(results)
def test_sixty_passes_and_fifty_nine_fails(result: tuple[int, int]) -> None:
    """59.5% is shown as 60 and passes: what is shown and what is decided are the same number."""
    assert is_pass(percentage(*result)) is (Fraction(100 * result[0], result[1]) >= Fraction(119, 2))


@given(results)
def test_every_share_from_sixty_percent_up_passes(result: tuple[int, int]) -> None:
    correct, total = result
    assert is_pass(percentage(correct, total)) or Fraction(correct, total) < Fraction(3, 5)


@given(st.integers(1, 300), st.data())
def test_a_share_of_half_a_point_goes_up(hundreds: int, data: st.DataObject) -> None:
    """Of 200 k questions, an odd multiple of k is a whole number and a half of percent."""
    half = data.draw(st.integers(0, 99))
    assert percentage((2 * half + 1) * hundreds, 200 * hundreds) == half + 1


@given(st.integers(1, 300), st.data())
def test_one_more_right_answer_never_lowers_a_score(total: int, data: st.DataObject) -> None:
    correct = data.draw(st.integers(0, total - 1))
    assert percentage(correct, total) <= percentage(correct + 1, total)


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_every_question_weighs_the_same_whatever_it_is_about(right: list[bool]) -> None:
    """Skill, key position, difficulty and place differ from question to question; only the count decides."""
    asked = [
        msgspec.structs.replace(
            question(number, number % 4, f"skill-{number % 3}"), difficulty=DIFFICULTIES[number % 3]
        )
        for number in range(len(right))
    ]
    sent = [
        Answer(entry.question_id, entry.key if is_right else (entry.key + 1) % 4)
        for entry, is_right in zip(asked, right, strict=True)
    ]
    attempt = graded(sent, asked)
    share = Fraction(sum(right), len(right))
    assert (attempt.correct, attempt.total) == (sum(right), len(right))
    assert attempt.score == int(share * 100 + Fraction(1, 2))
    assert attempt.passed is (share >= Fraction(119, 200))


@pytest.mark.parametrize(("right", "score", "passed"), [(0, 0, False), (5, 50, False), (6, 60, True), (10, 100, True)])
def test_ten_questions_are_passed_with_six_right(right: int, score: int, passed: bool) -> None:
    attempt = graded(answered(QUESTIONS, right))
    assert (attempt.score, attempt.passed, attempt.correct, attempt.total) == (score, passed, right, 10)


@given(st.randoms(use_true_random=False), st.integers(0, 10))
def test_the_order_of_the_answers_does_not_matter(rng: Random, right: int) -> None:
    answers = answered(QUESTIONS, right)
    shuffled = rng.sample(answers, len(answers))
    assert graded(shuffled) == graded(answers)


@given(st.lists(st.integers(0, 3), min_size=10, max_size=10))
def test_the_archive_holds_question_answer_and_key_in_the_order_shown(chosen: list[int]) -> None:
    answers = [Answer(shown.question_id, index) for shown, index in zip(QUESTIONS, chosen, strict=True)]
    attempt = graded(answers)
    assert [entry.selected for entry in attempt.questions] == chosen
    for entry, shown in zip(attempt.questions, QUESTIONS, strict=True):
        assert (entry.question_id, entry.skill_id, entry.source_id, entry.stem, entry.options) == (
            shown.question_id, shown.skill_id, shown.source_id, shown.stem, shown.options,
        )  # fmt: skip  # five fields, one line each side
        assert (entry.key, entry.rationale) == (shown.key, shown.rationale)
    assert attempt.correct == sum(index == shown.key for shown, index in zip(QUESTIONS, chosen, strict=True))


def test_the_archive_keeps_who_wrote_a_question_how_hard_it_was_meant_and_what_the_rules_found() -> None:
    shown = msgspec.structs.replace(
        QUESTIONS[0],
        difficulty="hard",
        author=Author("mini", "openai/gpt-4o-mini"),
        findings=(soft("echo", "one word"),),
    )
    (entry,) = graded([Answer(shown.question_id, 2)], [shown]).questions
    assert msgspec.structs.asdict(entry) == {**msgspec.structs.asdict(shown), "selected": 2}


def test_tallies_count_each_skill_that_was_asked_in_the_order_of_the_skills() -> None:
    asked = [entry for entry in QUESTIONS if entry.skill_id != "skill-1"]
    tallies = graded(answered(asked, 3), asked).skills
    assert [(tally.skill_id, tally.name, tally.correct, tally.total) for tally in tallies] == [
        ("skill-0", "Skill 0", 2, 4),
        ("skill-2", "Skill 2", 1, 3),
    ]


UNKNOWN = Answer("q_of_another_set", 0)


@pytest.mark.parametrize(
    "answers",
    [RIGHT[:9], [*RIGHT, UNKNOWN], [None] * 9, [*RIGHT[:8], UNKNOWN], [*RIGHT, RIGHT[0]]],
    ids=["one short", "one more", "unreadable and short", "unknown and short", "one twice and too many"],
)
def test_a_wrong_count_is_named_before_anything_else(answers: list[Answer | None]) -> None:
    with pytest.raises(IncompleteAnswers):
        graded(answers)


def test_every_bad_answer_is_named_by_its_place_and_none_is_called_right_or_wrong() -> None:
    sent = [RIGHT[0], None, UNKNOWN, Answer("q_3", 4), Answer("q_4", -1), RIGHT[0], *RIGHT[6:]]
    with pytest.raises(InvalidAnswer) as refusal:
        graded(sent)
    assert [(detail.field, detail.reason) for detail in refusal.value.details] == [
        ("answers[1]", "must have a questionId, a string, and a selectedAnswer, a whole number"),
        ("answers[2].questionId", "is of no question of the current set"),
        ("answers[3].selectedAnswer", "must be a number from 0 to 3"),
        ("answers[4].selectedAnswer", "must be a number from 0 to 3"),
        ("answers[5].questionId", "was answered before"),
    ]


@given(st.lists(st.integers(0, 3), min_size=9, max_size=9))
def test_what_is_said_of_a_bad_answer_does_not_depend_on_what_the_others_chose(chosen: list[int]) -> None:
    sent = [Answer(shown.question_id, index) for shown, index in zip(QUESTIONS, chosen, strict=False)]
    with pytest.raises(InvalidAnswer) as refusal:
        graded([*sent, Answer("q_9", 4)])
    assert [detail.field for detail in refusal.value.details] == ["answers[9].selectedAnswer"]


@pytest.mark.parametrize(
    "bad",
    [None, UNKNOWN, RIGHT[0], Answer("q_9", -1), Answer("q_9", 4), Answer("q_9", 10**30), Answer("", 0)],
    ids=["unreadable", "of another set", "twice", "negative", "one past the end", "huge", "empty id"],
)
def test_one_bad_answer_spoils_the_submission(bad: Answer | None) -> None:
    with pytest.raises(InvalidAnswer):
        graded([*RIGHT[:9], bad])
