"""However many calls of one session wait for its set, they hold up nobody else's."""

import asyncio
from collections import Counter
from collections.abc import Iterator

import httpx
import msgspec
import pytest

from db.assessment_store import CLAIMS_AT_ONCE, REQUESTS_AT_ONCE
from db.engine import RetakeEngine
from jobs.vendors import Vendors
from tests.integration.gate import GatedWriter
from tests.journey import MARKED, Journey
from tests.rows import fetch
from tests.waiting import until

CALLS = 3 * REQUESTS_AT_ONCE


@pytest.fixture
def gate(vendors: Vendors) -> Iterator[GatedWriter]:
    gate = GatedWriter(vendors.current.writer)
    vendors.current = msgspec.structs.replace(vendors.current, writer=gate)
    yield gate
    gate.opened.set()


async def test_of_hundreds_of_calls_a_hundred_wait_and_the_others_are_told_to_come_again(
    client: httpx.AsyncClient, test_key: str, journey: Journey, gate: GatedWriter
) -> None:
    await journey.prepared()
    other = await Journey(client, test_key).prepared()
    gate.holds = lambda brief: brief.seed.startswith(journey.verification_id)
    calls = [
        asyncio.create_task(client.post("/assessment/generate", headers={**journey.headers, **MARKED}))
        for _ in range(CALLS)
    ]
    await until(lambda: sum(call.done() for call in calls) == CALLS - REQUESTS_AT_ONCE)
    assert (await other.generate()).status_code == 200
    assert not gate.opened.is_set()
    refused = [call.result() for call in calls if call.done()]
    assert {(answer.status_code, answer.json()["error"]["code"]) for answer in refused} == {(429, "RATE_LIMITED")}
    assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)

    gate.opened.set()
    answers = await asyncio.gather(*calls)
    assert Counter(answer.status_code for answer in answers) == {200: REQUESTS_AT_ONCE, 429: CALLS - REQUESTS_AT_ONCE}
    sets = {msgspec.json.encode(answer.json()["data"]["questions"]) for answer in answers if answer.is_success}
    assert (len(sets), len([brief for brief in gate.calls if brief.seed.startswith(journey.verification_id)])) == (1, 1)
    assert (await journey.generate()).json()["data"]["alreadyGenerated"]


async def test_a_set_that_is_complete_does_not_wait_behind_those_who_ask_for_one(
    client: httpx.AsyncClient, test_key: str, journey: Journey, gate: GatedWriter, engine: RetakeEngine
) -> None:
    gate.opened.set()
    crowd = [await Journey(client, test_key).failed() for _ in range(CLAIMS_AT_ONCE + 2)]
    await journey.prepared()
    gate.opened.clear()
    gate.arrived.clear()
    generating = asyncio.create_task(journey.generate())
    await gate.arrived.wait()

    operator = await engine.get_new_connection()
    async with operator.transaction():
        await operator.execute(
            "SELECT 1 FROM generation WHERE verification = ANY($1) FOR UPDATE",
            [other.verification_id for other in crowd],
        )
        asking = [asyncio.create_task(other.retake()) for other in crowd]

        async def claims_hang() -> bool:
            waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE {}"
            return len(await fetch(waiting, "%FROM generation%FOR UPDATE")) >= CLAIMS_AT_ONCE

        await until(claims_hang)
        gate.opened.set()
        async with asyncio.timeout(10):  # only so that a failure ends: it would wait until the lock is gone
            assert (await generating).status_code == 200
        assert not any(call.done() for call in asking)
    await operator.close()
    assert {answer.status_code for answer in await asyncio.gather(*asking)} == {200}
