"""GET /assessment/progress: how far a set is, whichever process writes it, and never a question of it."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
import pytest
import uvicorn
from litestar import Litestar

from api.services import Services
from assessment.deadline import Deadline
from assessment.models import Brief, WrittenSet
from assessment.ports import QuestionWriter
from jobs.vendors import Vendors
from tests.integration.ahead.conftest import PLAIN
from tests.integration.gate import GatedWriter
from tests.journey import Journey
from tests.rows import fetch
from tests.waiting import until

Event = tuple[str, dict[str, Any]]


class TellingWriter(GatedWriter):
    """Says that four items stand before it waits at its gate."""

    def __init__(self, inner: QuestionWriter) -> None:
        super().__init__(inner)
        self.brief: Brief | None = None

    async def write(self, brief: Brief, deadline: Deadline) -> WrittenSet:
        self.brief = brief
        assert brief.on_progress is not None
        brief.on_progress(4)
        return await super().write(brief, deadline)


@pytest.fixture
def gate(app: Litestar, vendors: Vendors) -> Iterator[TellingWriter]:
    gate = TellingWriter(vendors.current.writer)
    vendors.current = msgspec.structs.replace(vendors.current, writer=gate)
    yield gate
    gate.opened.set()


@pytest.fixture
async def server(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """The app behind a real socket: a client that is called within the process gets a stream only when it has ended."""
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, access_log=False))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/api/v1"
        serving = asyncio.create_task(server.serve([listening]))
        async with httpx.AsyncClient(base_url=url, timeout=30) as client:
            yield client
        server.should_exit = True
        await serving


@asynccontextmanager
async def looking_on(client: httpx.AsyncClient, journey: Journey) -> AsyncIterator[AsyncIterator[Event]]:
    async with client.stream("GET", "/assessment/progress", headers=journey.headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        assert "no-store" in response.headers["cache-control"]
        yield _events(response)


async def _events(response: httpx.Response) -> AsyncIterator[Event]:
    name = ""
    async for line in response.aiter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


async def test_whoever_looks_on_sees_the_items_come_and_the_set_stand(
    journey: Journey, gate: TellingWriter, server: httpx.AsyncClient
) -> None:
    await journey.prepared()
    request = asyncio.create_task(journey.generate(**PLAIN))
    await gate.arrived.wait()
    async with looking_on(server, journey) as events:
        first = await anext(events)
        while first == ("progress", {"ready": 0, "total": 10}):  # what was told before may not be stored yet
            first = await anext(events)
        assert first == ("progress", {"ready": 4, "total": 10})
        gate.opened.set()
        rest = [event async for event in events]
    assert rest[-1] == ("ready", {})
    assert {name for name, _ in rest[:-1]} <= {"progress"}
    questions = (await request).json()["data"]["questions"]
    assert not any(question["question"] in json.dumps([first, *rest]) for question in questions)


async def test_a_client_that_comes_back_is_told_where_it_stands_now(
    journey: Journey, gate: TellingWriter, server: httpx.AsyncClient
) -> None:
    await journey.prepared()
    request = asyncio.create_task(journey.generate(**PLAIN))
    await gate.arrived.wait()

    async def is_stored() -> bool:
        rows = await fetch("SELECT ready FROM generation WHERE verification = {}", journey.verification_id)
        return bool(rows and rows[0]["ready"] == 4)

    await until(is_stored)
    for _ in range(2):
        async with looking_on(server, journey) as events:
            assert await anext(events) == ("progress", {"ready": 4, "total": 10})
    gate.opened.set()
    await request
    async with looking_on(server, journey) as events:
        assert [event async for event in events] == [("idle", {"state": "ready"})]


async def test_a_failure_is_told_with_its_code(
    journey: Journey, gate: TellingWriter, server: httpx.AsyncClient
) -> None:
    gate.error = RuntimeError("a fault of ours")
    await journey.prepared()
    request = asyncio.create_task(journey.generate(**PLAIN))
    await gate.arrived.wait()
    async with looking_on(server, journey) as events:
        await anext(events)
        gate.opened.set()
        last = [event async for event in events][-1]
    assert last == ("failed", {"code": "INTERNAL_ERROR"})
    await request


async def test_what_is_written_ahead_is_told_to_nobody(
    journey: Journey, gate: TellingWriter, server: httpx.AsyncClient, ahead: None
) -> None:
    gate.holds = lambda brief: brief.quiet is not None
    await journey.failed()
    await until(lambda: any(brief.quiet for brief in gate.calls))
    async with looking_on(server, journey) as events:
        assert [event async for event in events] == [("idle", {"state": "failed"})]
    request = asyncio.create_task(journey.retake(**PLAIN))

    async def is_joined() -> bool:
        rows = await fetch("SELECT ahead FROM generation WHERE verification = {}", journey.verification_id)
        return not rows[0]["ahead"]

    await until(is_joined)
    async with looking_on(server, journey) as events:
        name, _ = await anext(events)
        assert name == "progress"
        gate.opened.set()
        assert [event async for event in events][-1] == ("ready", {})
    await request


async def test_those_who_look_on_share_their_connection_and_their_queries(
    journey: Journey, gate: TellingWriter, services: Services, server: httpx.AsyncClient
) -> None:
    await journey.prepared()
    request = asyncio.create_task(journey.generate(**PLAIN))
    await gate.arrived.wait()
    connections = "SELECT count(*)::int AS n FROM pg_stat_activity WHERE query LIKE '%generation_ended%'"
    (before,) = await fetch(connections)

    async def look_on() -> str:
        name = ""
        async for now in services.progress.watch(journey.verification_id):
            assert now is not None
            if now.ending is not None:
                return str(now.ending)
        return name

    lookers = [asyncio.create_task(look_on()) for _ in range(1_000)]
    await until(lambda: services.progress.watching(journey.verification_id) == 1_000)
    assert await fetch(connections) == [before]
    answer = await server.get("/assessment/progress", headers=journey.headers)
    assert answer.json()["error"]["code"] == "RATE_LIMITED"
    gate.opened.set()
    assert set(await asyncio.gather(*lookers)) == {"written"}
    await request
