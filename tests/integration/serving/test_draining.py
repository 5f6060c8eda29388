"""Ends of processes: who is told to end refuses newcomers at once and answers what is under way."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from piccolo_conf import DB
from tests.integration.deployment import Deployment, client_of, deployed
from tests.integration.serving.raw import connected
from tests.server_process import ONE_PROCESS, ServerProcess, serving
from tests.waiting import until

WORKERS = 2
KNOCK_SECONDS = 2.0


@pytest.fixture(scope="module")
async def deployment(app: object) -> AsyncIterator[Deployment]:
    async with deployed(DB) as deployment:
        yield deployment


@pytest.mark.parametrize(
    "arguments",
    [ONE_PROCESS, (), ("--workers", str(WORKERS)), ("--workers", str(WORKERS), *ONE_PROCESS)],
    ids=["one process", "one of each", "two web processes", "two web processes with jobs inside"],
)
async def test_told_to_end_it_refuses_newcomers_and_answers_what_is_under_way(
    deployment: Deployment, arguments: tuple[str, ...]
) -> None:
    async with serving(deployment.environment, *arguments) as server, client_of(server) as client:
        generating = await _slow_generation(deployment, client)
        async with connected(server.port) as idle:
            await idle.send(b"GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n")
            await idle.answer()
            server.stop()
            await until(lambda: _refuses(server))
            assert await idle.rest() == b""
        assert not generating.done()  # it takes five seconds, and newcomers did not wait for it
        assert (await generating).status_code == 200
        await server.ended()


async def test_workers_whose_supervisor_was_killed_do_the_same(deployment: Deployment) -> None:
    async with serving(deployment.environment, "--workers", str(WORKERS)) as server, client_of(server) as client:
        generating = await _slow_generation(deployment, client)
        workers = _workers_of(server)
        assert len(workers) == WORKERS + 1
        server.kill_supervisor()
        await server.ended()
        await until(lambda: _refuses(server))
        assert (await generating).status_code == 200
        await until(lambda: not any(_lives(pid) for pid in workers))


async def test_a_web_process_that_died_is_replaced(deployment: Deployment) -> None:
    async with serving(deployment.environment, "--workers", str(WORKERS), *ONE_PROCESS) as server:
        await until(lambda: len(_workers_of(server)) == WORKERS)
        first, second = _workers_of(server)
        os.kill(first, signal.SIGKILL)
        await until(lambda: not _lives(first))
        await until(lambda: len(_workers_of(server)) == WORKERS, 20)
        assert second in _workers_of(server)
        for _ in range(20):
            async with client_of(server) as client:
                assert (await client.get(f"{server.root_url}/health/live")).status_code == 200


async def _slow_generation(deployment: Deployment, client: httpx.AsyncClient) -> "asyncio.Task[httpx.Response]":
    journey = await deployment.journey(client).prepared()
    generating = asyncio.create_task(journey.generate(**{"x-sandbox-scenario": "slow"}))

    async def begun() -> bool:
        return bool(
            await deployment.rows("SELECT 1 FROM jobs.pgqueuer WHERE entrypoint = 'write_set' AND status = 'picked'")
        )

    await until(begun)
    return generating


async def _refuses(server: ServerProcess) -> bool:
    """Whether a newcomer is refused; one that is taken, left hanging or reset is not.

    Whoever stands in the port's queue at the moment it is closed is reset; the next one has to be refused.
    """
    try:
        async with asyncio.timeout(KNOCK_SECONDS), connected(server.port):
            return False
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:
        return False


def _workers_of(server: ServerProcess) -> list[int]:
    pid = server.process.pid
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [child for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
