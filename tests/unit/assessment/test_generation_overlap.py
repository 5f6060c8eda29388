"""Calls that overlap: one writes, the others wait for what becomes of it."""

from collections.abc import Callable

import pytest

from assessment.deadline import Deadline
from assessment.errors import AssessmentLocked, GenerationFailed
from assessment.generation import LONGEST_PAUSE_SECONDS, SILENCE_SECONDS
from assessment.models import FormPlan, QuestionSet, SetState
from assessment.ports import Busy, Claim, Finished
from assessment.retake import Retaken, retake
from assessment.start import Started, start
from tests.factories import FAILED, PREPARED, dossier, question, question_set
from tests.fakes import ROUND_TRIP, FakeStore, FakeWriter, ManualClock

BUDGET = 80.0
OLD_SET = question_set([question(number) for number in range(10)], SetState.SUBMITTED)
THEIR_SET = question_set([question(number) for number in range(10, 20)], set_id="theirs")


class Waiting:
    """A second retake that arrives while another one holds the lease; `then` happens when it looks for the third time.

    Until `then`, the other one renews its lease at every look.
    """

    def __init__(self, then: Callable[["Waiting"], None]) -> None:
        self.clock = ManualClock()
        self.store = FakeStore(self.clock, dossier(FAILED, OLD_SET))
        self.writer = FakeWriter()
        self.deadline = Deadline(self.clock, BUDGET)
        self.store.begin_elsewhere()
        self.store.on_glance = self._look
        self._then = then

    def _look(self) -> None:
        self.store.heartbeat += 1
        if self.store.glances == 3:
            self._then(self)

    async def retake(self) -> Retaken:
        return await retake(self.store.arrived, FormPlan(), None, self.deadline, self.store, self.writer)

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
    store.on_glance = lambda: store.end_elsewhere(THEIR_SET)
    started = await start(store.arrived, FormPlan(), None, Deadline(clock, BUDGET), store, FakeWriter())
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


async def test_a_holder_that_falls_silent_loses_the_lease_after_eight_seconds_of_the_waiters_own_clock() -> None:
    waiting = Waiting(nothing)
    waiting.store.on_glance = lambda: None
    retaken = await waiting.retake()
    assert len(waiting.writer.briefs) == 1
    assert retaken.question_set == waiting.store.dossier.current_set
    assert SILENCE_SECONDS <= waiting.deadline.elapsed < SILENCE_SECONDS + 1.0


async def test_a_holder_that_is_heard_of_now_and_then_keeps_the_lease() -> None:
    waiting = Waiting(nothing)

    def renew_seldom() -> None:
        if waiting.store.glances % 15 == 0:  # every six seconds
            waiting.store.heartbeat += 1

    waiting.store.on_glance = renew_seldom
    with pytest.raises(GenerationFailed):
        await waiting.retake()
    assert waiting.writer.briefs == []


async def test_the_time_that_a_hanging_database_takes_to_answer_is_no_silence() -> None:
    """It has kept the holder from renewing too."""
    waiting = Waiting(nothing)

    def hang_once() -> None:
        if waiting.store.glances == 5:
            waiting.clock.time += 2 * SILENCE_SECONDS
        if waiting.store.glances == 10:
            waiting.store.heartbeat += 1
        if waiting.store.glances == 15:
            waiting.end(THEIR_SET)

    waiting.store.on_glance = hang_once
    assert (await waiting.retake()).question_set == THEIR_SET
    assert waiting.writer.briefs == []


async def test_two_who_wait_for_a_silent_holder_do_not_both_write() -> None:
    """The second one asks for a lease that is not the silent one any more."""
    waiting = Waiting(nothing)

    def taken_by_another() -> None:
        if waiting.store.holder == "elsewhere" and waiting.deadline.elapsed >= SILENCE_SECONDS - 0.5:
            waiting.store.holder = "another"
        if waiting.deadline.elapsed > SILENCE_SECONDS + 2.0:
            waiting.end(THEIR_SET)

    waiting.store.on_glance = taken_by_another
    assert (await waiting.retake()).question_set == THEIR_SET
    assert waiting.writer.briefs == []


async def test_a_generation_that_seems_to_have_just_ended_again_and_again_is_followed_with_pauses() -> None:
    """A clock that was set back once made 31,846 looks in 20 seconds of this."""
    clock = ManualClock()
    store = FakeStore(clock, dossier(FAILED, OLD_SET))

    async def always_ended(verification_id: str, ended: int, silent: Busy | None) -> Claim:
        clock.time += ROUND_TRIP
        return Finished("another-set", ended + 1)

    store.claim = always_ended  # type: ignore[method-assign]  # a claim that never comes to anything
    with pytest.raises(GenerationFailed):
        await retake(store.arrived, FormPlan(), None, Deadline(clock, BUDGET), store, FakeWriter())
    assert store.looks < BUDGET / LONGEST_PAUSE_SECONDS + 10
    assert clock.pauses == sorted(clock.pauses)


async def test_what_ended_before_this_call_arrived_is_no_answer_to_it() -> None:
    clock = ManualClock()
    store = FakeStore(clock, dossier(FAILED, OLD_SET))
    store.begin_elsewhere()
    store.end_elsewhere(None)
    clock.time += 0.5
    writer = FakeWriter()
    retaken = await retake(store.arrived, FormPlan(), None, Deadline(clock, BUDGET), store, writer)
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
