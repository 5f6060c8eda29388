"""A version of the code and a newer schema do not go together, and a migration does not stop those who work."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from db import migrations as module
from db.engine import RetakeEngine
from db.migrations import PAUSES, TablesInUse, upgrade
from piccolo_conf import DB
from tests.integration.deployment import Deployment, client_of, deployed
from tests.server_process import ONE_PROCESS, finished_retake, serving
from tests.waiting import until

NEWER = "2099-01-01T00:00:00:000001"
MOVE_ON = f"INSERT INTO migration (name, app_name, ran_on) VALUES ('{NEWER}', 'retake', current_date)"  # noqa: S608  # a constant
REFUSAL = f"Error: a newer version of Retake has upgraded the database (unknown: {NEWER}); run that version\n"


@pytest.fixture
async def deployment(app: object) -> AsyncIterator[Deployment]:
    async with deployed(DB) as deployment:
        yield deployment


async def test_an_older_version_says_that_the_schema_is_newer_and_refuses_to_work_on_it(deployment: Deployment) -> None:
    await deployment.database.execute(MOVE_ON)
    status, *refused = await asyncio.gather(
        finished_retake("db", "status", environment=deployment.environment),
        finished_retake("db", "upgrade", environment=deployment.environment),
        finished_retake("serve", "--port", "0", environment=deployment.environment),
    )
    assert status.code == 1
    assert status.stdout.splitlines()[-2:] == [
        f"unknown  {NEWER}",
        "newer than this version of Retake: run the version that upgraded it",
    ]
    assert [(end.code, end.stderr) for end in refused] == [(1, REFUSAL)] * 2


async def test_a_server_under_which_the_schema_moves_on_is_no_longer_ready_but_still_answers(
    deployment: Deployment,
) -> None:
    async with serving(deployment.environment, *ONE_PROCESS) as server, client_of(server) as client:
        journey = await deployment.journey(client).ready()
        assert (await client.get(f"{server.root_url}/health/ready")).status_code == 200
        await deployment.database.execute(MOVE_ON)
        ready = await client.get(f"{server.root_url}/health/ready")
        assert (ready.status_code, ready.json()["database"], ready.json()["migrations"]) == (503, True, False)
        assert (await journey.submit(right=0)).status_code == 200


@pytest.fixture
def table_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pending migration that needs a table for itself."""
    known = module.known_ids()
    monkeypatch.setattr(module, "known_ids", lambda: (*known, NEWER))

    async def change(engine: RetakeEngine) -> None:
        await engine.run_ddl("LOCK TABLE student IN ACCESS EXCLUSIVE MODE")

    monkeypatch.setattr(module, "_apply", change)


@pytest.mark.usefixtures("table_change")
async def test_a_migration_that_waits_for_a_table_lets_those_behind_it_pass(engine: RetakeEngine) -> None:
    async def is_waited_for() -> bool:
        waiting = "SELECT 1 FROM pg_locks WHERE relation = 'student'::regclass AND NOT granted"
        return bool(await engine.run_ddl(waiting))

    user = await asyncpg.connect(engine.locate())
    held = user.transaction()
    await held.start()
    await user.execute("SELECT 1 FROM student")
    upgrading = asyncio.create_task(upgrade(engine, lambda _: asyncio.sleep(0.2)))
    try:
        await until(is_waited_for)
        async with asyncio.timeout(10):  # it would be for ever: the one in front of the migration does not end
            await engine.run_ddl("SELECT 1 FROM student")
        assert not upgrading.done()
    finally:
        await held.rollback()
        await user.close()
        await upgrading


@pytest.mark.usefixtures("table_change")
async def test_a_migration_that_never_gets_its_table_gives_up(
    engine: RetakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOCK_TIMEOUT", "10ms")
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    user = await asyncpg.connect(engine.locate())
    async with user.transaction():
        await user.execute("SELECT 1 FROM student")
        with pytest.raises(TablesInUse):
            await upgrade(engine, pause)
    await user.close()
    assert tuple(pauses) == PAUSES
