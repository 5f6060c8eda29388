"""Answers that are an error status: what each says in either dialect."""

import email.utils
import math
import time
from collections.abc import Iterable

import msgspec

from fakes.vendor_server.asked import Asked, Form
from fakes.vendor_server.behaviours import Behaviour
from fakes.vendor_server.pace import Pace

SUFFIX = " (scripted, for key sk-should-never-be-logged)"


class Failure(msgspec.Struct, frozen=True):
    """A status, and the names either dialect has for it."""

    status: int
    message: str
    openai_type: str
    anthropic_type: str
    code: str | None = None
    param: str | None = None


def _unsupported(what: str, param: str) -> Failure:
    message = f"Invalid parameter: '{param}' of type '{what}' is not supported with this model."
    return Failure(400, message, "invalid_request_error", "invalid_request_error", None, param)


FAILURES: dict[Behaviour, Failure] = {
    Behaviour.BAD_REQUEST: Failure(400, "Invalid request.", "invalid_request_error", "invalid_request_error"),
    Behaviour.CONTEXT_LENGTH: Failure(
        400,
        "This model's maximum context length is 8192 tokens; prompt is too long: 9000 tokens > 8192 maximum.",
        "invalid_request_error",
        "invalid_request_error",
        "context_length_exceeded",
        "messages",
    ),
    Behaviour.CONTENT_POLICY: Failure(
        400,
        "Rejected by the safety system. Output blocked by content filtering policy.",
        "invalid_request_error",
        "invalid_request_error",
        "content_policy_violation",
        "prompt",
    ),
    Behaviour.UNAUTHORIZED: Failure(
        401, "Incorrect API key provided.", "invalid_request_error", "authentication_error", "invalid_api_key"
    ),
    Behaviour.FORBIDDEN: Failure(403, "Country or region not supported.", "permission_error", "permission_error"),
    Behaviour.NOT_FOUND: Failure(
        404, "The model does not exist.", "invalid_request_error", "not_found_error", "model_not_found"
    ),
    Behaviour.REQUEST_TIMEOUT: Failure(408, "The request timed out.", "timeout", "timeout_error"),
    Behaviour.RATE_LIMITED: Failure(
        429, "Rate limit reached.", "rate_limit_error", "rate_limit_error", "rate_limit_exceeded"
    ),
    Behaviour.RATE_LIMITED_UNTIL: Failure(
        429, "Rate limit reached.", "rate_limit_error", "rate_limit_error", "rate_limit_exceeded"
    ),
    Behaviour.SERVER_ERROR: Failure(500, "The server had an error.", "server_error", "api_error"),
    Behaviour.BAD_GATEWAY: Failure(502, "Bad gateway.", "server_error", "api_error"),
    Behaviour.UNAVAILABLE: Failure(503, "The engine is overloaded.", "service_unavailable", "api_error"),
    Behaviour.OVERLOADED: Failure(529, "Overloaded", "overloaded_error", "overloaded_error"),
}

UNSUPPORTED: dict[Form, Failure] = {
    Form.JSON_SCHEMA: _unsupported("json_schema", "response_format"),
    Form.TOOLS: _unsupported("function", "tools"),
    Form.JSON_OBJECT: _unsupported("json_object", "response_format"),
}

_REFUSED_FORMS = {
    Behaviour.NO_JSON_SCHEMA: Form.JSON_SCHEMA,
    Behaviour.NO_TOOLS: Form.TOOLS,
    Behaviour.NO_JSON_OBJECT: Form.JSON_OBJECT,
}


def refusable(forms: Iterable[str]) -> frozenset[Form]:
    """The forms, when a server can refuse them. Raises ValueError otherwise."""
    wanted = frozenset(Form(form) for form in forms)
    if Form.TEXT in wanted:
        raise ValueError("refuses: plain text is what every vendor can do")
    return wanted


def failure(behaviour: Behaviour, asked: Asked, refuses: frozenset[Form]) -> Failure | None:
    """The failure a request meets: by the behaviour, or because the server refuses its form of JSON."""
    if asked.form in refuses or _REFUSED_FORMS.get(behaviour) is asked.form:
        return UNSUPPORTED[asked.form]
    return FAILURES.get(behaviour)


def headers(behaviour: Behaviour, pace: Pace) -> str:
    """The Retry-After header, where the behaviour has one; a date knows whole seconds only and is rounded up."""
    seconds = pace.scaled(pace.retry_after)
    if behaviour is Behaviour.RATE_LIMITED:
        return f"Retry-After: {seconds:g}\r\n"
    if behaviour is Behaviour.RATE_LIMITED_UNTIL:
        return f"Retry-After: {email.utils.formatdate(math.ceil(time.time() + seconds), usegmt=True)}\r\n"
    return ""
