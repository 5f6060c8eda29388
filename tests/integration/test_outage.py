"""While the database is away every answer says so, and nothing has to be restarted when it is back."""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from db.embedded import EmbeddedServer
from db.engine import RetakeEngine
from piccolo_conf import DB
from tests.integration.deployment import REQUEST_SECONDS
from tests.journey import Journey
from tests.server_process import ServerProcess, finished_retake, fresh_database, run_retake, serving
from tests.waiting import until

BACK_SECONDS = 15.0
ALIVE_SECONDS = 5.0  # on any machine; it waits for no database


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: it has to hold a socket."""
    folder = Path(tempfile.mkdtemp(prefix="rt-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def _kill_postgres(folder: Path) -> None:
    os.kill(int((folder / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=REQUEST_SECONDS) as client:
        yield client


async def _journey(server: ServerProcess, client: httpx.AsyncClient, environment: dict[str, str]) -> Journey:
    printed = await run_retake("keys", "create", "--mode", "test", "--name", "tests", environment=environment)
    client.base_url = httpx.URL(server.base_url)
    return await Journey(client, printed.splitlines()[-1]).failed()


def _is_unavailable(response: httpx.Response) -> bool:
    if response.status_code != 503:
        return False
    error = response.json()["error"]
    assert error["code"] == "SERVICE_UNAVAILABLE"
    assert error["requestId"] == response.headers["x-request-id"]
    assert int(response.headers["retry-after"]) > 0
    return True


async def _ready(server: ServerProcess, client: httpx.AsyncClient) -> bool:
    return (await client.get(f"{server.root_url}/health/ready")).status_code == 200


async def test_an_embedded_database_that_dies_is_said_and_brought_back(folder: Path, client: httpx.AsyncClient) -> None:
    environment = {"RETAKE_DATA_DIR": str(folder), "RETAKE_ALLOW_PRIVATE_WEBHOOKS": "1"}
    async with serving(environment) as server:
        journey = await _journey(server, client, environment)
        before = await journey.state()
        slow = asyncio.create_task(journey.retake(**{"x-sandbox-scenario": "slow"}))
        await asyncio.sleep(0.5)  # any moment of the five seconds will do
        _kill_postgres(folder)

        async def said() -> bool:
            answer = await client.get("/assessment", headers=journey.headers)
            assert answer.status_code in (200, 503)  # a backend may outlive the server by a moment
            return _is_unavailable(answer)

        await until(said)
        not_ready = await client.get(f"{server.root_url}/health/ready")
        assert (not_ready.status_code, not_ready.json()["database"]) == (503, False)
        async with asyncio.timeout(ALIVE_SECONDS):
            assert (await client.get(f"{server.root_url}/health/live")).status_code == 200

        await until(lambda: _ready(server, client), BACK_SECONDS)
        ended = await slow
        assert ended.status_code == 200 or _is_unavailable(ended)
        assert (await journey.state())["attempts"] == before["attempts"]
        assert (await journey.retake()).json()["data"]["retakeAttemptNumber"] == 2


async def test_a_generation_ends_in_a_clean_error_when_the_database_stays_away(
    folder: Path, client: httpx.AsyncClient
) -> None:
    postgres = EmbeddedServer(folder / "postgres")
    environment = {
        "RETAKE_DATABASE_URL": await asyncio.to_thread(postgres.uri),
        "RETAKE_ALLOW_PRIVATE_WEBHOOKS": "1",
    }
    await run_retake("db", "upgrade", environment=environment)
    async with serving(environment) as server:
        journey = await _journey(server, client, environment)
        shown = journey.questions
        slow = asyncio.create_task(journey.retake(**{"x-sandbox-scenario": "slow"}))
        await asyncio.sleep(0.5)  # as above
        _kill_postgres(folder)
        assert _is_unavailable(await slow)
        async with asyncio.timeout(ALIVE_SECONDS):
            assert (await client.get(f"{server.root_url}/health/live")).status_code == 200

        await asyncio.to_thread(postgres.revive)
        await until(lambda: _ready(server, client), BACK_SECONDS)
        assert (await journey.state())["state"] == "failed"
        # the set of before stands: it was scored, and is refused as such
        assert (await journey.submit(0, shown)).json()["error"]["code"] == "ALREADY_SUBMITTED"
    await asyncio.to_thread(postgres.close)


async def test_a_database_that_cannot_be_reached_at_the_start_is_one_clear_line(app: object) -> None:
    reasons = {
        "postgresql://127.0.0.1:1/retake": "Connect call failed",
        "postgresql://127.0.0.1:port/retake": "port",
        "no url at all": "invalid DSN",
        DB.locate().replace("/postgres?", "/not_there?"): 'database "not_there" does not exist',
    }
    ends = await asyncio.gather(
        *(finished_retake("serve", "--port", "0", environment={"RETAKE_DATABASE_URL": url}) for url in reasons)
    )
    for end, reason in zip(ends, reasons.values(), strict=True):
        assert end.code == 1
        (line,) = end.stderr.splitlines()
        assert line.startswith("Error: the database cannot be reached (")
        assert reason in line
        assert line.endswith("); see RETAKE_DATABASE_URL")


async def test_an_unmigrated_server_database_asks_for_the_upgrade(engine: RetakeEngine) -> None:
    async with fresh_database(engine) as url:
        finished = await finished_retake("serve", "--port", "0", environment={"RETAKE_DATABASE_URL": url})
    assert finished.code == 1
    assert finished.stderr == "Error: the database is not up to date: run `retake db upgrade`\n"
