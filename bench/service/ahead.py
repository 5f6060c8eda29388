"""What a student waits for a set that was written ahead, how often one is there, and what an idle deployment asks."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import asyncpg
import httpx

from bench.rows import Row
from bench.service.processes import Started, serving
from bench.service.student import StudentClient
from db.embedded import EmbeddedServer

VENDOR_SECONDS = 3.0
ONE_BY_ONE = 60  # students whose calls come one after the other
CLIENTS = 50
CALLS_PER_CLIENT = 4
BETWEEN_CALLS = (0.5, 1.5)  # seconds of a client, which has other things to do
DAY_STUDENTS = 500
DAY_SECONDS = 480.0  # sets are asked for half as fast as a vendor of 64 places writes them in quiet
READING = (10.0, 20.0)  # from the attached items to generate
ANSWERING = (5.0, 15.0)
TAKING_IN = (5.0, 10.0)  # a result, before the retake
AT_ONCE_SECONDS = 1.0  # with a vendor of three, whoever gets a set within one has not waited for it
IDLE_SECONDS = 15.0
LOOK_SECONDS, PREPARING_LOOKS = 0.5, 600
GOALS = {"p50": 15.0, "p95": 50.0}


def ahead_rows(environment: Mapping[str, str], folder: Path, vendor: int, api_key: str) -> list[Row]:
    """All of it with one vendor of three seconds."""
    quiet = {**environment, **_providers(folder, vendor, ahead=True)}
    rows = [_idle_row({**environment, **_providers(folder, vendor, ahead=False)}, quiet, folder)]
    with serving(quiet) as server:
        httpx.post(f"http://127.0.0.1:{vendor}/_control", json={"pace": {"latency": VENDOR_SECONDS}}).raise_for_status()
        rows += asyncio.run(_waits(server, api_key))
        rows.append(asyncio.run(_day(server, api_key)))
    return rows


async def _waits(server: Started, api_key: str) -> list[Row]:
    base = f"http://127.0.0.1:{server.port}/api/v1"
    rows: list[Row] = []
    for clients, calls in ((1, ONE_BY_ONE), (CLIENTS, CALLS_PER_CLIENT)):
        students = [StudentClient(httpx.Client(base_url=base, timeout=100), api_key) for _ in range(clients * calls)]
        lines = [students[number::clients] for number in range(clients)]
        pause = BETWEEN_CALLS if clients > 1 else (0.0, 0.0)
        await _each(lines, StudentClient.prepare)
        await _prepared(server, len(students))
        rows += _rows("generate", clients, await _each(lines, StudentClient.generate, pause))
        failed = [student for student in students if not await asyncio.to_thread(student.submit)]
        await _prepared(server, len(failed))
        lines = [failed[number::clients] for number in range(clients)]
        rows += _rows("retake", clients, await _each(lines, StudentClient.retake, pause))
    return rows


def _rows(call: str, clients: int, times: Sequence[float]) -> list[Row]:
    ordered = sorted(times)
    found = {"p50": ordered[len(ordered) // 2], "p95": ordered[int(len(ordered) * 0.95)]}
    who = "one client" if clients == 1 else f"{clients} clients, a second between their calls"
    what = f"{call} of a set written ahead, {who}"
    return [
        (f"{what}, {name}", f"{value:.1f} ms", f"{GOALS[name]:.0f} ms", value <= GOALS[name])
        for name, value in found.items()
    ]


async def _each(
    lines: Sequence[Sequence[StudentClient]],
    call: Callable[[StudentClient], None],
    pause: tuple[float, float] = (0.0, 0.0),
) -> list[float]:
    """Have every line make its calls one after the other, all lines side by side; gives the milliseconds of each."""

    async def one(line: Sequence[StudentClient]) -> list[float]:
        times = []
        for student in line:
            await asyncio.sleep(random.uniform(*pause))  # noqa: S311  # nothing secret
            await asyncio.to_thread(call, student)
            times.append(student.milliseconds)
        return times

    return [time for times in await asyncio.gather(*map(one, lines)) for time in times]


_seen = 0


async def _prepared(server: Started, more: int) -> None:
    """Wait until so many more sets were put aside."""
    global _seen  # counted over the whole run, as the metric is
    _seen += more
    async with httpx.AsyncClient() as client:
        for _ in range(PREPARING_LOOKS):
            if await _count(client, server, "prepared") >= _seen:
                return
            await asyncio.sleep(LOOK_SECONDS)
    raise RuntimeError("sets that were ordered ahead do not come")


async def _count(client: httpx.AsyncClient, server: Started, event: str) -> float:
    text = (await client.get(f"http://127.0.0.1:{server.port}/metrics")).text
    lines = [line for line in text.splitlines() if line.startswith("retake_ahead_sets_total")]
    return sum(float(line.rpartition(" ")[2]) for line in lines if f'event="{event}"' in line)


async def _day(server: Started, api_key: str) -> Row:
    """Students come over the day, read, generate, answer, and most of them fail and retake."""
    base = f"http://127.0.0.1:{server.port}/api/v1"
    students = await asyncio.gather(*(_student(base, api_key) for _ in range(DAY_STUDENTS)))
    waits = [wait for student in students for wait in student]
    taken = sum(wait < AT_ONCE_SECONDS * 1000 for wait in waits) / len(waits)
    what = f"sets that were there when asked for, {DAY_STUDENTS} students in {DAY_SECONDS:.0f} s, {len(waits)} sets"
    return what, f"{100 * taken:.1f}%", "95%", taken >= 0.95


async def _student(base: str, api_key: str) -> list[float]:
    await _sleep((0.0, DAY_SECONDS))
    with httpx.Client(base_url=base, timeout=100) as client:
        student = StudentClient(client, api_key)
        await asyncio.to_thread(student.prepare)
        await _sleep(READING)
        await asyncio.to_thread(student.generate)
        waits = [student.milliseconds]
        await _sleep(ANSWERING)
        if not await asyncio.to_thread(student.submit):
            await _sleep(TAKING_IN)
            await asyncio.to_thread(student.retake)
            waits.append(student.milliseconds)
        return waits


async def _sleep(seconds: tuple[float, float]) -> None:
    await asyncio.sleep(random.uniform(*seconds))  # noqa: S311  # nothing secret


def _idle_row(without: Mapping[str, str], quiet: Mapping[str, str], folder: Path) -> Row:
    """Transactions of a deployment in which nothing happens, beside those of one that writes nothing ahead."""
    rates = []
    for environment in (without, quiet):
        with serving(environment):
            rates.append(asyncio.run(_transactions_per_second(folder)))
    more = rates[1] - rates[0]
    figure = f"{more:+.1f}/s ({rates[1]:.1f} beside {rates[0]:.1f})"
    return "transactions of an idle deployment, more than without ahead", figure, "0.2/s", more <= 0.2


async def _transactions_per_second(folder: Path) -> float:
    connection = await asyncpg.connect(EmbeddedServer(folder / "postgres").uri())
    committed = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
    count: Callable[[], Awaitable[int]] = partial(connection.fetchval, committed)
    await asyncio.sleep(3.0)  # what a start asks
    before, began = await count(), time.monotonic()
    await asyncio.sleep(IDLE_SECONDS)
    rate = (await count() - before) / (time.monotonic() - began)
    await connection.close()
    return rate


def _providers(folder: Path, port: int, *, ahead: bool) -> dict[str, str]:
    file = folder / f"providers-ahead-{ahead}.yaml"
    file.write_text(
        f"vendors:\n  - {{name: slow, model: openai/gpt-4o-mini, api_key: '${{BENCH_KEY}}',"
        f" api_base: 'http://127.0.0.1:{port}/v1', stream: false}}\n"
        "chain: [slow]\nhedge: {max_extra_share: 0}\n" + ("ahead: {}\n" if ahead else "")
    )
    return {"RETAKE_PROVIDERS": str(file), "BENCH_KEY": "not-a-secret"}
