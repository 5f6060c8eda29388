"""Jobs commit with the change that causes them, and run once however many workers there are."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

import msgspec
import pytest
from structlog.testing import capture_logs

from db.engine import RetakeEngine
from db.queue import begin, enqueue, return_to_present, wake
from jobs.driver import EngineDriver
from jobs.kinds import Job, Kind
from jobs.worker import Worker, queries
from piccolo_conf import DB
from tests.rows import fetch
from tests.waiting import until

KIND = "test"  # of which the workers of the app know nothing


class Named(msgspec.Struct):
    name: str


class Recorder:
    """A kind of job that notes who ran; `act` may do more."""

    def __init__(self, act: Callable[[Job], object] = lambda _: None) -> None:
        self.ran: list[str] = []
        self.act = act

    async def run(self, job: Job) -> None:
        self.ran.append(msgspec.json.decode(job.payload, type=Named).name)
        done = self.act(job)
        if asyncio.iscoroutine(done):
            await done

    def kind(self, *pauses: float, seconds: float = 30.0) -> Kind:
        return Kind(KIND, self.run, seconds, pauses)


@asynccontextmanager
async def working(engine: RetakeEngine, *kinds: Kind, grace_seconds: float = 5.0) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(Worker(engine, kinds, grace_seconds=grace_seconds).run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


@pytest.fixture(autouse=True)
async def _empty(engine: RetakeEngine) -> None:
    await fetch("DELETE FROM jobs.pgqueuer WHERE entrypoint = {}", KIND)


async def waiting() -> int:
    rows = await fetch("SELECT count(*) AS jobs FROM jobs.pgqueuer WHERE entrypoint = {}", KIND)
    return int(rows[0]["jobs"])


async def test_the_queue_has_what_its_library_looks_for(engine: RetakeEngine) -> None:
    async with EngineDriver(engine) as driver:
        plan = await queries(driver).plan_upgrade()
    # the function of the trigger it writes anew each time
    assert [statement for statement in plan.statements if not statement.startswith("CREATE OR REPLACE FUNCTION")] == []


async def _enqueue_and_fail(engine: RetakeEngine) -> None:
    async with engine.transaction():
        await enqueue(DB, KIND, Named("undone"))
        raise ZeroDivisionError


async def test_a_job_is_seen_when_its_transaction_commits_and_never_when_it_does_not(engine: RetakeEngine) -> None:
    recorder = Recorder()
    async with working(engine, recorder.kind()):
        with pytest.raises(ZeroDivisionError):
            await _enqueue_and_fail(engine)
        async with engine.transaction():
            await enqueue(DB, KIND, Named("kept"))
        await until(lambda: bool(recorder.ran))
    assert recorder.ran == ["kept"]
    assert await waiting() == 0


async def test_two_workers_run_each_job_once(engine: RetakeEngine) -> None:
    one, other = Recorder(), Recorder()
    names = sorted(f"{number:02}" for number in range(50))
    async with working(engine, one.kind()), working(engine, other.kind()):
        for name in names:
            await enqueue(DB, KIND, Named(name))
        await until(lambda: len(one.ran + other.ran) >= len(names))
    assert sorted(one.ran + other.ran) == names


async def test_waking_a_job_twice_runs_it_once_and_at_the_earlier_time(engine: RetakeEngine) -> None:
    recorder = Recorder()
    await wake(DB, KIND, "same", Named("same"), after_seconds=3600)
    await wake(DB, KIND, "same", Named("same"))
    await wake(DB, KIND, "same", Named("same"), after_seconds=3600)
    async with working(engine, recorder.kind()):
        await until(lambda: bool(recorder.ran))
    assert recorder.ran == ["same"]


async def test_a_job_that_has_begun_is_no_answer_to_a_later_call(engine: RetakeEngine) -> None:
    async def work(job: Job) -> None:
        await begin(DB, job.job_id)
        if len(recorder.ran) == 1:
            await wake(DB, KIND, "same", Named("later"))

    recorder = Recorder(work)
    await wake(DB, KIND, "same", Named("first"))
    async with working(engine, recorder.kind()):
        await until(lambda: len(recorder.ran) == 2)
    assert recorder.ran == ["first", "later"]


async def test_a_failure_nobody_foresaw_is_logged_with_its_place_and_tried_again(engine: RetakeEngine) -> None:
    def fail(job: Job) -> None:
        if not job.tries:
            raise RuntimeError("ada@example.org")

    recorder = Recorder(fail)
    with capture_logs() as lines:
        async with working(engine, recorder.kind(0.0)):
            await enqueue(DB, KIND, Named("twice"))
            await until(lambda: len(recorder.ran) == 2)
    failed = next(line for line in lines if line["event"] == "job_failed")
    assert failed["error"] == "RuntimeError"
    assert any("test_queue.py" in place for place in failed["where"])
    assert "ada@example.org" not in str(lines)
    rows = await fetch("SELECT traceback::text FROM jobs.pgqueuer_log")
    assert "ada@example.org" not in str(rows)


async def test_a_job_that_fails_too_often_is_given_up_and_the_worker_goes_on(engine: RetakeEngine) -> None:
    def fail(job: Job) -> None:
        if job.payload == msgspec.json.encode(Named("bad")):
            raise RuntimeError

    recorder = Recorder(fail)
    async with working(engine, recorder.kind(0.0)):
        await enqueue(DB, KIND, Named("bad"))
        await until(lambda: len(recorder.ran) == 2)
        await enqueue(DB, KIND, Named("good"))
        await until(lambda: "good" in recorder.ran)
    assert recorder.ran == ["bad", "bad", "good"]
    assert await waiting() == 0


async def test_a_run_that_takes_too_long_is_ended(engine: RetakeEngine) -> None:
    cancelled = asyncio.Event()

    async def hang(_: Job) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    recorder = Recorder(hang)
    async with working(engine, recorder.kind(seconds=0.05)):
        await enqueue(DB, KIND, Named("endless"))
        await asyncio.wait_for(cancelled.wait(), 10)
    assert await waiting() == 0


async def test_what_does_not_end_in_the_grace_is_handed_back_for_another_worker(engine: RetakeEngine) -> None:
    async def hang(_: Job) -> None:
        await asyncio.Event().wait()

    first, second = Recorder(hang), Recorder()
    async with working(engine, first.kind(), grace_seconds=0.0):
        await enqueue(DB, KIND, Named(f"job-{uuid4().hex}"))
        await until(lambda: bool(first.ran))
    assert await waiting() == 1
    async with working(engine, second.kind()):
        await until(lambda: bool(second.ran))
    assert second.ran == first.ran


async def test_a_job_of_a_dead_worker_is_taken_over_though_the_clock_of_the_database_went_back(
    engine: RetakeEngine,
) -> None:
    """As a step of an hour leaves it: begun in the future, and beating from there."""
    await enqueue(DB, KIND, Named("left"))
    await fetch(
        """
        UPDATE jobs.pgqueuer SET status = 'picked', queue_manager_id = gen_random_uuid(),
            heartbeat = now() + interval '1 hour', execute_after = now() + interval '1 hour' WHERE entrypoint = {}
        """,
        KIND,
    )
    await return_to_present(DB)
    recorder = Recorder()
    async with working(engine, recorder.kind()):
        await until(lambda: bool(recorder.ran), seconds=20.0)
    assert recorder.ran == ["left"]


async def test_a_job_that_was_asked_for_before_the_clock_went_back_runs_at_once(engine: RetakeEngine) -> None:
    await enqueue(DB, KIND, Named("asked"))
    query = "SELECT execute_after < now() - interval '1 year' AS at_once FROM jobs.pgqueuer WHERE entrypoint = {}"
    assert [row["at_once"] for row in await fetch(query, KIND)] == [True]
    recorder = Recorder()
    async with working(engine, recorder.kind()):
        await until(lambda: bool(recorder.ran))
