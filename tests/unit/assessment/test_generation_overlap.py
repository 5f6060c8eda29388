"""Calls that overlap: one writes, the others wait for what becomes of it."""

from collections.abc import Callable

import pytest

from assessment.deadline import Deadline
from assessment.errors import AssessmentLocked, GenerationFailed
from assessment.generation import LONGEST_PAUSE_SECONDS
from assessment.models import FormPlan, QuestionSet, SetState
from assessment.retake import Retaken, retake
from assessment.start import Started, start
from tests.factories import FAILED, PREPARED, dossier, question, question_set
from tests.fakes import FakeStore, FakeWriter, ManualClock

BUDGET = 80.0
OLD_SET = question_set([question(number) for number in range(10)], SetState.SUBMITTED)
THEIR_SET = question_set([question(number) for number in range(10, 20)], set_id="theirs")


class Waiting:
    """A second retake that arrives while another one holds the lease; `then` happens at its third look at the lease."""

    def __init__(self, then: Callable[["Waiting"], None]) -> None:
        self.clock = ManualClock()
        self.store = FakeStore(self.clock, dossier(FAILED, OLD_SET))
        self.writer = FakeWriter()
        self.deadline = Deadline(self.clock, BUDGET)
        self.store.begin_elsewhere()
        self.store.on_busy = lambda: then(self) if self.store.claims == 3 else None

    async def retake(self) -> Retaken:
        return await retake("ver_test_1", FormPlan(), None, self.deadline, self.store, self.writer)

    def end(self, fresh: QuestionSet | None) -> None:
        self.store.end_elsewhere(fresh)


def nothing(_: Waiting) -> None:
    """Let the other call go on for ever."""


async def test_a_call_that_overlaps_takes_over_the_set_without_a_model() -> None:
    waiting = Waiting(lambda scene: scene.end(THEIR_SET))
    retaken = await waiting.retake()
    assert retaken == Retaken(THEIR_SET, attempt_number=2)
    assert waiting.writer.briefs == []


async def test_a_call_that_overlaps_with_a_failure_shares_it() -> None:
    waiting = Waiting(lambda scene: scene.end(None))
    with pytest.raises(GenerationFailed):
        await waiting.retake()
    assert waiting.writer.briefs == []
    assert waiting.store.dossier.current_set == OLD_SET


async def test_overlapping_first_calls_share_too() -> None:
    clock = ManualClock()
    store = FakeStore(clock, dossier(PREPARED))
    store.begin_elsewhere()
    store.on_busy = lambda: store.end_elsewhere(THEIR_SET)
    started = await start("ver_test_1", FormPlan(), None, Deadline(clock, BUDGET), store, FakeWriter())
    assert started == Started(THEIR_SET, already_generated=False)


async def test_waiting_grows_slower_and_ends_before_the_deadline() -> None:
    waiting = Waiting(nothing)
    with pytest.raises(GenerationFailed):
        await waiting.retake()
    pauses = waiting.clock.pauses
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE_SECONDS
    assert BUDGET - 2 * LONGEST_PAUSE_SECONDS < waiting.deadline.elapsed <= BUDGET
    assert waiting.store.given_up == []


async def test_what_ended_before_this_call_arrived_is_no_answer_to_it() -> None:
    clock = ManualClock()
    store = FakeStore(clock, dossier(FAILED, OLD_SET))
    store.begin_elsewhere()
    store.end_elsewhere(None)
    clock.time += 0.5
    writer = FakeWriter()
    retaken = await retake("ver_test_1", FormPlan(), None, Deadline(clock, BUDGET), store, writer)
    assert len(writer.briefs) == 1
    assert retaken.question_set == store.dossier.current_set


async def test_a_set_that_is_gone_when_the_waiting_ends_is_written_anew() -> None:
    """Somebody stored other skills right after the other call was done: its set was discarded."""

    def made_and_discarded(scene: Waiting) -> None:
        scene.end(THEIR_SET)
        scene.store.dossier = dossier(FAILED)
        scene.store.change(set_state=None)

    waiting = Waiting(made_and_discarded)
    retaken = await waiting.retake()
    assert len(waiting.writer.briefs) == 1
    assert retaken.question_set == waiting.store.dossier.current_set != THEIR_SET
    assert waiting.deadline.elapsed < 1.0


async def test_a_writing_that_stopped_over_a_change_is_not_taken_for_a_failure() -> None:
    def stopped(scene: Waiting) -> None:
        scene.store.change()
        scene.end(None)

    waiting = Waiting(stopped)
    retaken = await waiting.retake()
    assert len(waiting.writer.briefs) == 1
    assert retaken.question_set == waiting.store.dossier.current_set


async def test_what_a_change_forbids_is_answered_to_those_who_waited_too() -> None:
    def passed(scene: Waiting) -> None:
        scene.store.change(is_locked=True)
        scene.end(None)

    waiting = Waiting(passed)
    with pytest.raises(AssessmentLocked):
        await waiting.retake()
    assert waiting.writer.briefs == []
