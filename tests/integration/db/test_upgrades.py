"""A database of each released version, with data in it, is upgraded and goes on."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from db.engine import RetakeEngine
from tests.integration.deployment import client_of
from tests.journey import Journey
from tests.server_process import ONE_PROCESS, finished_retake, fresh_database, run_retake, serving

RELEASES = sorted((Path(__file__).parents[2] / "releases").glob("*.sql"))
ARCHIVE = "SELECT * FROM attempt ORDER BY verification, number"


@pytest.fixture(params=RELEASES, ids=lambda path: path.stem)
async def released(request: pytest.FixtureRequest, engine: RetakeEngine) -> AsyncIterator[str]:
    """A database as that version left it, as a URL."""
    async with fresh_database(engine) as url:
        connection = await asyncpg.connect(url)
        await connection.execute(request.param.read_text())
        await connection.close()
        yield url


async def test_after_the_upgrade_every_attempt_is_there_and_the_student_goes_on(released: str) -> None:
    environment = {"RETAKE_DATABASE_URL": released, "RETAKE_ALLOW_PRIVATE_WEBHOOKS": "1"}
    connection = await asyncpg.connect(released)
    await connection.execute("SET search_path = public")
    before = [tuple(row) for row in await connection.fetch(ARCHIVE)]
    assert before
    await run_retake("db", "upgrade", environment=environment)
    assert (await finished_retake("db", "status", environment=environment)).code == 0
    after = await connection.fetch(ARCHIVE)
    assert [tuple(row)[: len(old)] for row, old in zip(after, before, strict=True)] == before
    key = (await run_retake("keys", "create", "--mode", "test", "--name", "upgraded", environment=environment)).split()
    async with serving(environment, *ONE_PROCESS) as server, client_of(server) as client:
        journey = await Journey(client, key[-1]).failed()
        assert (await journey.retake()).json()["data"]["retakeAttemptNumber"] == 2
    await connection.close()
