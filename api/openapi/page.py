"""What the document says about one operation, and how that becomes OpenAPI."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec

from api.errors import CATALOGUE
from api.openapi.examples import REQUEST_ID, Json
from api.openapi.schemas import failure_of, reference, schema_of, success_of

JSON = "application/json"
EXAMPLE_DETAILS: Mapping[str, list[Json]] = {
    "INVALID_INPUT": [{"field": "projects[0].name", "reason": "must be a string"}],
    "MISSING_STUDENT_ID": [{"field": "studentId", "reason": "is required"}],
    "MISSING_CALLBACK_WEBHOOK_URL": [{"field": "callbackWebhookUrl", "reason": "is required"}],
    "MISSING_NAME": [{"field": "name", "reason": "is required"}],
    "MISSING_CONTACT": [{"field": "email", "reason": "is required where there is no phoneNumber"}],
    "INVALID_DATA_FORMAT": [{"field": "projects", "reason": "must be an array"}],
    "INVALID_SKILL_IDS": [{"field": "skillIds[1]", "reason": "must be a text of at most 200 characters"}],
    "MISSING_VERIFICATION_ID": [{"field": "recordVerificationId", "reason": "is required"}],
    "MISSING_SKILLS": [{"field": "skills", "reason": "must be an array with at least one entry"}],
    "MISSING_SKILL_ID": [{"field": "skills[0].skillId", "reason": "is required"}],
    "MISSING_VERIFICATION_METHOD": [{"field": "verificationMethod", "reason": "is required"}],
    "INVALID_VERIFICATION_METHOD": [{"field": "verificationMethod", "reason": "must be human or assessment"}],
    "MISSING_SESSION_TOKEN": [{"field": "sessionToken", "reason": "is required"}],
    "UNKNOWN_ITEM": [{"field": "projectIds[0]", "reason": "was not sent to /verify"}],
    "MISSING_ANSWERS": [{"field": "answers", "reason": "must be an array with at least one entry"}],
    "INCOMPLETE_ANSWERS": [{"field": "answers", "reason": "has 9 entries, the set 10 questions"}],
    "INVALID_ANSWER": [{"field": "answers[3].selectedAnswer", "reason": "must be a number from 0 to 3"}],
    "INVALID_KEYWORD": [{"field": "keyword", "reason": "must have 3 to 100 characters, a letter or digit among them"}],
    "INVALID_PAGE": [{"field": "page", "reason": "must be a number from 1 to 5"}],
    "FORBIDDEN_VERIFICATION": [{"field": "recordVerificationId", "reason": "is not this session's"}],
    "MAX_SKILLS_PER_SOURCE": [
        {"field": "skills", "reason": "project prj-7 would carry 12, 2 of them from other verifications"}
    ],
    "DUPLICATE_SKILLS_IN_BUNDLE": [{"field": "skillId", "reason": "sql is verified for project prj-7"}],
    "PAYLOAD_TOO_LARGE": [{"field": "", "reason": "must have at most 65536 bytes"}],
}
WITH_RETRY_AFTER = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One operation. `answers` and `examples` are named; `errors` are codes of the catalogue.

    `plain` answers stand without the envelope, perhaps as another `media` type; `other_answers` gives further statuses
    with their bodies.
    """

    tag: str
    summary: str
    description: str
    credential: str | None
    data: Any
    message: str = ""
    answers: Mapping[str, Any]
    errors: tuple[str, ...]
    parameters: tuple[Json, ...]
    body: Any = None
    examples: Mapping[str, Json] = {}
    body_required: bool = True
    plain: bool = False
    media: str = JSON
    other_answers: Mapping[int, Json] = {}


def operation_of(operation_id: str, page: Page) -> Json:
    """Write a page as an OpenAPI Operation Object."""
    operation = {
        "operationId": operation_id,
        "tags": [page.tag],
        "summary": page.summary,
        "description": page.description,
        "security": [{page.credential: []}] if page.credential else [],
        "parameters": list(page.parameters),
        "responses": {"200": _success(page), **_others(page), **_failures(page.errors)},
    }
    if page.examples:
        operation["requestBody"] = _request_body(page)
    return operation


def failure(code: str) -> Json:
    """The envelope of an error, as an example."""
    error: Json = {"code": code, "message": CATALOGUE[code].message, "requestId": REQUEST_ID}
    if code in EXAMPLE_DETAILS:
        error["details"] = EXAMPLE_DETAILS[code]
    return {"success": False, "error": error}


def _request_body(page: Page) -> Json:
    schema = schema_of(page.body) if page.body else {"type": "object"}
    return {"required": page.body_required, "content": _content(schema, page.examples)}


def _success(page: Page) -> Json:
    if page.plain:
        return _response("As asked.", schema_of(page.data), page.answers, page.media)
    return _response(
        page.message, success_of(page.data), {name: _enveloped(page, data) for name, data in page.answers.items()}
    )


def _enveloped(page: Page, data: Any) -> Json:
    return {"success": True, "data": data, "message": page.message, "executionTime": "41ms"}


def _others(page: Page) -> Json:
    return {
        str(status): _response("Not ready.", schema_of(page.data), {"not_ready": body})
        for status, body in page.other_answers.items()
    }


def _failures(codes: tuple[str, ...]) -> Json:
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(CATALOGUE[code].status, []).append(code)
    return {str(status): _refusal(status, by_status[status]) for status in sorted(by_status)}


def _refusal(status: int, codes: list[str]) -> Json:
    """Describe one status: the envelope, closed to exactly the codes this operation answers with it."""
    description = f"{HTTPStatus(status).phrase}: " + ", ".join(f"`{code}`" for code in codes)
    response = _response(description, failure_of(codes), {code: failure(code) for code in codes})
    for code in codes:
        response["content"][JSON]["examples"][code]["summary"] = CATALOGUE[code].message
    if status == HTTPStatus.UNAUTHORIZED:
        response["headers"]["WWW-Authenticate"] = reference("headers", "Challenge")
    if status in WITH_RETRY_AFTER:
        response["headers"]["Retry-After"] = reference("headers", "RetryAfter")
    return response


def _response(description: str, schema: Json, examples: Mapping[str, Any], media: str = JSON) -> Json:
    headers = {"x-request-id": reference("headers", "RequestId")}
    return {"description": description, "headers": headers, "content": _content(schema, examples, media)}


def _content(schema: Json, examples: Mapping[str, Any], media: str = JSON) -> Json:
    return {media: {"schema": schema, "examples": {name: {"value": value} for name, value in examples.items()}}}
