"""`retake serve` as a process of its own, on a database of its own, for tests that kill it or need several."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx

from db.engine import RetakeEngine

START_SECONDS = 30.0


class ServerProcess:
    """A running server; `base_url` ends in /api/v1."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.base_url = f"http://127.0.0.1:{port}/api/v1"

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)

    async def ended(self) -> None:
        await self.process.wait()


@asynccontextmanager
async def fresh_database(engine: RetakeEngine) -> AsyncIterator[str]:
    """An empty database beside the test database, as a URL for RETAKE_DATABASE_URL."""
    name = f"rt_{uuid4().hex}"
    await engine.run_ddl(f"CREATE DATABASE {name}")
    try:
        yield engine.locate().replace("/postgres?", f"/{name}?")
    finally:
        await engine.run_ddl(f"DROP DATABASE {name} WITH (FORCE)")


async def run_retake(*arguments: str, environment: Mapping[str, str]) -> str:
    """Run a `retake` command to its end and give what it printed. Raises AssertionError when it fails."""
    process = await _start(arguments, environment, asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    assert process.returncode == 0, f"retake {arguments} ended with {process.returncode}"
    return output.decode()


@asynccontextmanager
async def serving(environment: Mapping[str, str], *arguments: str) -> AsyncIterator[ServerProcess]:
    """Start a server on a free port, wait until it is alive, and end it afterwards."""
    port = free_port()
    process = await _start(("serve", "--port", str(port), *arguments), environment, None)
    server = ServerProcess(process, port)
    try:
        await _alive(server)
        yield server
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


async def _start(
    arguments: tuple[str, ...], environment: Mapping[str, str], stdout: int | None
) -> asyncio.subprocess.Process:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("RETAKE_")}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", *arguments, env={**clean, **environment}, stdout=stdout
    )


async def _alive(server: ServerProcess) -> None:
    url = server.base_url.replace("/api/v1", "/health/live")
    async with asyncio.timeout(START_SECONDS), httpx.AsyncClient() as client:
        while True:
            assert server.process.returncode is None, "the server ended while starting"
            try:
                await client.get(url)
                return
            except httpx.TransportError:
                await asyncio.sleep(0.05)
