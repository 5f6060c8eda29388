"""Answers to what never becomes a request: in the shape of all errors, written by hand."""

import secrets
from http import HTTPStatus

import msgspec
import structlog

from api.envelope import ErrorBody, Failure
from api.errors import CATALOGUE

RETRY_AFTER_SECONDS = 2

log = structlog.get_logger(__name__)


def refusal(code: str) -> bytes:
    """Write the whole answer to a code of the catalogue, after which the connection ends; logged like a request."""
    row, request_id = CATALOGUE[code], secrets.token_hex(16)
    log.info("refused", code=code, status=row.status, request_id=request_id)
    body = msgspec.json.encode(Failure(error=ErrorBody(code, row.message, request_id)))
    lines = [
        f"HTTP/1.1 {row.status} {HTTPStatus(row.status).phrase}",
        "content-type: application/json",
        f"content-length: {len(body)}",
        f"x-request-id: {request_id}",
        *([f"retry-after: {RETRY_AFTER_SECONDS}"] if row.status == HTTPStatus.SERVICE_UNAVAILABLE else []),
        "connection: close",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body
