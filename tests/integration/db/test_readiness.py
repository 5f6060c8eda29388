"""The readiness check writes, but not as often as it is asked, and never waits for long."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from db import readiness as module
from db.engine import RetakeEngine
from db.migrations import MigrationStatus
from db.readiness import WRITE_EVERY_SECONDS, DatabaseState, ReadinessCheck
from piccolo_conf import DB
from tests.fakes import ManualClock
from tests.own_logs import own_logs
from tests.rows import fetch_one

READY = DatabaseState(answers=True, is_current=True)
FULL = (
    """
    CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = 'disk_full'; END $$
    """,
    "CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON readiness_probe FOR EACH ROW EXECUTE FUNCTION full_disk()",
)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def check(engine: RetakeEngine, clock: ManualClock) -> ReadinessCheck:
    return ReadinessCheck(DB, clock.monotonic)


@pytest.fixture
async def full_disk(engine: RetakeEngine) -> AsyncIterator[None]:
    for statement in FULL:
        await engine.run_ddl(statement)
    yield
    await engine.run_ddl("DROP FUNCTION IF EXISTS full_disk CASCADE")


async def _of_database(check: ReadinessCheck) -> DatabaseState:
    """What was found, without the workers: the app of the tests has one."""
    return msgspec.structs.replace(await check.look(), workers=())


async def _written_at() -> object:
    row = await fetch_one("SELECT written_at FROM readiness_probe")
    return row and row["written_at"]


async def test_it_writes_only_now_and_then_however_often_it_is_asked(check: ReadinessCheck, clock: ManualClock) -> None:
    assert await _of_database(check) == READY
    first = await _written_at()
    assert await _of_database(check) == READY
    assert await _written_at() == first
    clock.time += WRITE_EVERY_SECONDS
    assert await _of_database(check) == READY
    assert await _written_at() != first


@pytest.mark.usefixtures("full_disk")
async def test_a_full_disk_is_not_ready_until_it_has_room_again(
    check: ReadinessCheck, clock: ManualClock, engine: RetakeEngine
) -> None:
    full = DatabaseState(answers=False, is_current=True)
    assert await _of_database(check) == full
    await engine.run_ddl("DROP FUNCTION full_disk CASCADE")
    assert await _of_database(check) == full
    clock.time += WRITE_EVERY_SECONDS
    assert await _of_database(check) == READY


async def test_a_database_that_does_not_answer_is_not_waited_for(
    check: ReadinessCheck, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.05)

    async def silent(_: RetakeEngine) -> MigrationStatus:
        await asyncio.Event().wait()
        raise AssertionError("nobody sets it")

    monkeypatch.setattr(module, "status", silent)
    assert await check.look() == DatabaseState(answers=False, is_current=False)


async def test_a_schema_that_moved_on_is_said_once(check: ReadinessCheck, monkeypatch: pytest.MonkeyPatch) -> None:
    async def newer(_: RetakeEngine) -> MigrationStatus:
        return MigrationStatus(applied=("old",), pending=(), unknown=("new",))

    monkeypatch.setattr(module, "status", newer)
    with own_logs() as logs:
        assert [await check.look() for _ in range(3)] == [DatabaseState(answers=True, is_current=False)] * 3
    assert logs == [{"event": "schema_is_newer_than_this_server", "unknown_migrations": ("new",), "log_level": "error"}]
