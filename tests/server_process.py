"""`retake serve` as a process of its own, on a database of its own, for tests that kill it or need several."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, NamedTuple
from uuid import uuid4

import httpx

from db.engine import RetakeEngine
from serving.starting import free_port

AS_MODULE = (sys.executable, "-m", "cli")
AS_INSTALLED = (str(Path(sys.executable).parent / "retake"),)
ONE_PROCESS = ("--job-workers", "0")  # for tests that are not about several: it starts in half the time
START_SECONDS = 90.0
STOP_SECONDS = 30.0


class ServerProcess:
    """A running server; `base_url` ends in /api/v1."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.port = port
        self.root_url = f"http://127.0.0.1:{port}"
        self.base_url = f"{self.root_url}/api/v1"

    def kill(self) -> None:
        """End it and every process it has started, as a power cut would."""
        os.killpg(self.process.pid, signal.SIGKILL)

    def kill_supervisor(self) -> None:
        """End the process that was started, and none that it has started itself."""
        self.process.send_signal(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end."""
        self.process.terminate()

    async def ended(self) -> int:
        """Wait for its end and give the exit code."""
        async with asyncio.timeout(STOP_SECONDS):
            return await self.process.wait()


class Finished(NamedTuple):
    """What a command left behind."""

    code: int
    stdout: str
    stderr: str


@asynccontextmanager
async def fresh_database(engine: RetakeEngine, template: str = "template1") -> AsyncIterator[str]:
    """A new database beside the test database, as a URL for RETAKE_DATABASE_URL; empty unless a template is named."""
    name = f"rt_{uuid4().hex}"
    await engine.run_ddl(f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield database_url(engine, name)
    finally:
        await engine.run_ddl(f"DROP DATABASE {name} WITH (FORCE)")


def database_url(engine: RetakeEngine, name: str) -> str:
    """Where a database on the test server is."""
    return engine.locate().replace("/postgres?", f"/{name}?")


async def run_retake(*arguments: str, environment: Mapping[str, str]) -> str:
    """Run a `retake` command to its end and give what it printed. Raises AssertionError when it fails."""
    finished = await finished_retake(*arguments, environment=environment)
    assert finished.code == 0, f"retake {arguments} ended with {finished.code}: {finished.stderr}"
    return finished.stdout


async def finished_retake(*arguments: str, environment: Mapping[str, str]) -> Finished:
    """Run a `retake` command to its end, whatever end that is; one that does not come to it is killed."""
    return await finished_command("-m", "cli", *arguments, environment=environment)


async def finished_command(*arguments: str, environment: Mapping[str, str]) -> Finished:
    """Run Python with these arguments to its end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        env=environment_of(environment),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(START_SECONDS):
            stdout, stderr = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return Finished(process.returncode, stdout.decode(), stderr.decode())


@asynccontextmanager
async def serving(
    environment: Mapping[str, str],
    *arguments: str,
    printed: IO[bytes] | None = None,
    logged: IO[bytes] | None = None,
    within: tuple[str, ...] = (),
    retake: tuple[str, ...] = AS_MODULE,
) -> AsyncIterator[ServerProcess]:
    """Start a server on a free port, wait until it answers and a worker runs its jobs, and end it afterwards.

    `within` is a command that puts itself around it, and becomes it; `retake` is how the program is called.
    """
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(*within, *retake, "serve", "--port", str(port), *arguments),
        env=environment_of(environment),
        stdout=printed,
        stderr=logged,
        start_new_session=True,
    )
    server = ServerProcess(process, port)
    try:
        await _at_work(server)
        yield server
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


def environment_of(environment: Mapping[str, str]) -> dict[str, str]:
    return {**{name: value for name, value in os.environ.items() if not name.startswith("RETAKE_")}, **environment}


async def _at_work(server: ServerProcess) -> None:
    async with asyncio.timeout(START_SECONDS), httpx.AsyncClient() as client:
        while True:
            assert server.process.returncode is None, "the server ended while starting"
            try:
                ready = (await client.get(f"{server.root_url}/health/ready")).json()
                if ready["providers"]["test"]:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)
