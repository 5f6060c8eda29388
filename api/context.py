"""The outermost layer: every request, also one for an unknown path, gets an id, a deadline and one log line."""

import re
import secrets

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from api.credential import is_private
from api.metrics import count_request
from assessment.deadline import Clock, Deadline

REQUEST_ID_HEADER = b"x-request-id"
NO_STORE = (b"cache-control", b"no-store")
VALID_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")

log = structlog.get_logger("retake.request")


class RequestContext:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        stopwatch = Deadline(self._clock, 0.0)
        request_id = _request_id(scope)
        scope["retake_request_id"] = request_id  # type: ignore[typeddict-unknown-key]  # ASGI allows keys of one's own
        scope["retake_arrival"] = stopwatch  # type: ignore[typeddict-unknown-key]  # likewise
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = [(REQUEST_ID_HEADER, request_id.encode()), *([NO_STORE] if is_private(scope) else [])]
                message["headers"] = [*message["headers"], *own]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            seconds = stopwatch.elapsed
            method, route = str(scope["method"]), str(scope.get("path_template", ""))
            count_request(method, route, status, seconds)
            log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))


def request_id_of(scope: Scope) -> str:
    """The id of this request."""
    return str(scope["retake_request_id"])  # type: ignore[typeddict-item]  # set above


def deadline_of(scope: Scope, seconds: float) -> Deadline:
    """A deadline that runs since the request arrived."""
    arrival: Deadline = scope["retake_arrival"]  # type: ignore[typeddict-item]  # set above
    return arrival.lasting(seconds)


def root_path_of(scope: Scope) -> str:
    """The path under which a proxy serves us, without a slash at its end; empty without one."""
    return str(scope.get("root_path") or "").rstrip("/")


def header_of(scope: Scope, name: bytes) -> str | None:
    """The first header of this name (lower case), without parsing all the others as Litestar's Headers would."""
    return next((value.decode("latin-1") for header, value in scope["headers"] if header == name), None)


def _request_id(scope: Scope) -> str:
    sent = header_of(scope, REQUEST_ID_HEADER)
    return sent if sent and VALID_REQUEST_ID.fullmatch(sent) else secrets.token_hex(16)
