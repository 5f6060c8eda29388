"""A transaction ends wholly kept or wholly undone, and gives its connection back, whatever happens to its owner."""

# ruff: noqa: PT012, S608  # what has to raise is a whole transaction; the tables' names are made up here
import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from random import Random
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from assessment.errors import ServiceUnavailable
from db.engine import POOL_SIZE, RetakeEngine
from tests.waiting import until

TASKS = 600


class Scratch:
    """An engine with a pool of its own on the test server, and a table nobody else uses."""

    def __init__(self, engine: RetakeEngine) -> None:
        self.engine = engine
        self.table = f"scratch_{uuid4().hex}"

    @property
    def pool(self) -> Any:
        """The engine's pool, which is open."""
        assert self.engine.pool is not None
        return self.engine.pool

    async def write(self, number: int, text: str = "") -> None:
        await self.engine.run_ddl(f"INSERT INTO {self.table} VALUES ({number}, '{text}')")

    async def numbers(self) -> list[int]:
        return [row["number"] for row in await self.engine.run_ddl(f"SELECT number FROM {self.table} ORDER BY 1")]

    async def backend(self) -> int:
        """The server process behind the current connection."""
        rows = await self.engine.run_ddl("SELECT pg_backend_pid() AS pid")
        pid: int = rows[0]["pid"]
        return pid

    async def is_whole(self) -> bool:
        """Whether every connection is free and no backend waits in a transaction."""
        if self.pool.get_idle_size() != self.pool.get_size():
            return False
        query = "SELECT 1 FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
        return not await self.engine.run_ddl(query)


@pytest.fixture
async def scratch(engine: RetakeEngine) -> AsyncIterator[Scratch]:
    own = RetakeEngine(engine.locate)
    await own.connect()
    scratch = Scratch(own)
    await own.run_ddl(
        f"CREATE TABLE {scratch.table} (number int, text text, UNIQUE (number, text) DEFERRABLE INITIALLY DEFERRED)"
    )
    yield scratch
    await engine.run_ddl(f"DROP TABLE {scratch.table}")
    await own.close_pool()


async def test_hundreds_of_cancelled_tasks_leave_the_pool_whole_and_no_half_transaction(scratch: Scratch) -> None:
    rng = Random(7)  # noqa: S311  # repeatable on purpose, nothing secret
    last_seen: dict[int, str] = {}

    async def work(number: int) -> None:
        last_seen[number] = "entering"
        async with scratch.engine.transaction():
            last_seen[number] = "inside"
            await scratch.write(number, "first")
            last_seen[number] = "half done"
            await scratch.write(number, "second")
            last_seen[number] = "leaving"
        last_seen[number] = "done"

    async def cancelled_at_random(number: int, longest: float) -> None:
        task = asyncio.create_task(work(number))
        await asyncio.sleep(rng.uniform(0, longest))
        task.cancel()
        await asyncio.wait({task})

    longest = 0.04
    while len(last_seen) < TASKS or set(last_seen.values()) != {"entering", "inside", "half done", "leaving", "done"}:
        batch = range(len(last_seen), len(last_seen) + 50)
        await asyncio.gather(*(cancelled_at_random(number, longest) for number in batch))
        longest *= 1.2  # on a busy machine it takes longer until somebody comes to the end

    await until(scratch.is_whole)
    rows = Counter(await scratch.numbers())
    assert set(rows.values()) == {2}
    assert {number for number, seen in last_seen.items() if seen == "done"} <= set(rows)
    assert not {number for number, seen in last_seen.items() if seen in ("entering", "inside", "half done")} & set(rows)
    connections = [await asyncio.wait_for(scratch.pool.acquire(), 5) for _ in range(POOL_SIZE)]
    for connection in connections:
        await scratch.pool.release(connection)


async def test_a_task_cancelled_while_it_waits_for_a_connection_takes_none(scratch: Scratch) -> None:
    held = [await scratch.pool.acquire() for _ in range(POOL_SIZE)]

    async def work() -> None:
        async with scratch.engine.transaction():
            raise AssertionError("no connection was free")

    waiting = [asyncio.create_task(work()) for _ in range(30)]
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    assert all(
        isinstance(result, asyncio.CancelledError) for result in await asyncio.gather(*waiting, return_exceptions=True)
    )
    for connection in held:
        await scratch.pool.release(connection)
    await until(scratch.is_whole)


async def test_a_nested_transaction_is_undone_with_the_outer_one(scratch: Scratch) -> None:
    with pytest.raises(ZeroDivisionError):
        async with scratch.engine.transaction() as outer:
            async with scratch.engine.transaction() as inner:
                assert inner is outer
                await scratch.write(1)
            await scratch.write(2)
            raise ZeroDivisionError
    assert await scratch.numbers() == []
    await until(scratch.is_whole)  # the app of the whole run has transactions too


async def test_what_a_nested_transaction_raises_and_the_outer_catches_costs_nothing_of_the_outer(
    scratch: Scratch,
) -> None:
    async with scratch.engine.transaction():
        await scratch.write(1)
        with pytest.raises(ZeroDivisionError):
            async with scratch.engine.transaction():
                raise ZeroDivisionError
        await scratch.write(2)
    assert await scratch.numbers() == [1, 2]


async def test_an_error_that_only_the_commit_finds_is_raised_and_nothing_is_kept(scratch: Scratch) -> None:
    with pytest.raises(asyncpg.UniqueViolationError):
        async with scratch.engine.transaction():
            await scratch.write(1, "same")
            await scratch.write(1, "same")
    assert await scratch.numbers() == []
    await until(scratch.is_whole)


async def test_no_transaction_is_current_after_any_way_out(scratch: Scratch) -> None:
    current = scratch.engine.current_transaction

    async def leave_by(error: Exception | None) -> None:
        async with scratch.engine.transaction():
            assert current.get() is not None
            if error is not None:
                raise error

    await leave_by(None)
    assert current.get() is None
    with pytest.raises(ZeroDivisionError):
        await leave_by(ZeroDivisionError())
    assert current.get() is None
    opening = scratch.engine.transaction()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            async with opening:
                raise AssertionError("cancelled before it could open")
    assert current.get() is None
    await until(scratch.is_whole)


async def test_a_transaction_ended_by_hand_is_left_alone_at_the_end(scratch: Scratch) -> None:
    async with scratch.engine.transaction() as transaction:
        await scratch.write(1)
        await transaction.commit()  # type: ignore[no-untyped-call]  # Piccolo's own
    async with scratch.engine.transaction() as transaction:
        await scratch.write(2)
        await transaction.rollback()  # type: ignore[no-untyped-call]  # Piccolo's own
    assert await scratch.numbers() == [1]
    await until(scratch.is_whole)  # the app of the whole run has transactions too


async def test_a_connection_lost_inside_is_an_outage_at_the_next_statement(
    scratch: Scratch, engine: RetakeEngine
) -> None:
    with pytest.raises(ServiceUnavailable):
        async with scratch.engine.transaction():
            await scratch.write(1)
            await engine.run_ddl(f"SELECT pg_terminate_backend({await scratch.backend()}, 5000)")
            await scratch.write(2)
    assert await scratch.numbers() == []
    await until(scratch.is_whole)


async def test_a_connection_lost_before_the_commit_is_an_outage(scratch: Scratch, engine: RetakeEngine) -> None:
    with pytest.raises(ServiceUnavailable) as caught:
        async with scratch.engine.transaction():
            await scratch.write(1)
            await engine.run_ddl(f"SELECT pg_terminate_backend({await scratch.backend()}, 5000)")
    assert "not known" in caught.value.details[0].reason  # it might have been lost just after the server kept it
    assert await scratch.numbers() == []
    await until(scratch.is_whole)


async def test_the_owners_own_error_outlives_a_rollback_that_fails(scratch: Scratch, engine: RetakeEngine) -> None:
    with pytest.raises(ZeroDivisionError):
        async with scratch.engine.transaction():
            await engine.run_ddl(f"SELECT pg_terminate_backend({await scratch.backend()}, 5000)")
            raise ZeroDivisionError
    await until(scratch.is_whole)


async def test_a_transaction_that_the_server_ended_for_idling_is_an_outage(
    scratch: Scratch, engine: RetakeEngine
) -> None:
    with pytest.raises(ServiceUnavailable):
        async with scratch.engine.transaction():
            pid = await scratch.backend()
            await scratch.engine.run_ddl("SET LOCAL idle_in_transaction_session_timeout = 20")

            async def gone() -> bool:
                return not await engine.run_ddl(f"SELECT 1 FROM pg_stat_activity WHERE pid = {pid}")

            await until(gone)
            await scratch.write(1)
    await until(scratch.is_whole)


async def test_two_queries_at_once_in_one_transaction_are_a_mistake_and_not_an_outage(scratch: Scratch) -> None:
    with pytest.raises(asyncpg.InterfaceError, match="another operation"):
        async with scratch.engine.transaction():
            await asyncio.gather(scratch.write(1), scratch.write(2))
    assert await scratch.numbers() == []
    await until(scratch.is_whole)


async def test_a_transaction_without_a_pool_hangs_up_when_it_ends(scratch: Scratch) -> None:
    async with scratch.engine.unhurried_transaction():
        pid = await scratch.backend()
        limits = await scratch.engine.run_ddl("SELECT current_setting('statement_timeout') AS seconds")
        await scratch.write(1)
    assert limits[0]["seconds"] == "0"
    assert await scratch.numbers() == [1]

    async def gone() -> bool:
        return not await scratch.engine.run_ddl(f"SELECT 1 FROM pg_stat_activity WHERE pid = {pid}")

    await until(gone)


async def test_closing_the_pool_under_a_transaction_undoes_it(scratch: Scratch, engine: RetakeEngine) -> None:
    with pytest.raises(ServiceUnavailable):
        async with scratch.engine.transaction():
            await scratch.write(1)
            await scratch.engine.close_pool()
    await scratch.engine.connect()
    assert await scratch.numbers() == []
