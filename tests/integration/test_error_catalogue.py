"""Every row of the error catalogue, executed through HTTP."""

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
from litestar import Litestar

from api.errors import CATALOGUE
from api.openapi.page import EXAMPLE_DETAILS
from api.services import Services
from assessment.errors import RetakeError
from tests.documented import Call, Document
from tests.provocations import provocation
from tests.stage import Stage, client_from, served_document

OPERATION_OF = {
    "MISSING_STUDENT_ID": "verify",
    "MISSING_CALLBACK_WEBHOOK_URL": "verify",
    "MISSING_NAME": "verify",
    "MISSING_CONTACT": "verify",
    "INVALID_DATA_FORMAT": "verify",
    "NO_DATA": "retakeAssessment",
    "INVALID_SKILL_IDS": "verify",
    "MISSING_VERIFICATION_ID": "storeSkills",
    "MISSING_SKILLS": "storeSkills",
    "MISSING_SKILL_ID": "storeSkills",
    "MISSING_VERIFICATION_METHOD": "storeVerificationMethod",
    "INVALID_VERIFICATION_METHOD": "storeVerificationMethod",
    "MISSING_SESSION_TOKEN": "storeVerificationItems",
    "NO_ITEMS_SELECTED": "storeVerificationItems",
    "VERIFICATION_METHOD_NOT_SET": "storeVerificationItems",
    "UNKNOWN_ITEM": "storeVerificationItems",
    "INVALID_VERIFICATION_TYPE": "generateAssessment",
    "NO_SKILLS": "generateAssessment",
    "MISSING_ANSWERS": "submitAssessment",
    "INCOMPLETE_ANSWERS": "submitAssessment",
    "INVALID_ANSWER": "submitAssessment",
    "NO_PRIOR_ATTEMPT": "retakeAssessment",
    "INVALID_KEYWORD": "searchSkills",
    "INVALID_PAGE": "searchSkills",
    "INVALID_INPUT": "verify",
    "MISSING_API_KEY": "getAssessment",
    "INVALID_API_KEY": "getStudentSkills",
    "INVALID_SESSION": "submitAssessment",
    "SESSION_EXPIRED": "getSession",
    "FORBIDDEN_VERIFICATION": "storeSkills",
    "ASSESSMENT_LOCKED": "retakeAssessment",
    "ASSESSMENT_PASSED": "retakeAssessment",
    "RETAKE_LIMIT_REACHED": "retakeAssessment",
    "RETAKE_TOO_SOON": "retakeAssessment",
    "TIME_IS_UP": "submitAssessment",
    "NOT_FOUND": "getAttempt",
    "VERIFICATION_NOT_FOUND": "generateAssessment",
    "SESSION_NOT_FOUND": "getSession",
    "NO_QUESTIONS": "submitAssessment",
    "ATTEMPT_NOT_FOUND": "getAttempt",
    "USER_NOT_FOUND": "erasePerson",
    "DELIVERY_NOT_FOUND": "replayDelivery",
    "METHOD_NOT_ALLOWED": "submitAssessment",
    "MAX_SKILLS_PER_SOURCE": "storeSkills",
    "DUPLICATE_SKILLS_IN_BUNDLE": "storeVerificationItems",
    "ASSESSMENT_ALREADY_PASSED": "storeSkills",
    "RETAKE_REQUIRED": "generateAssessment",
    "ALREADY_SUBMITTED": "submitAssessment",
    "IDEMPOTENCY_KEY_IN_USE": "submitAssessment",
    "PAYLOAD_TOO_LARGE": "verify",
    "UNSUPPORTED_MEDIA_TYPE": "submitAssessment",
    "IDEMPOTENCY_KEY_REUSED": "verify",
    "TOO_MANY_SETS": "retakeAssessment",
    "RATE_LIMITED": "searchSkills",
    "INTERNAL_ERROR": "retakeAssessment",
    "GENERATION_FAILED": "retakeAssessment",
    "SERVICE_UNAVAILABLE": "submitAssessment",
}
AT_THE_WIRE = {"REQUEST_TIMEOUT", "URI_TOO_LONG", "HEADERS_TOO_LARGE"}  # tests/integration/serving/test_wire.py


@pytest.fixture(scope="module")
async def document(app: Litestar) -> Document:
    return await served_document(app)


@pytest.fixture
async def stage(app: Litestar, services: Services, document: Document, test_key: str) -> AsyncIterator[Stage]:
    async with client_from("catalogue", app) as client:
        yield Stage(app, client, document, test_key)


@pytest.mark.parametrize("code", OPERATION_OF)
async def test_a_row_of_the_catalogue_is_what_clients_get(stage: Stage, code: str) -> None:
    answer = await _provoked(stage, code)
    row, error = CATALOGUE[code], answer.json()["error"]
    assert (answer.status_code, error["code"], error["message"]) == (row.status, code, row.message)
    assert answer.json().keys() == {"success", "error"}
    assert answer.json()["success"] is False
    assert answer.headers["x-request-id"] == error["requestId"]
    assert ("details" in error) == (code in EXAMPLE_DETAILS)
    assert answer.headers["content-type"] == "application/json"


def test_the_table_has_a_case_for_every_row_and_no_other() -> None:
    assert OPERATION_OF.keys() | AT_THE_WIRE == CATALOGUE.keys()
    assert OPERATION_OF.keys().isdisjoint(AT_THE_WIRE)


def test_every_error_of_the_domain_has_a_row() -> None:
    codes = {error.code for error in _family(RetakeError)}
    assert codes <= CATALOGUE.keys()
    assert CATALOGUE.keys() - codes == {
        "METHOD_NOT_ALLOWED",
        "PAYLOAD_TOO_LARGE",
        "UNSUPPORTED_MEDIA_TYPE",
        *AT_THE_WIRE,
    }


def test_messages_are_sentences() -> None:
    assert [row.message for row in CATALOGUE.values() if not row.message.endswith(".")] == []


@pytest.mark.parametrize("sent", ["trace-17:a.b_c", "", "two words", "x" * 129, "ä"])
async def test_the_id_of_a_request_is_kept_when_it_is_one_and_made_otherwise(stage: Stage, sent: str) -> None:
    headers = {b"x-request-id": sent.encode()}
    answer = await stage.client.get(f"http://retake.test/{uuid4().hex}", headers=headers)
    assert (answer.headers["x-request-id"] == sent) == (sent == "trace-17:a.b_c")
    assert answer.headers["x-request-id"] == answer.json()["error"]["requestId"]


async def test_an_unexpected_error_tells_nothing_of_what_happened(stage: Stage) -> None:
    answer = await _provoked(stage, "INTERNAL_ERROR")
    assert "a bug" not in answer.text
    assert "Traceback" not in answer.text


async def _provoked(stage: Stage, code: str) -> httpx.Response:
    operation_id = OPERATION_OF[code]
    if code == "METHOD_NOT_ALLOWED":
        call = await stage.call(operation_id)
        return await _with_method(call, "PUT")
    provoke = provocation(operation_id, code)
    assert provoke is not None, f"nobody knows how to make {operation_id} answer {code}"
    return await provoke(stage, operation_id)


async def _with_method(call: Call, method: str) -> httpx.Response:
    call.method = method
    return await call.send()


def _family(error: type[RetakeError]) -> list[type[RetakeError]]:
    return [error, *(child for direct in error.__subclasses__() for child in _family(direct))]
