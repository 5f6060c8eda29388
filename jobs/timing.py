"""The kind of job that ends an attempt when its time is up."""

from collections.abc import Callable

import msgspec

from assessment.deadline import Clock
from assessment.ports import AssessmentStore
from assessment.use_cases.time_up import time_up
from db.engine import RetakeEngine
from db.presence import RunningSet, look_at_end
from db.queue import JobKind, begin
from jobs.kinds import Job, Kind

LONGEST_SECONDS = 60.0
PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)  # for a database that is away

_RUNNING = msgspec.json.Decoder(RunningSet)


def timing(engine: RetakeEngine, store: AssessmentStore, clock: Clock, plan: Callable[[], None]) -> Kind:
    """Score what was saved of a set whose time is up; one that has more time, as when some was given back, waits on.

    `plan` settles beforehand what of the next attempt is prepared.
    """

    async def run(job: Job) -> None:
        running = _RUNNING.decode(job.payload)
        await begin(engine, job.job_id)
        plan()
        seconds = await time_up(
            verification_id=running.verification_id, set_id=running.set_id, store=store, clock=clock
        )
        if seconds is not None:
            await look_at_end(engine, running, seconds)

    return Kind(JobKind.TIME_UP, run, LONGEST_SECONDS, PAUSES, is_given_up=False)
