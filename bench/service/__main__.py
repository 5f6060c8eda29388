"""Measures the service beside a bare Litestar application and prints figures and ratios."""

import asyncio
import os
import statistics
import sys
import tempfile
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import httpx

from bench.beside import beside
from bench.rows import Row, print_rows
from bench.service.ahead import ahead_rows
from bench.service.load import throughput
from bench.service.processes import key, serving, started
from bench.service.student import StudentClient
from bench.service.waiting import crowd_rows, way_to_the_vendor
from serving.starting import free_port

ROUNDS = 5
SECONDS_PER_ROUND = 2.0
RETAKES = 60
RETAKES_PER_STUDENT = 5  # one who has seen hundreds of questions is not the rule
SUBMITS = 60
STARTS = 5
CLIENT_CORE = {1}


def main() -> int:
    """Run all measurements; exits with 1 when a goal was missed."""
    if len(os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(0, CLIENT_CORE)
    with tempfile.TemporaryDirectory(prefix="rtb-") as folder, ExitStack() as stack:
        environment = {
            "RETAKE_DATA_DIR": folder,
            "RETAKE_LOG_FORMAT": "json",
            "RETAKE_ALLOW_PRIVATE_WEBHOOKS": "1",
            "RETAKE_VERIFY_PER_MINUTE": "1000000",
        }
        test_key, live_key = key(environment, "test"), key(environment, "live")
        rows = [_start_up(environment), *_reading(environment, test_key)]
        vendor = free_port()
        stack.enter_context(_vendor(vendor))
        rows += _writing({**environment, **_providers(Path(folder), vendor, stream=False)}, live_key)
        rows += _streamed({**environment, **_providers(Path(folder), vendor, stream=True)}, live_key)
        whole = {**environment, **_providers(Path(folder), vendor, stream=False)}
        rows.append(way_to_the_vendor(whole, live_key, vendor))
        rows += crowd_rows(whole, live_key, vendor)
        rows += ahead_rows(environment, Path(folder), vendor, live_key)
    print_rows("Retake, HTTP service", rows)
    return 0 if all(row[3] for row in rows) else 1


def _start_up(environment: Mapping[str, str]) -> Row:
    seconds = []
    for _ in range(STARTS):
        with serving(environment) as server:
            seconds.append(server.ready_seconds)
    median = statistics.median(seconds)
    return "serve ready on an existing database (median)", f"{median:.2f} s", "1.5 s", median <= 1.5


def _reading(environment: Mapping[str, str], api_key: str) -> list[Row]:
    port = free_port()
    command = ("-m", "uvicorn", "bench.service.baseline:app", "--port", str(port), "--no-access-log")
    with serving(environment) as server, started(command, port, "/", environment) as bare:
        memory = server.memory_mb
        with httpx.Client(base_url=f"http://127.0.0.1:{server.port}/api/v1") as client:
            student = StudentClient(client, api_key)
            student.prepare()
        headers = {"x-api-key": student.token}
        pairs = [asyncio.run(_pair(bare.port, server.port, headers)) for _ in range(ROUNDS)]
    ratio = statistics.median(ours / theirs for theirs, ours in pairs)
    theirs, ours = (statistics.median(column) for column in zip(*pairs, strict=True))
    return [
        ("idle web process beside a worker", f"{memory:.0f} MB", "110 MB", memory <= 110),
        ("bare Litestar GET, 32 connections, one core", f"{theirs:.0f}/s", "", True),
        ("GET /assessment, 32 connections, same core", f"{ours:.0f}/s", "", True),
        ("GET /assessment over bare GET (median of pairs)", f"{ratio:.2f}", "0.30", ratio >= 0.3),
    ]


async def _pair(bare: int, ours: int, headers: Mapping[str, str]) -> tuple[float, float]:
    return (
        await throughput(bare, "/", {}, SECONDS_PER_ROUND),
        await throughput(ours, "/api/v1/assessment", headers, SECONDS_PER_ROUND),
    )


def _writing(environment: Mapping[str, str], api_key: str) -> list[Row]:
    with (
        serving(environment) as server,
        httpx.Client(base_url=f"http://127.0.0.1:{server.port}/api/v1", timeout=100) as client,
    ):
        retakes = _retakes(client, api_key)
        submits = _submits(client, api_key)
        pings = [_ping(client, server.port) for _ in range(RETAKES)]
    retake, submit, ping = statistics.median(retakes), statistics.median(submits), statistics.median(pings)
    return [
        ("GET /health/live p50, one client", f"{ping:.1f} ms", "", True),
        ("retake p50, one client, whole answer at once over LiteLLM", f"{retake:.1f} ms", "25 ms", retake <= 25),
        ("submit p50, one client", f"{submit:.1f} ms", "10 ms", submit <= 10),
        ("retake / ping", f"{retake / ping:.1f}", "", True),
        ("submit / ping", f"{submit / ping:.1f}", "", True),
    ]


def _streamed(environment: Mapping[str, str], api_key: str) -> list[Row]:
    with (
        serving(environment) as server,
        httpx.Client(base_url=f"http://127.0.0.1:{server.port}/api/v1", timeout=100) as client,
    ):
        retake = statistics.median(_retakes(client, api_key))
    return [("retake p50, one client, the same streamed in one burst", f"{retake:.1f} ms", "", True)]


def _retakes(client: httpx.Client, api_key: str) -> list[float]:
    times: list[float] = []
    while len(times) < RETAKES:
        student = _failed(client, api_key)
        for _ in range(RETAKES_PER_STUDENT):
            student.retake()
            times.append(student.milliseconds)
    return times


def _submits(client: httpx.Client, api_key: str) -> list[float]:
    times: list[float] = []
    while len(times) < SUBMITS:
        student = StudentClient(client, api_key)
        student.prepare()
        student.generate()
        student.submit()
        times.append(student.milliseconds)
    return times


def _failed(client: httpx.Client, api_key: str) -> StudentClient:
    while True:
        student = StudentClient(client, api_key)
        student.prepare()
        student.generate()
        if not student.submit():
            return student


def _ping(client: httpx.Client, port: int) -> float:
    return client.get(f"http://127.0.0.1:{port}/health/live").elapsed.total_seconds() * 1000


def _vendor(port: int) -> AbstractContextManager[str]:
    return beside("fakes.vendor_server", "--port", str(port), "--latency", "0", "--keep", "1000")


def _providers(folder: Path, port: int, *, stream: bool) -> dict[str, str]:
    file = folder / f"providers-{stream}.yaml"
    file.write_text(
        f"vendors:\n  - {{name: instant, model: openai/gpt-4o-mini, api_key: '${{BENCH_KEY}}',"
        f" api_base: 'http://127.0.0.1:{port}/v1', stream: {str(stream).lower()}, max_concurrency: 5000}}\n"
        "chain: [instant]\nhedge: {max_extra_share: 0}\n"
    )
    return {"RETAKE_PROVIDERS": str(file), "BENCH_KEY": "not-a-secret"}


if __name__ == "__main__":
    sys.exit(main())
