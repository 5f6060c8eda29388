"""The archive only grows, and there is one current set; the database itself sees to it."""

from uuid import uuid4

import asyncpg
import pytest

from db.engine import RetakeEngine
from tests.journey import Journey
from tests.rows import fetch

OF_A_VERIFICATION = (
    "attempt",
    "generation",
    "outbox_message",
    "question_set",
    "session",
    "source_item",
    "verification_skill",
)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE attempt SET score = 100 WHERE verification = $1",
        "DELETE FROM attempt WHERE verification = $1",
        "DELETE FROM verification WHERE id = $1",
    ],
)
async def test_no_statement_changes_an_archived_attempt(engine: RetakeEngine, journey: Journey, statement: str) -> None:
    await journey.failed()
    before = await fetch("SELECT * FROM attempt WHERE verification = {}", journey.verification_id)
    with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
        await engine.fetch(statement, journey.verification_id)
    assert await fetch("SELECT * FROM attempt WHERE verification = {}", journey.verification_id) == before


async def test_the_archive_cannot_be_emptied_at_once(engine: RetakeEngine) -> None:
    with pytest.raises(asyncpg.RestrictViolationError):
        await engine.run_ddl("TRUNCATE attempt")


async def test_a_person_can_be_erased_with_everything_that_is_theirs(engine: RetakeEngine, journey: Journey) -> None:
    await journey.failed()
    async with engine.transaction():
        await fetch("SELECT set_config('retake.erasing', 'on', true)")
        await fetch("DELETE FROM student WHERE id = {}", journey.student_id)
    left = {
        table: await fetch(f"SELECT 1 FROM {table} WHERE verification = {{}}", journey.verification_id)  # noqa: S608  # our own tables
        for table in OF_A_VERIFICATION
    }
    assert not any(left.values())
    assert not await fetch("SELECT 1 FROM verification WHERE id = {}", journey.verification_id)
    assert not await fetch("SELECT 1 FROM student WHERE id = {}", journey.student_id)


async def test_a_second_current_set_is_refused(journey: Journey) -> None:
    await journey.ready()
    with pytest.raises(asyncpg.UniqueViolationError):
        await fetch(
            "INSERT INTO question_set SELECT {}, verification, 'active', questions, provenance FROM question_set "
            "WHERE verification = {}",
            uuid4(),
            journey.verification_id,
        )


async def test_a_second_attempt_of_one_number_is_refused(journey: Journey) -> None:
    await journey.failed()
    with pytest.raises(asyncpg.UniqueViolationError):
        await fetch(
            "INSERT INTO attempt SELECT {}, verification, number, score, passed, correct, total, questions, skills, "
            "provenance, submitted_at FROM attempt WHERE verification = {}",
            uuid4(),
            journey.verification_id,
        )
