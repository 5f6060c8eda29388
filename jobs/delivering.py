"""The kind of job that delivers the notices of a platform."""

import asyncio

import msgspec

from db.announcements import PlatformNotices
from db.engine import RetakeEngine
from db.queue import JobKind, absorb, begin, wake
from delivery.dispatcher import RUN_SECONDS, Dispatcher
from jobs.kinds import Job, Kind

LONGEST_SECONDS = RUN_SECONDS + 60.0  # what is under way at the end of a run has time to be settled
PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)  # for a database that is away

_NOTICES = msgspec.json.Decoder(PlatformNotices)


def delivering(engine: RetakeEngine, dispatcher: Dispatcher, stop: asyncio.Event) -> Kind:
    """Deliver what is due of a platform, and come again when more is.

    Each announcement brings a job with it, in its own transaction; a run absorbs those that wait before it looks, so
    one run does for any number of announcements, and none falls between.
    """

    async def run(job: Job) -> None:
        notices = _NOTICES.decode(job.payload)
        await begin(engine, job.job_id)
        await absorb(engine, JobKind.DELIVER, notices)
        next_seconds = await dispatcher.deliver(notices.platform_id, stop)
        if next_seconds is not None:
            key, after = str(notices.platform_id), max(0.0, next_seconds)
            await wake(engine, JobKind.DELIVER, key, notices, after_seconds=after)

    return Kind(JobKind.DELIVER, run, LONGEST_SECONDS, PAUSES, is_given_up=False)
