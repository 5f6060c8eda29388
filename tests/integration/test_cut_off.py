"""A call that is cut off says that nothing has changed only when nothing has."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest
from litestar import Litestar

from api.controllers import assessment as module
from api.services import Services
from db.engine import RetakeEngine
from jobs.vendors import Vendors
from tests.integration.gate import GatedWriter
from tests.journey import Journey
from tests.waiting import until

CUT_SECONDS = 1.0
LOCK = 4_711
# The commit of a set waits for an advisory lock that the test holds
SLOW_COMMIT = (
    f"""
    CREATE FUNCTION wait_for_test() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_advisory_xact_lock_shared({LOCK}); RETURN NULL; END $$
    """,
    """
    CREATE CONSTRAINT TRIGGER wait_for_test AFTER INSERT ON question_set DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION wait_for_test()
    """,
)


@pytest.fixture
async def operator(engine: RetakeEngine) -> AsyncIterator[Any]:
    """A connection of the test's own."""
    connection = await asyncpg.connect(engine.locate())
    yield connection
    await connection.close()


@pytest.fixture
async def held_commit(engine: RetakeEngine, operator: Any) -> AsyncIterator[None]:
    """Commits of sets wait until the lock is released."""
    await operator.execute("SELECT pg_advisory_lock($1)", LOCK)
    for statement in SLOW_COMMIT:
        await engine.run_ddl(statement)
    yield
    await operator.execute("SELECT pg_advisory_unlock_all()")
    await engine.run_ddl("DROP FUNCTION wait_for_test CASCADE")


def _hurry(app: Litestar, services: Services, step_seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let calls be cut off after a second, and give each step after that so much time."""
    monkeypatch.setattr(module, "LAST_WORD_SECONDS", 3 * step_seconds)
    monkeypatch.setattr(module, "HANGING_SECONDS", step_seconds)
    app.state.services = msgspec.structs.replace(
        services, budget_seconds=CUT_SECONDS + 3 * step_seconds, reserve_seconds=3 * step_seconds
    )


def _is_open(response: httpx.Response) -> bool:
    error = response.json()["error"]
    return (
        response.status_code == 503
        and error["code"] == "SERVICE_UNAVAILABLE"
        and "GET /assessment tells" in error["details"][0]["reason"]
        and int(response.headers["retry-after"]) > 0
    )


@pytest.mark.parametrize("call", ["generate", "retake"])
@pytest.mark.usefixtures("held_commit")
async def test_a_set_whose_commit_ends_after_the_cut_is_delivered(
    call: str, app: Litestar, services: Services, journey: Journey, operator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await operator.execute("SELECT pg_advisory_unlock_all()")
    await (journey.prepared() if call == "generate" else journey.failed())
    await operator.execute("SELECT pg_advisory_lock($1)", LOCK)
    _hurry(app, services, 20.0, monkeypatch)
    calling = asyncio.create_task(journey.generate() if call == "generate" else journey.retake())
    await asyncio.sleep(CUT_SECONDS + 0.5)
    assert not calling.done()
    await operator.execute("SELECT pg_advisory_unlock_all()")
    response = await calling
    assert response.status_code == 200
    data = response.json()["data"]
    assert "alreadyGenerated" not in data
    assert data.get("retakeAttemptNumber") == (None if call == "generate" else 2)
    assert (await journey.state())["state"] == "ready"
    assert (await journey.submit(right=10)).status_code == 200


@pytest.mark.usefixtures("held_commit")
async def test_while_the_commit_goes_on_the_outcome_is_said_to_be_open(
    app: Litestar, services: Services, journey: Journey, operator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await journey.prepared()
    _hurry(app, services, 0.3, monkeypatch)
    assert _is_open(await journey.generate())
    await operator.execute("SELECT pg_advisory_unlock_all()")

    async def ready() -> bool:
        return bool((await journey.state())["state"] == "ready")

    await until(ready)


async def test_a_database_that_does_not_say_what_came_of_it_leaves_the_outcome_open(
    app: Litestar,
    services: Services,
    vendors: Vendors,
    journey: Journey,
    operator: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await journey.prepared()
    gate = GatedWriter(vendors.current.writer)
    vendors.current = msgspec.structs.replace(vendors.current, writer=gate)
    _hurry(app, services, 0.3, monkeypatch)
    calling = asyncio.create_task(journey.generate())
    await gate.arrived.wait()
    async with operator.transaction():
        await operator.execute("LOCK TABLE generation IN ACCESS EXCLUSIVE MODE")
        assert _is_open(await calling)


async def test_a_call_that_is_cut_off_while_the_set_is_written_has_changed_nothing(
    app: Litestar, services: Services, vendors: Vendors, journey: Journey, monkeypatch: pytest.MonkeyPatch
) -> None:
    await journey.failed()
    before = await journey.state()
    gate = GatedWriter(vendors.current.writer)
    vendors.current = msgspec.structs.replace(vendors.current, writer=gate)
    _hurry(app, services, 0.3, monkeypatch)
    response = await journey.retake()
    assert (response.status_code, response.json()["error"]["code"]) == (500, "GENERATION_FAILED")
    gate.opened.set()
    assert await journey.state() == before
