"""Two servers on one database act as one."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import httpx
import pytest

from piccolo_conf import DB
from tests.integration.deployment import Deployment, client_of, deployed
from tests.journey import MARKED, Journey, answers
from tests.server_process import serving
from tests.waiting import until

# One row per job of writing a set, hence per generation
COUNT_GENERATIONS = """
    CREATE TABLE job_given (verification text, job bigint);
    CREATE FUNCTION count_job() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO job_given VALUES (NEW.verification, NEW.job); RETURN NEW; END $$;
    CREATE TRIGGER job_given AFTER UPDATE ON generation FOR EACH ROW
        WHEN (OLD.job IS DISTINCT FROM NEW.job) EXECUTE FUNCTION count_job();
"""


class Pair:
    """A deployment and a client of each of its two servers."""

    def __init__(self, deployment: Deployment, clients: list[httpx.AsyncClient]) -> None:
        self.deployment = deployment
        self.clients = clients

    async def jobs(self, journey: Journey) -> int:
        rows = await self.deployment.rows("SELECT 1 FROM job_given WHERE verification = $1", journey.verification_id)
        return len(rows)


@pytest.fixture(scope="module")
async def deployment(app: object) -> AsyncIterator[Deployment]:
    async with deployed(DB) as deployment:
        await deployment.database.execute(COUNT_GENERATIONS)
        yield deployment


@pytest.fixture(scope="module")
async def pair(deployment: Deployment) -> AsyncIterator[Pair]:
    async with AsyncExitStack() as stack:
        servers = await asyncio.gather(*(stack.enter_async_context(serving(deployment.environment)) for _ in range(2)))
        clients = [await stack.enter_async_context(client_of(server)) for server in servers]
        yield Pair(deployment, clients)


def _without_time(response: httpx.Response) -> Any:
    body = response.json()
    del body["executionTime"]
    return body


async def test_retakes_at_both_servers_make_one_generation_and_one_answer(pair: Pair) -> None:
    journey = await pair.deployment.journey(pair.clients[0]).failed()
    before = await pair.jobs(journey)
    headers = {**journey.headers, "x-sandbox-scenario": "slow"}
    results = await asyncio.gather(
        *(client.post("/assessment/retakeassessment", headers=headers) for client in pair.clients for _ in range(20))
    )
    assert {result.status_code for result in results} == {200}
    bodies = [_without_time(result) for result in results]
    assert all(body == bodies[0] for body in bodies)
    assert await pair.jobs(journey) == before + 1


async def test_first_generations_at_both_servers_make_one_set_and_one_event(pair: Pair) -> None:
    journey = await pair.deployment.journey(pair.clients[0]).prepared()
    headers = {**journey.headers, **MARKED}
    results = await asyncio.gather(
        *(client.post("/assessment/generate", headers=headers) for client in pair.clients for _ in range(20))
    )
    assert {result.status_code for result in results} == {200}
    questions = [result.json()["data"]["questions"] for result in results]
    assert all(shown == questions[0] for shown in questions)
    sets = await pair.deployment.rows("SELECT 1 FROM question_set WHERE verification = $1", journey.verification_id)
    assert len(sets) == 1
    events = await pair.deployment.rows(
        "SELECT event FROM outbox_message WHERE verification = $1", journey.verification_id
    )
    assert [row["event"] for row in events] == ["verification.initiated"]


async def test_a_key_repeated_at_the_other_server_gets_the_same_bytes_and_one_execution(pair: Pair) -> None:
    journey = await pair.deployment.journey(pair.clients[0]).ready()
    headers = {**journey.headers, "idempotency-key": uuid4().hex}
    body = {"answers": answers(journey.questions, right=0)}
    results = await asyncio.gather(
        *(client.post("/assessment/submit", json=body, headers=headers) for client in pair.clients for _ in range(5))
    )
    assert {(result.status_code, result.content) for result in results} == {(200, results[0].content)}
    assert sorted(result.headers.get("idempotent-replayed", "") for result in results) == [""] + ["true"] * 9


async def test_every_event_is_delivered_once_by_one_of_the_two(pair: Pair) -> None:
    deployment = pair.deployment
    journeys = [deployment.journey(client) for client in pair.clients for _ in range(6)]
    await asyncio.gather(*(journey.failed() for journey in journeys))
    ours = [journey.verification_id for journey in journeys]

    async def settled() -> bool:
        rows = await deployment.rows(
            "SELECT 1 FROM outbox_message WHERE verification = ANY($1) AND state <> 'delivered'", ours
        )
        return not rows

    await until(settled)
    rows = await deployment.rows("SELECT id, event, tries FROM outbox_message WHERE verification = ANY($1)", ours)
    assert Counter(row["event"] for row in rows) == {"verification.initiated": 12, "verification.completed": 12}
    assert {row["tries"] for row in rows} == {1}
    deliveries = Counter(deployment.webhook_ids())
    assert {deliveries[row["id"]] for row in rows} == {1}


async def test_the_set_of_a_killed_server_is_written_by_the_other(deployment: Deployment, pair: Pair) -> None:
    survivor = pair.clients[0]
    async with serving(deployment.environment) as doomed, client_of(doomed) as client:
        journey = await deployment.journey(client).failed()
        before = await pair.jobs(journey)
        slow = asyncio.create_task(
            client.post("/assessment/retakeassessment", headers={**journey.headers, "x-sandbox-scenario": "slow"})
        )

        async def leased() -> bool:
            return await pair.jobs(journey) == before + 1

        await until(leased)
        doomed.kill()
        with pytest.raises(httpx.TransportError):
            await slow
        taken_over = await survivor.post("/assessment/retakeassessment", headers={**journey.headers, **MARKED})
    assert (taken_over.status_code, taken_over.json()["data"]["retakeAttemptNumber"]) == (200, 2)
    assert await pair.jobs(journey) == before + 1  # what was asked for through the killed one goes on elsewhere
