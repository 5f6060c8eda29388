"""A worker that has nothing under way is gone soon after it was told to end."""

import asyncio

from assessment.deadline import SystemClock
from db.engine import RetakeEngine
from jobs.process import working
from jobs.settings import JobSettings

HANGS = 30.0  # seconds; a stop that waits for work without an end takes the grace of 100


async def test_a_worker_without_work_does_not_take_its_grace_to_end(engine: RetakeEngine) -> None:
    async with asyncio.timeout(HANGS):
        async with working(engine, JobSettings(), SystemClock()):
            await asyncio.sleep(0)  # all of its work has begun
