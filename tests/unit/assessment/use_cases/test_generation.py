"""One fresh set, however many calls ask for it and whatever happens meanwhile."""

from collections.abc import Awaitable, Callable

import pytest

from assessment.deadline import Deadline
from assessment.errors import (
    AssessmentLocked,
    GenerationFailed,
    NoSkills,
    RateLimited,
    RetakeError,
    ServiceUnavailable,
)
from assessment.models import Brief, FormPlan, SeenItem, SetState, Verification
from assessment.ports import Ending, SetOrder
from assessment.use_cases.fresh_set import Patience
from assessment.use_cases.generate import GeneratedSet, generate
from assessment.use_cases.retake import Retaken, retake
from assessment.use_cases.write_set import write_set
from tests.factories import FAILED, LOCKED, PREPARED, READY, question, question_set, standing, verification
from tests.fakes import FakeMaps, FakeStore, FakeWriter, ManualClock

BUDGET = 80.0
RESERVE = 3.0
OLD_SET = question_set([question(number) for number in range(10)], SetState.SUBMITTED)

Happening = Callable[[Brief], Awaitable[None]]


class Scene:
    """A use case with its clock, its store, a worker that writes what is asked for, and patience that began now."""

    def __init__(self, at: Verification) -> None:
        self.clock = ManualClock()
        self.store = FakeStore(self.clock, at)
        self.patience = Patience(Deadline(self.clock, BUDGET), RESERVE)
        self.failure: Exception | None = None

    async def generate(self, writer: FakeWriter | None = None) -> GeneratedSet:
        self._employ(writer or FakeWriter())
        return await generate(arrived=self.store.arrived, scenario=None, patience=self.patience, store=self.store)

    async def retake(self, writer: FakeWriter | None = None) -> Retaken:
        self._employ(writer or FakeWriter())
        return await retake(arrived=self.store.arrived, scenario="marked", patience=self.patience, store=self.store)

    def _employ(self, writer: FakeWriter) -> None:
        async def work(order: SetOrder) -> None:
            deadline = Deadline(self.clock, order.seconds)
            try:
                await write_set(
                    order=order, form=FormPlan(), deadline=deadline, store=self.store, maps=FakeMaps(), writer=writer
                )
            except Exception as error:  # noqa: BLE001  # as a worker does
                self.failure = error

        self.store.work = work


@pytest.fixture
def first() -> Scene:
    """Everything stored, nothing generated."""
    return Scene(verification(PREPARED))


@pytest.fixture
def again() -> Scene:
    """One attempt, failed."""
    return Scene(verification(FAILED, OLD_SET, seen=(SeenItem("skill-0", "old stem"),)))


async def test_a_first_set_is_written_shuffled_and_activated(first: Scene) -> None:
    started = await first.generate()
    assert not started.already_generated
    assert started.question_set == first.store.verification.current_set
    assert first.store.standing.set_state is SetState.ACTIVE
    assert len({question.question_id for question in started.question_set.questions}) == 10
    assert first.store.last.ending is Ending.WRITTEN


async def test_a_set_that_waits_is_given_again_without_a_job_or_a_model() -> None:
    waiting = question_set([question(0)])
    scene, writer = Scene(verification(READY, waiting)), FakeWriter()
    started = await scene.generate(writer)
    assert started == GeneratedSet(waiting, already_generated=True)
    assert (writer.briefs, scene.store.orders) == ([], [])


async def test_a_retake_replaces_the_set_and_counts_from_the_last_attempt(again: Scene) -> None:
    writer = FakeWriter()
    retaken = await again.retake(writer)
    assert retaken.attempt_number == 2
    assert again.store.verification.current_set == retaken.question_set != OLD_SET
    (brief,) = writer.briefs
    assert (brief.scenario, brief.seen, len(brief.slots)) == ("marked", (SeenItem("skill-0", "old stem"),), 10)


async def test_only_the_job_reads_the_verification_since_a_request_arrives_with_how_it_stands(
    first: Scene, again: Scene
) -> None:
    await first.generate()
    await again.retake()
    assert (first.store.looks, again.store.looks) == (1, 1)


async def test_a_retake_writes_to_another_plan_and_seed_than_the_first_set(first: Scene, again: Scene) -> None:
    writer = FakeWriter()
    await first.generate(writer)
    await again.retake(writer)
    before, after = writer.briefs
    assert before.seed != after.seed
    assert before.slots != after.slots


@pytest.mark.parametrize(
    ("at", "error"),
    [(verification(LOCKED, OLD_SET), AssessmentLocked), (verification(standing(FAILED, has_skills=False)), NoSkills)],
)
async def test_what_is_not_allowed_costs_neither_a_job_nor_a_model(at: Verification, error: type[RetakeError]) -> None:
    scene, writer = Scene(at), FakeWriter()
    with pytest.raises(error):
        await scene.retake(writer)
    assert (writer.briefs, scene.store.orders, scene.store.verification) == ([], [], at)


async def _fails(_: Brief) -> None:
    raise GenerationFailed


async def _breaks(_: Brief) -> None:
    raise ValueError("a bug in a vendor's adapter")


async def _is_away(_: Brief) -> None:
    raise ServiceUnavailable


@pytest.mark.parametrize(
    ("happening", "error", "code"), [(_fails, None, "GENERATION_FAILED"), (_breaks, ValueError, "INTERNAL_ERROR")]
)
async def test_a_writing_that_comes_to_nothing_leaves_everything_and_is_told_to_who_asked(
    again: Scene, happening: Happening, error: type[Exception] | None, code: str
) -> None:
    before = again.store.verification
    with pytest.raises(RetakeError) as caught:
        await again.retake(FakeWriter(happening))
    assert (caught.value.code, type(again.failure)) == (code, error or type(None))
    assert (again.store.verification, again.store.is_under_way) == (before, False)


async def test_a_database_that_is_away_leaves_the_generation_to_the_next_run_of_its_job(again: Scene) -> None:
    writer = FakeWriter(_is_away)
    with pytest.raises(GenerationFailed):
        await again.retake(writer)
    assert isinstance(again.failure, ServiceUnavailable)
    assert again.store.waits > 0


async def test_a_job_that_is_run_again_goes_on_and_the_run_before_can_end_nothing(first: Scene) -> None:
    """A worker that stood still for long comes back when another one has its job."""
    order = SetOrder(first.store.standing.verification_id, 0, first.store.standing.revision, BUDGET)
    await first.store.ask(order)

    async def run_again(_: Brief) -> None:
        await write_set(
            order=order,
            form=FormPlan(),
            deadline=first.patience.deadline,
            store=first.store,
            maps=FakeMaps(),
            writer=FakeWriter(),
        )

    slow = FakeWriter(run_again)
    await write_set(
        order=order, form=FormPlan(), deadline=first.patience.deadline, store=first.store, maps=FakeMaps(), writer=slow
    )
    assert (first.store.last.ended, first.store.last.ending) == (1, Ending.WRITTEN)
    assert first.store.verification.current_set is not None
    assert first.store.verification.current_set.set_id == "set-0"


async def test_a_generation_that_has_ended_is_not_written_again(first: Scene) -> None:
    order = SetOrder(first.store.standing.verification_id, 0, first.store.standing.revision, BUDGET)
    await first.generate()
    writer = FakeWriter()
    await write_set(
        order=order,
        form=FormPlan(),
        deadline=first.patience.deadline,
        store=first.store,
        maps=FakeMaps(),
        writer=writer,
    )
    assert writer.briefs == []


async def test_time_is_kept_back_from_the_writing_for_what_comes_after_it(first: Scene) -> None:
    await first.generate()
    assert first.store.orders[0].seconds == BUDGET - RESERVE


async def test_a_set_that_nobody_writes_is_cut_off_so_that_nothing_can_come_of_it_later(again: Scene) -> None:
    again.store.change()
    waiting = retake(arrived=again.store.arrived, scenario=None, patience=again.patience, store=again.store)
    with pytest.raises(GenerationFailed):
        await waiting
    assert not again.store.is_under_way
    assert await again.store.begin(again.store.orders[0]) is None
    assert again.patience.deadline.elapsed == pytest.approx(BUDGET)


async def test_a_change_meanwhile_makes_it_look_again_and_write_for_what_is_true_now(again: Scene) -> None:
    async def change_once(_: Brief) -> None:
        if len(again.store.orders) == 1:
            again.store.change()

    writer = FakeWriter(change_once)
    retaken = await again.retake(writer)
    assert len(writer.briefs) == 2
    assert writer.briefs[0].seed != writer.briefs[1].seed
    assert again.store.verification.current_set == retaken.question_set


async def test_a_change_meanwhile_that_forbids_the_call_is_answered_as_such(again: Scene) -> None:
    async def pass_meanwhile(_: Brief) -> None:
        again.store.change(is_locked=True)

    with pytest.raises(AssessmentLocked):
        await again.retake(FakeWriter(pass_meanwhile))
    assert again.store.verification.current_set == OLD_SET
    assert not again.store.is_under_way


async def test_a_first_set_that_another_run_of_the_job_has_made_is_given(first: Scene) -> None:
    made = question_set([question(0)], set_id="made-elsewhere")

    async def lose_the_lease(_: Brief) -> None:
        first.store.end_elsewhere(made)

    started = await first.generate(FakeWriter(lose_the_lease))
    assert started == GeneratedSet(made, already_generated=False)


async def test_changes_without_end_are_followed_until_the_deadline_only(again: Scene) -> None:
    async def change_always(_: Brief) -> None:
        again.store.change()
        again.clock.time += 1.0

    with pytest.raises(GenerationFailed):
        await again.retake(FakeWriter(change_always))
    assert BUDGET - RESERVE <= again.patience.deadline.elapsed < BUDGET + 2.0
    assert again.store.verification.current_set == OLD_SET
    assert not again.store.is_under_way


async def test_a_call_counts_as_waiting_while_it_lasts_and_one_too_many_is_refused_before_anything_is_read(
    again: Scene,
) -> None:
    waiting = []

    async def look(_: Brief) -> None:
        waiting.append(again.store.admissions)

    await again.retake(FakeWriter(look))
    assert (waiting, again.store.admissions) == ([1], 0)
    again.store.refused, looks = RateLimited(retry_after=2), again.store.looks
    with pytest.raises(RateLimited):
        await again.retake()
    assert again.store.looks == looks


async def test_nothing_is_claimed_or_written_once_the_deadline_is_over(again: Scene) -> None:
    again.clock.time += BUDGET
    writer = FakeWriter()
    with pytest.raises(GenerationFailed):
        await again.retake(writer)
    assert (writer.briefs, again.store.orders) == ([], [])
