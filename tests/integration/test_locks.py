"""Changes of one student at the same time wait for each other in one order; one that was given up is tried again."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from db.engine import RetakeEngine
from db.retry import REPEATED
from jobs.vendors import Vendors
from tests.integration.gate import GatedWriter
from tests.journey import Journey, profile
from tests.rows import fetch
from tests.waiting import until

LOCK_SET = "SELECT 1 FROM question_set WHERE verification = $1 FOR UPDATE"
LOCK_VERIFICATION = "SELECT 1 FROM verification WHERE id = $1 FOR UPDATE"
LOCK_STUDENT = "SELECT 1 FROM student WHERE id = $1 FOR UPDATE"
OTHER_SKILLS = profile("frontend-developer")["skills"][:2]


@pytest.fixture
async def operator(engine: RetakeEngine) -> AsyncIterator[Any]:
    """A connection to the same database that is not the server's."""
    connection = await engine.get_new_connection()
    yield connection
    await connection.close()


async def _waits(statement: str) -> bool:
    """Whether a statement of the server with these words in it waits for a lock."""
    rows = await fetch(
        "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE {}", f"%{statement}%"
    )
    return bool(rows)


def _repeated() -> float:
    repeated: float = REPEATED.labels("DeadlockDetectedError")._value.get()
    return repeated


async def test_skills_stored_while_a_set_is_activated_wait_and_nothing_is_given_up(
    vendors: Vendors, journey: Journey, operator: Any
) -> None:
    """Activation had the verification and wanted the student, storing had the student and wanted the verification."""
    await journey.failed()
    gate = GatedWriter(vendors.current.writer)
    vendors.current = msgspec.structs.replace(vendors.current, writer=gate)
    before = _repeated()
    async with operator.transaction():
        await operator.execute(LOCK_SET, journey.verification_id)
        retaking = asyncio.create_task(journey.retake())
        await gate.arrived.wait()
        gate.opened.set()
        await until(lambda: _waits("DELETE FROM question_set"))
        storing = asyncio.create_task(journey.store_skills(OTHER_SKILLS))
        await until(lambda: _waits("FROM verification WHERE id"))
    assert [(await retaking).status_code, (await storing).status_code] == [200, 200]
    assert _repeated() == before


async def test_a_step_that_postgresql_gives_up_over_a_deadlock_is_tried_again(journey: Journey, operator: Any) -> None:
    """An operator who locks in the other order."""
    await journey.prepared()
    before = _repeated()
    async with operator.transaction():
        await operator.execute(LOCK_VERIFICATION, journey.verification_id)
        storing = asyncio.create_task(journey.store_skills(OTHER_SKILLS))
        await until(lambda: _waits("FROM verification WHERE id"))
        await operator.execute(LOCK_STUDENT, journey.student_id)  # the one who waited first is given up
    assert (await storing).status_code == 200
    assert _repeated() == before + 1
    assert (await journey.generate()).status_code == 200
