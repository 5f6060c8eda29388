"""One fresh set, however many calls ask for it and whatever happens meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from assessment.deadline import Deadline
from assessment.errors import AssessmentLocked, GenerationFailed, NoSkills, RateLimited, RetakeError
from assessment.models import Brief, Dossier, FormPlan, SeenItem, SetState
from assessment.retake import Retaken, retake
from assessment.start import Started, start
from tests.factories import FAILED, LOCKED, PREPARED, READY, dossier, question, question_set, standing
from tests.fakes import FakeStore, FakeWriter, ManualClock

BUDGET = 80.0
OLD_SET = question_set([question(number) for number in range(10)], SetState.SUBMITTED)

Happening = Callable[[Brief], Awaitable[None]]


class Scene:
    """A use case with its clock, its store and a deadline that began now."""

    def __init__(self, at: Dossier) -> None:
        self.clock = ManualClock()
        self.store = FakeStore(self.clock, at)
        self.deadline = Deadline(self.clock, BUDGET)

    async def start(self, writer: FakeWriter | None = None) -> Started:
        return await start(self.store.arrived, FormPlan(), None, self.deadline, self.store, writer or FakeWriter())

    async def retake(self, writer: FakeWriter | None = None) -> Retaken:
        writer = writer or FakeWriter()
        return await retake(self.store.arrived, FormPlan(), "marked", self.deadline, self.store, writer)


@pytest.fixture
def first() -> Scene:
    """Everything stored, nothing generated."""
    return Scene(dossier(PREPARED))


@pytest.fixture
def again() -> Scene:
    """One attempt, failed."""
    return Scene(dossier(FAILED, OLD_SET, seen=(SeenItem("skill-0", "old stem"),)))


async def test_a_first_set_is_written_shuffled_and_activated(first: Scene) -> None:
    started = await first.start()
    assert not started.already_generated
    assert started.question_set == first.store.dossier.current_set
    assert first.store.standing.set_state is SetState.ACTIVE
    assert len({question.question_id for question in started.question_set.questions}) == 10
    assert first.store.given_up == []


async def test_a_set_that_waits_is_given_again_without_a_claim_or_a_model() -> None:
    waiting = question_set([question(0)])
    scene, writer = Scene(dossier(READY, waiting)), FakeWriter()
    started = await scene.start(writer)
    assert started == Started(waiting, already_generated=True)
    assert (writer.briefs, scene.store.claims) == ([], 0)


async def test_a_retake_replaces_the_set_and_counts_from_the_last_attempt(again: Scene) -> None:
    writer = FakeWriter()
    retaken = await again.retake(writer)
    assert retaken.attempt_number == 2
    assert again.store.dossier.current_set == retaken.question_set != OLD_SET
    (brief,) = writer.briefs
    assert (brief.scenario, brief.seen, len(brief.slots)) == ("marked", (SeenItem("skill-0", "old stem"),), 10)


async def test_a_retake_writes_to_another_plan_and_seed_than_the_first_set(first: Scene, again: Scene) -> None:
    writer = FakeWriter()
    await first.start(writer)
    await again.retake(writer)
    before, after = writer.briefs
    assert before.seed != after.seed
    assert before.slots != after.slots


@pytest.mark.parametrize(
    ("at", "error"),
    [(dossier(LOCKED, OLD_SET), AssessmentLocked), (dossier(standing(FAILED, has_skills=False)), NoSkills)],
)
async def test_what_is_not_allowed_costs_neither_a_claim_nor_a_model(at: Dossier, error: type[RetakeError]) -> None:
    scene, writer = Scene(at), FakeWriter()
    with pytest.raises(error):
        await scene.retake(writer)
    assert (writer.briefs, scene.store.claims, scene.store.dossier) == ([], 0, at)


async def _fails(_: Brief) -> None:
    raise GenerationFailed


async def _breaks(_: Brief) -> None:
    raise ValueError("a bug in a vendor's adapter")


async def _is_cancelled(_: Brief) -> None:
    raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("happening", "error"),
    [(_fails, GenerationFailed), (_breaks, ValueError), (_is_cancelled, asyncio.CancelledError)],
)
async def test_a_writing_that_comes_to_nothing_leaves_everything_and_gives_the_lease_up(
    again: Scene, happening: Happening, error: type[BaseException]
) -> None:
    before = again.store.dossier
    with pytest.raises(error):
        await again.retake(FakeWriter(happening))
    assert again.store.dossier == before
    assert (len(again.store.given_up), again.store.holder, again.store.kept) == (1, None, 0)


async def test_the_lease_is_kept_while_the_writer_writes(first: Scene) -> None:
    kept = []

    async def look(_: Brief) -> None:
        kept.append(first.store.kept)

    await first.start(FakeWriter(look))
    assert kept == [1]
    assert first.store.kept == 0


async def test_a_change_meanwhile_makes_it_look_again_and_write_for_what_is_true_now(again: Scene) -> None:
    async def change_once(_: Brief) -> None:
        if again.store.looks == 1:
            again.store.change()

    writer = FakeWriter(change_once)
    retaken = await again.retake(writer)
    assert len(writer.briefs) == 2
    assert writer.briefs[0].seed != writer.briefs[1].seed
    assert again.store.dossier.current_set == retaken.question_set


async def test_a_change_meanwhile_that_forbids_the_call_is_answered_as_such(again: Scene) -> None:
    async def pass_meanwhile(_: Brief) -> None:
        again.store.change(is_locked=True)

    with pytest.raises(AssessmentLocked):
        await again.retake(FakeWriter(pass_meanwhile))
    assert again.store.dossier.current_set == OLD_SET
    assert again.store.holder is None


async def test_a_first_set_made_meanwhile_by_a_lost_lease_is_given_as_already_generated(first: Scene) -> None:
    made = question_set([question(0)], set_id="made-elsewhere")

    async def lose_the_lease(_: Brief) -> None:
        first.store.end_elsewhere(made)

    started = await first.start(FakeWriter(lose_the_lease))
    assert started == Started(made, already_generated=True)


async def test_changes_without_end_are_followed_until_the_deadline_only(again: Scene) -> None:
    async def change_always(_: Brief) -> None:
        again.store.change()
        again.clock.time += 1.0

    with pytest.raises(GenerationFailed):
        await again.retake(FakeWriter(change_always))
    assert BUDGET <= again.deadline.elapsed < BUDGET + 2.0
    assert again.store.dossier.current_set == OLD_SET
    assert again.store.holder is None


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
    assert (writer.briefs, again.store.claims) == ([], 0)
