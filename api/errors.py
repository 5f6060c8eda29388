"""THE catalogue: which status and message every error code gets. No other place turns an exception into a response."""

import traceback
from collections.abc import Mapping
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.status_codes import (
    HTTP_401_UNAUTHORIZED,
    HTTP_405_METHOD_NOT_ALLOWED,
    HTTP_413_REQUEST_ENTITY_TOO_LARGE,
)
from litestar.types import ExceptionHandlersMap

from api.context import request_id_of
from api.envelope import ErrorBody, ErrorDetail, Failure
from api.head import with_head
from assessment.errors import Detail, InvalidInput, RetakeError

log = structlog.get_logger(__name__)


class Row(msgspec.Struct, frozen=True):
    """One line of the catalogue."""

    status: int
    message: str


CATALOGUE: Mapping[str, Row] = {
    "MISSING_STUDENT_ID": Row(400, "studentId is required."),
    "MISSING_CALLBACK_WEBHOOK_URL": Row(400, "callbackWebhookUrl is required."),
    "MISSING_NAME": Row(400, "name is required."),
    "MISSING_CONTACT": Row(400, "email or phoneNumber is required."),
    "INVALID_DATA_FORMAT": Row(400, "projects, experience and certificates must be arrays."),
    "NO_DATA": Row(400, "At least one project, experience or certificate is needed."),
    "INVALID_SKILL_IDS": Row(400, "skillIds must be an array of skill ids."),
    "MISSING_VERIFICATION_ID": Row(400, "recordVerificationId is required."),
    "MISSING_SKILLS": Row(400, "skills must be an array with at least one skill."),
    "MISSING_SKILL_ID": Row(400, "Every skill needs a skillId."),
    "MISSING_VERIFICATION_METHOD": Row(400, "verificationMethod is required."),
    "INVALID_VERIFICATION_METHOD": Row(400, "verificationMethod must be human or assessment."),
    "MISSING_SESSION_TOKEN": Row(400, "sessionToken is required."),
    "NO_ITEMS_SELECTED": Row(400, "Select at least one project, work experience or certificate."),
    "VERIFICATION_METHOD_NOT_SET": Row(400, "Choose a verification method first."),
    "UNKNOWN_ITEM": Row(400, "An id names no item of this verification."),
    "INVALID_VERIFICATION_TYPE": Row(400, "The verification method is not assessment."),
    "NO_SKILLS": Row(400, "No skills are stored for this verification."),
    "MISSING_ANSWERS": Row(400, "answers must be an array with an answer to every question."),
    "INCOMPLETE_ANSWERS": Row(400, "The number of answers differs from the number of questions."),
    "INVALID_ANSWER": Row(400, "Every answer needs a questionId of the current set, once, and an index from 0 to 3."),
    "NO_PRIOR_ATTEMPT": Row(400, "No attempt was submitted yet; use generate for the first question set."),
    "INVALID_KEYWORD": Row(400, "keyword needs at least 3 characters, not only special ones."),
    "INVALID_PAGE": Row(400, "page must be a number from 1 to 5."),
    "INVALID_INPUT": Row(400, "The request does not fit; see details."),
    "MISSING_API_KEY": Row(401, "The x-api-key header is required."),
    "INVALID_API_KEY": Row(401, "The API key is unknown or revoked."),
    "INVALID_SESSION": Row(401, "The session token is unknown or revoked."),
    "SESSION_EXPIRED": Row(401, "The session has expired; open a new verification."),
    "FORBIDDEN_VERIFICATION": Row(403, "recordVerificationId or recordUserId is not this session's."),
    "ASSESSMENT_LOCKED": Row(403, "The assessment was passed and is locked."),
    "ASSESSMENT_PASSED": Row(403, "The last attempt passed; there is nothing to retake."),
    "RETAKE_LIMIT_REACHED": Row(403, "The platform's retake policy allows no further attempt."),
    "NOT_FOUND": Row(404, "There is nothing at this path."),
    "VERIFICATION_NOT_FOUND": Row(404, "There is no such verification, or no verification method is stored for it."),
    "SESSION_NOT_FOUND": Row(404, "There is no such session."),
    "NO_QUESTIONS": Row(404, "There is no question set to answer; generate one first."),
    "ATTEMPT_NOT_FOUND": Row(404, "There is no attempt with this number."),
    "USER_NOT_FOUND": Row(404, "There is no such student."),
    "DELIVERY_NOT_FOUND": Row(404, "There is no such delivery."),
    "METHOD_NOT_ALLOWED": Row(405, "This path does not take this method."),
    "REQUEST_TIMEOUT": Row(408, "The request did not arrive whole in time."),
    "MAX_SKILLS_PER_SOURCE": Row(409, "One source carries at most 10 different skills."),
    "DUPLICATE_SKILLS_IN_BUNDLE": Row(409, "A skill is already verified for the same source by the same method."),
    "ASSESSMENT_ALREADY_PASSED": Row(409, "The assessment was passed; its skills and items stand."),
    "RETAKE_REQUIRED": Row(409, "The question set was submitted and failed; use retakeassessment."),
    "ALREADY_SUBMITTED": Row(409, "This question set was scored before; use retakeassessment for a new one."),
    "TIME_IS_UP": Row(409, "The time for this question set is up; what was saved in time is scored."),
    "IDEMPOTENCY_KEY_IN_USE": Row(409, "The first request with this Idempotency-Key is still being worked on."),
    "PAYLOAD_TOO_LARGE": Row(413, "The request body is too large."),
    "URI_TOO_LONG": Row(414, "The path and query are too long."),
    "UNSUPPORTED_MEDIA_TYPE": Row(415, "The request body must be application/json."),
    "IDEMPOTENCY_KEY_REUSED": Row(422, "This Idempotency-Key was used for another request."),
    "RETAKE_TOO_SOON": Row(429, "The cool-down after the failed attempt is not over; see Retry-After."),
    "TOO_MANY_SETS": Row(429, "Too many question sets were asked for and not answered; try again later."),
    "RATE_LIMITED": Row(429, "Too many requests; try again later."),
    "HEADERS_TOO_LARGE": Row(431, "The headers are too large."),
    "INTERNAL_ERROR": Row(500, "Something went wrong on our side."),
    "GENERATION_FAILED": Row(500, "No complete question set could be generated in time; nothing was changed."),
    "SERVICE_UNAVAILABLE": Row(503, "The service is not available at the moment; try again soon."),
}

# no registered scheme says that the credential stands in a header of its own
CHALLENGE = 'ApiKey realm="retake", header="x-api-key"'
CODE_OF_STATUS = {
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    408: "REQUEST_TIMEOUT",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
}


def answer_domain_error(request: Request[Any, Any, Any], error: RetakeError) -> Response[Failure]:
    """Answer an error of the domain with its own code."""
    return _answer(request, error.code, error.details, error.retry_after)


def answer_http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[Failure]:
    """Answer an error that Litestar raised while routing or reading the request."""
    if error.status_code in CODE_OF_STATUS:
        response = _answer(request, CODE_OF_STATUS[error.status_code], _details_of(request, error))
        if error.status_code == HTTP_405_METHOD_NOT_ALLOWED:
            response.headers["Allow"] = with_head((error.headers or {})["allow"])
        return response
    if error.status_code < 500:  # the border between the client's errors and ours
        return _answer(request, InvalidInput.code)
    return answer_unexpected(request, error)


def _details_of(request: Request[Any, Any, Any], error: HTTPException) -> tuple[Detail, ...]:
    if error.status_code != HTTP_413_REQUEST_ENTITY_TOO_LARGE:
        return ()
    return (Detail("", f"must have at most {request.route_handler.resolve_request_max_body_size()} bytes"),)


def answer_too_deep(request: Request[Any, Any, Any], error: RecursionError) -> Response[Failure]:
    """Answer JSON nested more deeply than the decoder can follow."""
    return _answer(request, InvalidInput.code, (Detail("", "is nested too deeply"),))


def answer_unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[Failure]:
    """Answer a bug of ours. The log gets type and place; not the message, which may quote what a student wrote."""
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if "site-packages" not in frame.filename]
    log.error(
        "unexpected_error",
        error=type(error).__name__,
        where=[f"{frame.filename}:{frame.lineno} {frame.name}" for frame in ours],
    )
    return _answer(request, "INTERNAL_ERROR")


HANDLERS: ExceptionHandlersMap = {
    RetakeError: answer_domain_error,
    HTTPException: answer_http_error,
    RecursionError: answer_too_deep,
    Exception: answer_unexpected,
}


def _answer(
    request: Request[Any, Any, Any], code: str, details: tuple[Detail, ...] = (), retry_after: int | None = None
) -> Response[Failure]:
    row = CATALOGUE[code]
    body = ErrorBody(
        code=code,
        message=row.message,
        request_id=request_id_of(request.scope),
        details=[ErrorDetail(detail.field, detail.reason) for detail in details] or msgspec.UNSET,
    )
    structlog.contextvars.bind_contextvars(code=code)
    headers = {"Retry-After": str(retry_after)} if retry_after is not None else {}
    if row.status == HTTP_401_UNAUTHORIZED:
        headers["WWW-Authenticate"] = CHALLENGE
    return Response(Failure(error=body), status_code=row.status, headers=headers)
