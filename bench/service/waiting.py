"""What those who wait for a set cost the others, and how long a retake takes to reach a vendor."""

import asyncio
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import httpx

from bench.providers.crowd import generate_elsewhere, look, p99
from bench.rows import Row
from bench.service.processes import Started, serving
from bench.service.student import StudentClient

STUDENTS = 300
VENDOR_SECONDS = 2.0
LONG_SECONDS = 25.0  # everybody waits meanwhile, for the vendor and nothing else
ARRIVING_SECONDS = 12.0
MEASURED_SECONDS = 8.0
IDLE_LOOKS = 200
LOOKS_PER_SECOND = 20
RETAKES = 60
RETAKES_PER_STUDENT = 3


def way_to_the_vendor(environment: Mapping[str, str], api_key: str, vendor: int) -> Row:
    """From a retake's request to its first byte at the vendor, beside a request that goes there directly."""
    with (
        serving(environment) as server,
        httpx.Client(base_url=f"http://127.0.0.1:{server.port}/api/v1", timeout=100) as client,
        httpx.Client(base_url=f"http://127.0.0.1:{vendor}") as at_vendor,
    ):
        ours = _retakes(client, api_key, at_vendor)
        theirs = [_arrival(at_vendor, partial(_ask_directly, at_vendor)) for _ in range(RETAKES)]
    added = statistics.median(ours) - statistics.median(theirs)
    figure = f"{added:.1f} ms ({statistics.median(ours):.1f} less {statistics.median(theirs):.1f})"
    return "retake to its first byte at an instant vendor, beyond a direct one, p50", figure, "15 ms", added <= 15


def _retakes(client: httpx.Client, api_key: str, at_vendor: httpx.Client) -> list[float]:
    times: list[float] = []
    while len(times) < RETAKES:
        student = StudentClient(client, api_key)
        student.prepare()
        student.generate()
        if student.submit():
            continue
        times += [_arrival(at_vendor, student.retake) for _ in range(RETAKES_PER_STUDENT)]
    return times


def _arrival(at_vendor: httpx.Client, ask: Callable[[], object]) -> float:
    """Milliseconds from now to the first request that reaches the vendor; both read the clock of this machine."""
    at_vendor.post("/_control", json={"reset": True}).raise_for_status()
    begun = time.monotonic()
    ask()
    bills = at_vendor.get("/_control/bills").json()
    first: float = min(bill["began"] for bill in bills)
    return (first - begun) * 1000


def _ask_directly(at_vendor: httpx.Client) -> None:
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Write."}]}
    at_vendor.post("/v1/chat/completions", json=body)


def crowd_rows(environment: Mapping[str, str], api_key: str, vendor: int) -> list[Row]:
    """Three hundred students who wait at the same time."""
    with serving(environment) as server:
        return asyncio.run(_crowd(server, api_key, vendor))


async def _crowd(server: Started, api_key: str, vendor: int) -> list[Row]:
    base = f"http://127.0.0.1:{server.port}/api/v1"
    first, second = [await asyncio.to_thread(_prepared, base, api_key) for _ in range(2)]
    async with httpx.AsyncClient(base_url=base, timeout=100) as client:
        idle = [await look(client, first[0]) for _ in range(IDLE_LOOKS)]
        await _set_latency(vendor, LONG_SECONDS)
        waiting = asyncio.create_task(generate_elsewhere(base, first))
        await asyncio.sleep(ARRIVING_SECONDS)
        before = server.cpu_seconds
        await asyncio.sleep(MEASURED_SECONDS)
        cpu = (server.cpu_seconds - before) / MEASURED_SECONDS
        complete = sum(is_complete for is_complete, _ in await waiting)
        await _set_latency(vendor, VENDOR_SECONDS)
        busy = await _looks_meanwhile(client, base, second)
    ratio = p99(busy) / p99(idle)
    return [
        (f"sets of {STUDENTS} students at once", str(complete), "all", complete == STUDENTS),
        (f"CPU of the web process while {STUDENTS} requests wait", f"{100 * cpu:.1f}%", "2%", cpu <= 0.02),
        (
            f"GET /assessment p99 beside {STUDENTS} generations of {VENDOR_SECONDS:.0f} s, over idle",
            f"{ratio:.1f} ({p99(busy):.0f} over {p99(idle):.1f} ms)",
            "5",
            ratio <= 5,
        ),
    ]


async def _looks_meanwhile(client: httpx.AsyncClient, base: str, tokens: Sequence[str]) -> list[float]:
    generating = asyncio.create_task(generate_elsewhere(base, list(tokens)))
    looks = []
    while not generating.done():
        looks.append(await look(client, tokens[0]))
        await asyncio.sleep(1 / LOOKS_PER_SECOND)
    await generating
    return looks


def _prepared(base: str, api_key: str) -> list[str]:
    tokens = []
    with httpx.Client(base_url=base, timeout=30) as client:
        for _ in range(STUDENTS):
            student = StudentClient(client, api_key)
            student.prepare()
            tokens.append(student.token)
    return tokens


async def _set_latency(vendor: int, seconds: float) -> None:
    async with httpx.AsyncClient() as client:
        change = {"pace": {"latency": seconds}}
        (await client.post(f"http://127.0.0.1:{vendor}/_control", json=change)).raise_for_status()
