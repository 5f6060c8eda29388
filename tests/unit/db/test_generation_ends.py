"""Requests that wait for generations share the queries, and hear of an end, of a deadline, or of an outage."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest

from assessment.deadline import Deadline, SystemClock
from assessment.errors import ServiceUnavailable
from assessment.ports import Ending, Finished
from db.generation_ends import GenerationEnds
from tests.waiting import until

NEVER, AT_ONCE = 3600.0, 0.001
WRITTEN = Finished(Ending.WRITTEN, 1, "set-1")


class Database:
    """What is read: how the generations stand, or that nothing can be read."""

    def __init__(self) -> None:
        self.ends: dict[str, Finished] = {}
        self.is_away = False
        self.queries: list[list[str]] = []

    async def read(self, wanted: list[str]) -> Mapping[str, Finished]:
        self.queries.append(wanted)
        if self.is_away:
            raise ServiceUnavailable
        return {name: self.ends.get(name, Finished(Ending.OUTDATED, 0)) for name in wanted if name != "erased"}

    async def was_asked(self, times: int = 1) -> None:
        """Wait until somebody has looked so often."""
        await until(lambda: len(self.queries) >= times)


@asynccontextmanager
async def running(ends: GenerationEnds) -> AsyncIterator[None]:
    task = asyncio.create_task(ends.run())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def deadline(seconds: float = NEVER) -> Deadline:
    return Deadline(SystemClock(), seconds)


async def test_an_end_that_is_told_of_is_read_once_for_all_who_wait_for_it() -> None:
    database = Database()
    ends = GenerationEnds(database.read, poll_seconds=NEVER)
    async with running(ends):
        waiting = [asyncio.create_task(ends.wait("ver", 1, deadline())) for _ in range(1_000)]
        await database.was_asked()
        database.ends["ver"] = WRITTEN
        ends.hear("another")
        ends.hear("ver")
        assert await asyncio.gather(*waiting) == [WRITTEN] * 1_000
    assert len(database.queries) <= 3


async def test_an_end_whose_notification_was_lost_is_found_by_the_next_look() -> None:
    database = Database()
    ends = GenerationEnds(database.read, poll_seconds=AT_ONCE)
    async with running(ends):
        waiting = asyncio.create_task(ends.wait("ver", 1, deadline()))
        await database.was_asked()
        database.ends["ver"] = WRITTEN
        assert await waiting == WRITTEN


async def test_of_a_verification_that_was_erased_the_end_has_come() -> None:
    ends = GenerationEnds(Database().read, poll_seconds=NEVER)
    async with running(ends):
        assert await ends.wait("erased", 7, deadline()) == Finished(Ending.OUTDATED, 7)


async def test_whose_deadline_comes_first_gets_nothing_and_is_not_looked_for_any_more() -> None:
    database = Database()
    ends = GenerationEnds(database.read, poll_seconds=AT_ONCE)
    async with running(ends):
        assert await ends.wait("ver", 1, deadline(0.0)) is None
        database.queries.clear()
        assert await ends.wait("other", 1, deadline(0.01)) is None
    assert {name for query in database.queries for name in query} <= {"other"}


async def test_a_database_that_comes_back_is_waited_for_and_one_that_stays_away_is_told() -> None:
    database = Database()
    database.is_away = True
    patient = GenerationEnds(database.read, poll_seconds=AT_ONCE, away_seconds=NEVER)
    async with running(patient):
        waiting = asyncio.create_task(patient.wait("ver", 1, deadline()))
        await database.was_asked(3)
        database.is_away, database.ends["ver"] = False, WRITTEN
        assert await waiting == WRITTEN
    database.is_away = True
    hasty = GenerationEnds(database.read, poll_seconds=AT_ONCE, away_seconds=0.0)
    async with running(hasty):
        with pytest.raises(ServiceUnavailable):
            await hasty.wait("ver", 1, deadline())
