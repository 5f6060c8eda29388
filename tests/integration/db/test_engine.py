"""Connecting fails with a reason, and a server that falls silent is given up."""

import asyncio
import gc
import os
import signal
from typing import Any

import asyncpg
import pytest

from assessment.errors import ServiceUnavailable
from db import engine as module
from db.engine import RetakeEngine
from tests.waiting import until


async def test_a_server_that_is_too_old_is_refused_and_left(
    engine: RetakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "OLDEST_VERSION", 99)
    own = RetakeEngine(engine.locate)
    with pytest.raises(RuntimeError, match=r"PostgreSQL 99 or newer is needed, this server is \d+"):
        await own.connect()
    assert own.pool is None


async def test_what_kept_it_from_connecting_stays_with_the_error() -> None:
    own = RetakeEngine(lambda: "postgresql://127.0.0.1:1/retake")
    with pytest.raises(ServiceUnavailable) as caught:
        await own.connect()
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)


async def test_a_wrong_query_is_not_an_outage(engine: RetakeEngine) -> None:
    with pytest.raises(asyncpg.DataError):
        await engine.fetch("SELECT $1::int", "no number")
    with pytest.raises(asyncpg.UndefinedTableError):
        await engine.run_ddl("SELECT 1 FROM not_there")


async def test_a_query_without_a_pool_leaves_no_connection_behind_when_it_is_cancelled(engine: RetakeEngine) -> None:
    own = RetakeEngine(engine.locate)
    query = asyncio.create_task(own.run_ddl("SELECT pg_sleep(20) AS unpooled"))

    async def running() -> bool:
        return bool(await engine.fetch("SELECT 1 FROM pg_stat_activity WHERE query LIKE '%AS unpooled'"))

    async def gone() -> bool:
        return not await running()

    await until(running)
    query.cancel()
    with pytest.raises(asyncio.CancelledError):
        await query
    await engine.run_ddl("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%AS unpooled'")
    await until(gone)


async def test_a_server_that_falls_silent_is_an_outage_after_a_while(
    engine: RetakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "COMMAND_SECONDS", 0.3)
    own = RetakeEngine(engine.locate)
    await own.connect()
    (row,) = await own.fetch("SELECT pg_backend_pid() AS pid")
    os.kill(row["pid"], signal.SIGSTOP)
    try:
        with pytest.raises(ServiceUnavailable):
            async with asyncio.timeout(5):
                await own.fetch("SELECT 1")
    finally:
        os.kill(row["pid"], signal.SIGCONT)
    assert [tuple(row) for row in await own.fetch("SELECT 1")] == [(1,)]
    await own.close_pool()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # sockets of tests before this one
async def test_what_fails_after_its_owner_was_cancelled_is_no_complaint_of_the_loop(engine: RetakeEngine) -> None:
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, complaint: complaints.append(complaint))
    goes_on = asyncio.Event()

    async def work() -> None:
        await goes_on.wait()
        raise ServiceUnavailable

    async def owner() -> None:
        await asyncio.shield(engine.see_through(work()))

    owning = asyncio.create_task(owner())
    await asyncio.sleep(0)
    owning.cancel()
    with pytest.raises(asyncio.CancelledError):
        await owning
    goes_on.set()
    await until(lambda: not engine._running)
    gc.collect()
    asyncio.get_running_loop().set_exception_handler(None)
    assert complaints == []
