"""A verification that is erased while a call is under way gets an answer, never an error of ours."""

import asyncio

import msgspec
import pytest
from litestar import Litestar

from api.services import Services
from assessment.credentials import StudentAccess
from db.accounts import Accounts
from db.engine import RetakeEngine
from jobs.vendors import Vendors
from tests.documented import Document
from tests.integration.gate import GatedWriter
from tests.journey import Journey
from tests.rows import fetch
from tests.stage import TO_STATE, Stage, client_from, served_document
from tests.waiting import until


async def _erase(engine: RetakeEngine, student_id: str) -> None:
    """Erase a person with everything below, as an operator may."""
    async with engine.transaction():
        await fetch("SELECT set_config('retake.erasing', 'on', true)")
        await fetch("DELETE FROM student WHERE id = {}", student_id)


class ErasedOnceRecognised(Accounts):
    """Erases the student as soon as the session was recognised."""

    def __init__(self, accounts: Accounts) -> None:
        super().__init__(accounts._engine)

    async def student_access(self, token: str) -> StudentAccess:
        access = await super().student_access(token)
        await _erase(self._engine, access.standing.student_id)
        return access


@pytest.fixture(scope="module")
async def document(app: Litestar) -> Document:
    return await served_document(app)


@pytest.mark.parametrize(
    ("operation_id", "refusal"),
    [
        ("storeSkills", (401, "INVALID_SESSION")),
        ("storeVerificationMethod", (401, "INVALID_SESSION")),
        ("getSession", (404, "SESSION_NOT_FOUND")),
        ("storeVerificationItems", (404, "SESSION_NOT_FOUND")),
        ("generateAssessment", (401, "INVALID_SESSION")),
        ("submitAssessment", (401, "INVALID_SESSION")),
        ("retakeAssessment", (401, "INVALID_SESSION")),
        ("getAttempt", (404, "ATTEMPT_NOT_FOUND")),
    ],
)
async def test_a_call_whose_verification_goes_after_the_session_was_recognised_is_refused(
    app: Litestar, services: Services, document: Document, test_key: str, operation_id: str, refusal: tuple[int, str]
) -> None:
    async with client_from("erasing", app) as client:
        stage = Stage(app, client, document, test_key)
        call = await stage.call(operation_id, TO_STATE[operation_id])
        stage.replace(accounts=ErasedOnceRecognised(services.accounts))
        answer = await call.send()
    assert (answer.status_code, answer.json()["error"]["code"]) == refusal


async def test_a_person_erased_while_a_set_is_written_ends_the_generation_as_an_unknown_session(
    vendors: Vendors, engine: RetakeEngine, journey: Journey
) -> None:
    gate = GatedWriter(vendors.current.writer)
    vendors.current = msgspec.structs.replace(vendors.current, writer=gate)
    await journey.prepared()
    generating = asyncio.create_task(journey.generate())
    await gate.arrived.wait()
    await _erase(engine, journey.student_id)
    gate.opened.set()
    answer = await generating
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "INVALID_SESSION")


async def test_a_student_erased_while_another_verification_is_opened_is_created_anew(
    engine: RetakeEngine, journey: Journey
) -> None:
    await journey.verify()
    erased = journey.student_id
    connection = await engine.get_new_connection()
    async with connection.transaction():
        await connection.execute("DELETE FROM student WHERE id = $1", erased)
        opening = asyncio.create_task(journey.verify())

        async def waits() -> bool:
            return bool(await fetch("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))

        await until(waits)
    await connection.close()
    assert (await opening).status_code == 200
    assert journey.student_id != erased
