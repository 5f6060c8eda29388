"""Calls that overlap: one writes, the others wait for what becomes of it."""

from collections.abc import Callable

import pytest

from assessment.deadline import Deadline
from assessment.errors import AssessmentLocked, GenerationFailed
from assessment.models import FormPlan, QuestionSet, SetState
from assessment.ports import Ending, Finished, SetOrder
from assessment.use_cases.fresh_set import LONGEST_PAUSE_SECONDS, Patience
from assessment.use_cases.generate import GeneratedSet, generate
from assessment.use_cases.retake import Retaken, retake
from assessment.use_cases.write_set import write_set
from tests.factories import FAILED, PREPARED, question, question_set, verification
from tests.fakes import ROUND_TRIP, FakeMaps, FakeStore, FakeWriter, ManualClock

BUDGET = 80.0
OLD_SET = question_set([question(number) for number in range(10)], SetState.SUBMITTED)
THEIR_SET = question_set([question(number) for number in range(10, 20)], set_id="theirs")


class Waiting:
    """A second retake that arrives while a set is written for another one; `then` happens after three seconds."""

    def __init__(self, then: Callable[["Waiting"], None]) -> None:
        self.clock = ManualClock()
        self.store = FakeStore(self.clock, verification(FAILED, OLD_SET))
        self.writer = FakeWriter()
        self.patience = Patience(Deadline(self.clock, BUDGET))
        self.store.begin_elsewhere()
        self.store.work = self._work
        self.store.on_wait = self._look
        self._then = then

    def _look(self) -> None:
        if self.store.waits == 3:
            self._then(self)

    async def _work(self, order: SetOrder) -> None:
        deadline = self.patience.deadline
        await write_set(
            order=order, form=FormPlan(), deadline=deadline, store=self.store, maps=FakeMaps(), writer=self.writer
        )

    async def retake(self) -> Retaken:
        return await retake(arrived=self.store.arrived, scenario=None, patience=self.patience, store=self.store)

    def end(self, fresh: QuestionSet | None, ending: Ending = Ending.FAILED) -> None:
        self.store.end_elsewhere(fresh, ending)


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
    assert waiting.store.verification.current_set == OLD_SET


async def test_overlapping_first_calls_share_too() -> None:
    clock = ManualClock()
    store = FakeStore(clock, verification(PREPARED))
    store.begin_elsewhere()
    store.on_wait = lambda: store.end_elsewhere(THEIR_SET)
    started = await generate(
        arrived=store.arrived, scenario=None, patience=Patience(Deadline(clock, BUDGET)), store=store
    )
    assert started == GeneratedSet(THEIR_SET, already_generated=False)


async def test_waiting_ends_with_the_deadline_and_ends_the_writing_for_all() -> None:
    waiting = Waiting(nothing)
    with pytest.raises(GenerationFailed):
        await waiting.retake()
    assert waiting.patience.deadline.elapsed == pytest.approx(BUDGET)
    assert not waiting.store.is_under_way


async def test_a_set_that_is_ready_at_the_last_moment_is_given() -> None:
    waiting = Waiting(nothing)

    async def end_first(verification_id: str, number: int) -> Finished:
        waiting.end(THEIR_SET)
        return waiting.store.last

    waiting.store.cut_off = end_first  # type: ignore[method-assign]  # it ended just before it could be cut off
    assert (await waiting.retake()).question_set == THEIR_SET


async def test_a_generation_that_seems_to_have_just_ended_again_and_again_is_followed_with_pauses() -> None:
    """A clock that was set back once made 31,846 looks in 20 seconds of this."""
    clock = ManualClock()
    store = FakeStore(clock, verification(FAILED, OLD_SET))

    async def always_ended(order: SetOrder) -> int | Finished:
        clock.time += ROUND_TRIP
        return Finished(Ending.WRITTEN, order.ended + 1, "another-set")

    store.ask = always_ended  # type: ignore[method-assign]  # what never comes to anything
    with pytest.raises(GenerationFailed):
        await retake(arrived=store.arrived, scenario=None, patience=Patience(Deadline(clock, BUDGET)), store=store)
    assert store.looks < BUDGET / LONGEST_PAUSE_SECONDS + 10
    assert clock.pauses == sorted(clock.pauses)


async def test_what_ended_before_this_call_arrived_is_no_answer_to_it() -> None:
    waiting = Waiting(nothing)
    waiting.end(None)
    retaken = await waiting.retake()
    assert len(waiting.writer.briefs) == 1
    assert retaken.question_set == waiting.store.verification.current_set


async def test_a_set_that_is_gone_when_the_waiting_ends_is_written_anew() -> None:
    """Somebody stored other skills right after the other call was done: its set was discarded."""

    def made_and_discarded(scene: Waiting) -> None:
        scene.end(THEIR_SET)
        scene.store.verification = verification(FAILED)
        scene.store.change(set_state=None)

    waiting = Waiting(made_and_discarded)
    retaken = await waiting.retake()
    assert len(waiting.writer.briefs) == 1
    assert retaken.question_set == waiting.store.verification.current_set != THEIR_SET


async def test_a_writing_that_stopped_over_a_change_is_not_taken_for_a_failure() -> None:
    def stopped(scene: Waiting) -> None:
        scene.store.change()
        scene.end(None, Ending.OUTDATED)

    waiting = Waiting(stopped)
    retaken = await waiting.retake()
    assert len(waiting.writer.briefs) == 1
    assert retaken.question_set == waiting.store.verification.current_set


async def test_what_a_change_forbids_is_answered_to_those_who_waited_too() -> None:
    def passed(scene: Waiting) -> None:
        scene.store.change(is_locked=True)
        scene.end(None, Ending.OUTDATED)

    waiting = Waiting(passed)
    with pytest.raises(AssessmentLocked):
        await waiting.retake()
    assert waiting.writer.briefs == []
