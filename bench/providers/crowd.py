"""A thousand students who generate at the same time, on one server process and vendors that take ten seconds."""

import asyncio
import resource
import statistics
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import asyncpg
import httpx

from bench.providers.vendor import KEY, vendor, write_config
from bench.service.processes import Started, key, started
from bench.service.student import StudentClient
from db.embedded import EmbeddedServer
from serving.starting import free_port

VENDOR_SECONDS = 10
LOOKS_PER_SECOND = 20
IDLE_LOOKS = 200
OPEN_FILES = 8192

Answer = tuple[bool, float]  # whether the set was complete, and after how many seconds


class Crowd(NamedTuple):
    """What came of it; times in milliseconds, memory in MB, the oldest transaction in seconds."""

    students: int
    complete: int
    seconds: float
    median: float
    memory: float
    idle_p99: float
    busy_p99: float
    idle_in_transaction: int
    oldest_transaction: float


async def crowd(students: int) -> Crowd:
    """Prepare the students one after the other, then let all of them generate at once."""
    _allow_open_files()
    # short, since it holds a socket; the vendor answers in one piece, as slowly as the slowest of a busy day
    with tempfile.TemporaryDirectory(prefix="rtb-") as folder, vendor("--latency", str(VENDOR_SECONDS)) as address:
        environment = {
            "RETAKE_DATA_DIR": folder,
            "RETAKE_LOG_FORMAT": "json",
            "RETAKE_ALLOW_PRIVATE_WEBHOOKS": "1",
            "RETAKE_VERIFY_PER_MINUTE": "1000000",
            "RETAKE_PROVIDERS": str(write_config(Path(folder), address, stream=False)),
            "BENCH_KEY": KEY,
        }
        live_key, port = key(environment, "live"), free_port()
        with started(("-m", "cli", "serve", "--port", str(port)), port, "/health/ready", environment) as server:
            tokens = await asyncio.to_thread(_prepare, port, live_key, students)
            return await _measure(server, tokens, environment)


async def _measure(server: Started, tokens: list[str], environment: Mapping[str, str]) -> Crowd:
    base = f"http://127.0.0.1:{server.port}/api/v1"
    postgres = EmbeddedServer(Path(environment["RETAKE_DATA_DIR"]) / "postgres")
    database = await asyncpg.connect(await asyncio.to_thread(postgres.uri))
    async with httpx.AsyncClient(base_url=base, timeout=100) as client:
        idle = [await look(client, tokens[0]) for _ in range(IDLE_LOOKS)]
        watch = _Watch(server, client, tokens[0], database)
        watching = asyncio.create_task(watch.run())
        begun = time.perf_counter()
        answers = await generate_elsewhere(base, tokens)
        seconds = time.perf_counter() - begun
        watching.cancel()
        await asyncio.wait({watching})
    await database.close()
    postgres.close()
    return Crowd(
        students=len(tokens),
        complete=sum(is_complete for is_complete, _ in answers),
        seconds=seconds,
        median=statistics.median(taken for _, taken in answers),
        memory=watch.memory,
        idle_p99=p99(idle),
        busy_p99=p99(watch.looks),
        idle_in_transaction=watch.idle_in_transaction,
        oldest_transaction=watch.oldest,
    )


class _Watch:
    """Looks at the assessment, the process and the database all the time."""

    def __init__(
        self, server: Started, client: httpx.AsyncClient, token: str, database: "asyncpg.Connection[asyncpg.Record]"
    ) -> None:
        self._server, self._client, self._token, self._database = server, client, token, database
        self.looks: list[float] = []
        self.memory = 0.0
        self.idle_in_transaction = 0
        self.oldest = 0.0

    async def run(self) -> None:
        while True:
            self.looks.append(await look(self._client, self._token))
            self.memory = max(self.memory, self._server.memory_mb)
            row = await self._database.fetchrow(
                """
                SELECT count(*) FILTER (WHERE state = 'idle in transaction') AS idle,
                       coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float AS oldest
                FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'
                """
            )
            assert row is not None
            self.idle_in_transaction = max(self.idle_in_transaction, row["idle"])
            self.oldest = max(self.oldest, row["oldest"])
            await asyncio.sleep(1 / LOOKS_PER_SECOND)


async def look(client: httpx.AsyncClient, token: str) -> float:
    """Milliseconds of one GET /assessment."""
    begun = time.perf_counter()
    (await client.get("/assessment", headers={"x-api-key": token})).raise_for_status()
    return (time.perf_counter() - begun) * 1000


async def generate_elsewhere(base: str, tokens: list[str]) -> list[Answer]:
    """All at once, from a process of their own: a client with a thousand connections is slow itself."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return await asyncio.get_running_loop().run_in_executor(pool, _generate_all, base, tokens)


def _generate_all(base: str, tokens: list[str]) -> list[Answer]:
    async def run() -> list[Answer]:
        limits = httpx.Limits(max_connections=len(tokens), max_keepalive_connections=len(tokens))
        async with httpx.AsyncClient(base_url=base, timeout=100, limits=limits) as client:
            return await asyncio.gather(*(_generate(client, token) for token in tokens))

    return asyncio.run(run())


async def _generate(client: httpx.AsyncClient, token: str) -> Answer:
    begun = time.perf_counter()
    response = await client.post("/assessment/generate", headers={"x-api-key": token})
    is_complete = response.is_success and len(response.json()["data"]["questions"]) == 10
    return is_complete, time.perf_counter() - begun


def _prepare(port: int, live_key: str, students: int) -> list[str]:
    tokens = []
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=30) as client:
        for _ in range(students):
            student = StudentClient(client, live_key)
            student.prepare()
            tokens.append(student.token)
    return tokens


def _allow_open_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, OPEN_FILES), hard), hard))


def p99(values: list[float]) -> float:
    """The value that 99 of 100 do not exceed."""
    return sorted(values)[int(0.99 * (len(values) - 1))]
