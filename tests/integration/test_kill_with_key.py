"""A server killed while it works on a request with an Idempotency-Key: the key is free again soon, for one caller."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest

from piccolo_conf import DB
from tests.integration.deployment import Deployment, client_of, deployed
from tests.server_process import ONE_PROCESS, serving
from tests.waiting import until

CALLERS = 8
REPLAYED = "idempotent-replayed"

# The first verification of all is never stored: its server is killed in the middle of it.
HANG_ONCE = """
    CREATE SEQUENCE tries;
    CREATE FUNCTION hang_once() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN IF nextval('tries') = 1 THEN PERFORM pg_sleep(600); END IF; RETURN NEW; END $$;
    CREATE TRIGGER hang BEFORE INSERT ON verification FOR EACH ROW EXECUTE FUNCTION hang_once();
"""

END_SLEEPERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"


@pytest.fixture
async def deployment(app: object) -> AsyncIterator[Deployment]:
    async with deployed(DB) as deployment:
        yield deployment


async def test_callers_that_repeat_the_request_of_a_killed_server_share_one_new_answer(deployment: Deployment) -> None:
    await deployment.database.execute(HANG_ONCE)
    async with contextlib.AsyncExitStack() as stack:
        killed, other = [
            await stack.enter_async_context(serving(deployment.environment, *ONE_PROCESS)) for _ in range(2)
        ]
        client = await stack.enter_async_context(client_of(killed))
        journey = deployment.journey(client)
        headers = {"x-api-key": journey.api_key, "idempotency-key": uuid4().hex}

        async def verify(through: httpx.AsyncClient) -> httpx.Response:
            return await through.post("/verify", json=journey.profile["verify"], headers=headers)

        dying = asyncio.create_task(verify(client))
        await until(lambda: _has_hung(deployment))
        killed.kill()
        with pytest.raises(httpx.TransportError):
            await dying
        await deployment.rows(END_SLEEPERS)  # asleep, a backend does not notice that its client is gone
        async with client_of(other) as patient:
            answers = await asyncio.gather(*(verify(patient) for _ in range(CALLERS)))
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, answers[0].content)}
    assert sorted(answer.headers.get(REPLAYED, "") for answer in answers) == [""] + ["true"] * (CALLERS - 1)
    assert len(await deployment.rows("SELECT 1 FROM verification")) == 1


async def _has_hung(deployment: Deployment) -> bool:
    return bool(await deployment.rows("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
