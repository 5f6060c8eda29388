"""Answers that are saved, and what becomes of them when the time is up."""

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessment.errors import AlreadySubmitted, InvalidAnswer, NoQuestions, RetakeError, TimeIsUp
from assessment.models import QuestionSet, SavedAnswer, SetState
from assessment.use_cases.save_answers import Saved, save_answers
from assessment.use_cases.submit import submit
from assessment.use_cases.time_up import end_overdue, time_up
from tests.factories import FAILED, NOON, READY, VERIFICATION, answered, question, question_set, standing, verification
from tests.fakes import FakeStore, ManualClock

QUESTIONS = [question(number, key=number % 4) for number in range(10)]
WAITING = question_set(QUESTIONS)

choices = st.lists(st.tuples(st.integers(0, 9), st.one_of(st.none(), st.integers(0, 3))), min_size=1, max_size=30).map(
    lambda pairs: [SavedAnswer(f"q_{number}", selected) for number, selected in pairs]
)


def store_of(current: QuestionSet | None = WAITING, **changes: object) -> FakeStore:
    return FakeStore(ManualClock(), verification(standing(READY, **changes), current=current))


async def save(store: FakeStore, answers: Sequence[SavedAnswer | None] | None) -> Saved:
    return await save_answers(verification_id=VERIFICATION, answers=answers, store=store)


async def end(store: FakeStore) -> None:
    await end_overdue(verification_id=VERIFICATION, store=store, clock=store.clock)


@given(answers=choices)
async def test_of_two_answers_to_one_question_the_later_one_stands_however_they_are_sent(
    answers: list[SavedAnswer],
) -> None:
    expected = {answer.question_id: answer.selected for answer in answers}
    kept = {question_id: selected for question_id, selected in expected.items() if selected is not None}
    at_once, one_by_one = store_of(), store_of()
    assert await save(at_once, answers) == Saved(len(kept), 10)
    for answer in answers:
        saved = await save(one_by_one, [answer])
    assert saved == Saved(len(kept), 10)
    for store in (at_once, one_by_one):
        assert store.verification.current_set is not None
        assert store.verification.current_set.saved == kept


@pytest.mark.parametrize(
    "answers",
    [
        None,
        [],
        [None],
        [SavedAnswer("q_nobody", 0)],
        [SavedAnswer("q_0", 4)],
        [SavedAnswer("q_0", -1)],
        [SavedAnswer("q_0", 1), None],
        [SavedAnswer("q_nobody", None)],
    ],
)
async def test_answers_that_do_not_fit_save_nothing(answers: list[SavedAnswer | None] | None) -> None:
    store = store_of()
    with pytest.raises(InvalidAnswer):
        await save(store, answers)
    assert store.verification.current_set == WAITING


@pytest.mark.parametrize(
    ("current", "changes", "error"),
    [
        (None, {"set_state": None}, NoQuestions),
        (question_set(QUESTIONS, SetState.SUBMITTED), {"set_state": SetState.SUBMITTED}, AlreadySubmitted),
        (question_set(QUESTIONS, SetState.SUBMITTED), {"set_state": SetState.SUBMITTED, "timed_out": True}, TimeIsUp),
        (WAITING, {"is_over": True}, TimeIsUp),
    ],
)
async def test_a_set_that_takes_no_answers_says_why(
    current: QuestionSet | None, changes: dict[str, object], error: type[RetakeError]
) -> None:
    with pytest.raises(error):
        await save(store_of(current, **changes), [SavedAnswer("q_0", 1)])


async def test_a_set_that_is_replaced_while_an_answer_is_saved_refuses_it() -> None:
    store = store_of()
    fresh = question_set([question(number) for number in range(20, 30)], set_id="set-1")
    store.on_save = lambda: store.end_elsewhere(fresh)
    with pytest.raises(InvalidAnswer):
        await save(store, [SavedAnswer("q_0", 1)])


async def test_when_time_is_up_what_was_saved_is_scored_and_the_rest_is_wrong() -> None:
    saved = {f"q_{number}": number % 4 for number in range(7)}
    store = store_of(msgspec.structs.replace(WAITING, saved=saved), is_over=True)
    await end(store)
    (attempt,) = store.attempts
    assert (attempt.score, attempt.passed, attempt.timed_out) == (70, True, True)
    assert [question.selected for question in attempt.questions] == [*(number % 4 for number in range(7)), *[None] * 3]
    assert attempt.timing.started_at == NOON


async def test_an_attempt_is_ended_once_whoever_looks() -> None:
    store = store_of(is_over=True)
    for _ in range(3):
        await end(store)
    with pytest.raises(TimeIsUp):
        await submit(verification_id=VERIFICATION, answers=answered(QUESTIONS, 10), store=store, clock=store.clock)
    assert [attempt.score for attempt in store.attempts] == [0]


async def test_a_submit_after_the_time_scores_what_was_saved_and_not_what_it_brings() -> None:
    store = store_of(is_over=True)
    with pytest.raises(TimeIsUp):
        await submit(verification_id=VERIFICATION, answers=answered(QUESTIONS, 10), store=store, clock=store.clock)
    (attempt,) = store.attempts
    assert (attempt.score, attempt.timed_out) == (0, True)


async def test_nothing_is_ended_before_its_time() -> None:
    for store in (store_of(), FakeStore(ManualClock(), verification(FAILED, current=None))):
        await end(store)
        assert store.attempts == []


async def test_whoever_looks_too_early_is_told_when_to_look_again() -> None:
    store = store_of(msgspec.structs.replace(WAITING, ends_at=NOON))
    store.clock.time -= 90
    look = {"verification_id": VERIFICATION, "store": store, "clock": store.clock}
    assert await time_up(set_id="set-0", **look) == 90  # type: ignore[arg-type]  # one dict for both calls
    assert await time_up(set_id="another", **look) is None  # type: ignore[arg-type]  # likewise
    assert store.attempts == []
