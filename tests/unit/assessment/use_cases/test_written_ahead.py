"""What a worker does with a set that nobody asked for yet."""

import pytest

from assessment.deadline import Deadline
from assessment.errors import GenerationFailed
from assessment.models import Brief, FormPlan
from assessment.ports import Ending, SetOrder
from assessment.quiet import Quiet
from assessment.use_cases.write_set import leave_unwritten, write_set
from tests.factories import FAILED, verification
from tests.fakes import FakeMaps, FakeStore, FakeWriter, ManualClock

SECONDS = 87.0


class Scene:
    """A job that writes ahead; `quiet` is what its writer sees."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.store = FakeStore(self.clock, verification(FAILED))
        self.store.is_under_way = self.store.is_ahead = True
        self.deadline = Deadline(self.clock, SECONDS)
        self.quiet = Quiet(self.deadline, keep_days=3)
        standing = self.store.standing
        self.order = SetOrder(standing.verification_id, 0, standing.revision, 0.0)

    async def write(self, writer: FakeWriter) -> None:
        await write_set(
            order=self.order,
            form=FormPlan(),
            deadline=self.deadline,
            store=self.store,
            maps=FakeMaps(),
            writer=writer,
            quiet=self.quiet,
        )


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_it_is_put_aside_with_what_it_rests_on_and_what_it_took(scene: Scene) -> None:
    async def meanwhile(brief: Brief) -> None:
        assert brief.quiet is scene.quiet
        scene.quiet.cost += 0.25
        await scene.clock.sleep(4.0)

    await scene.write(FakeWriter(meanwhile))
    assert scene.store.last.ending is Ending.PREPARED
    assert scene.store.verification.current_set is None
    making = scene.store.prepared
    assert making is not None
    assert (making.cost, making.seconds, making.keep_days) == (0.25, 4.0, 3)
    assert making.made_for.revision == scene.order.revision


async def test_it_is_shown_at_once_where_somebody_waits_by_now(scene: Scene) -> None:
    async def meanwhile(_: Brief) -> None:
        scene.store.is_ahead = False

    await scene.write(FakeWriter(meanwhile))
    assert scene.store.last.ending is Ending.WRITTEN


async def test_what_failed_is_counted_with_what_it_cost(scene: Scene) -> None:
    async def meanwhile(_: Brief) -> None:
        scene.quiet.cost += 0.5
        raise GenerationFailed

    await scene.write(FakeWriter(meanwhile))
    assert scene.store.failures == [("failed", 0.5)]


async def test_a_change_meanwhile_is_counted_too(scene: Scene) -> None:
    async def meanwhile(_: Brief) -> None:
        scene.store.change()

    await scene.write(FakeWriter(meanwhile))
    assert scene.store.failures == [("outdated", 0.0)]


async def test_a_run_that_begins_when_somebody_waits_already_is_not_quiet(scene: Scene) -> None:
    scene.store.is_ahead = False
    seen = []

    async def meanwhile(_: Brief) -> None:
        seen.append(scene.quiet.is_over)

    await scene.write(FakeWriter(meanwhile))
    assert seen == [True]


async def test_what_is_not_to_be_written_is_ended_and_counted_unless_somebody_waits(scene: Scene) -> None:
    scene.store.is_ahead = False
    assert not await leave_unwritten(order=scene.order, reason="limit", store=scene.store)
    assert scene.store.last.ended == 0
    scene.store.is_ahead = True
    assert await leave_unwritten(order=scene.order, reason="limit", store=scene.store)
    assert scene.store.last.ending is Ending.OUTDATED
    assert scene.store.failures == [("limit", 0.0)]


def test_when_somebody_waits_the_deadline_becomes_theirs_and_who_listens_is_told_once() -> None:
    clock = ManualClock()
    deadline = Deadline(clock, SECONDS)
    quiet = Quiet(deadline)
    told: list[str] = []
    quiet.on_end(lambda: told.append("told"))
    forget = quiet.on_end(lambda: told.append("forgotten"))
    forget()
    clock.time += 80.0
    quiet.end(50.0)
    quiet.end(5.0)
    assert told == ["told"]
    assert deadline.remaining == 50.0
