"""Who is asking: turns the credential of a request into what it opens.

Each route says in its `opt` which credential it takes; this middleware reads it, so that idempotency, guards and
controllers meet an authenticated request only.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from litestar import Request
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from api.body import json_object
from api.context import header_of
from api.services import Services, services_of
from assessment.credentials import PlatformAccess, StudentAccess
from assessment.errors import Detail, InvalidInput, InvalidSession, MissingApiKey, MissingSessionToken, SessionNotFound

HEADER = b"x-api-key"
OPT = "credential"

Access = PlatformAccess | StudentAccess
Authenticator = Callable[[Request[Any, Any, Any], Services], Awaitable[Access]]


async def by_api_key(request: Request[Any, Any, Any], services: Services) -> Access:
    """Recognise a platform by its API key. Raises MissingApiKey or InvalidApiKey."""
    return await services.accounts.platform_access(_header(request))


async def by_session_token(request: Request[Any, Any, Any], services: Services) -> Access:
    """Recognise a session by the header. Raises MissingApiKey, InvalidSession or SessionExpired."""
    return await services.accounts.student_access(_header(request))


async def by_token_in_path(request: Request[Any, Any, Any], services: Services) -> Access:
    """Recognise a session by the path. Raises MissingSessionToken, SessionNotFound or SessionExpired."""
    return await _named_session(request.path_params.get("session_token"), services)


async def by_token_in_body(request: Request[Any, Any, Any], services: Services) -> Access:
    """Recognise a session by the body. Raises MissingSessionToken, InvalidInput, SessionNotFound or SessionExpired."""
    return await _named_session((await json_object(request)).get("sessionToken"), services)


class CredentialMiddleware(ASGIMiddleware):
    """Authenticates requests to routes that ask for a credential."""

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        authenticate: Authenticator | None = scope["route_handler"].opt.get(OPT)
        if authenticate is not None:
            request: Request[Any, Any, Any] = Request(scope, receive, send)
            scope["auth"] = await authenticate(request, services_of(request))
        await next_app(scope, receive, send)


def _header(request: Request[Any, Any, Any]) -> str:
    value = (header_of(request.scope, HEADER) or "").strip()
    if not value:
        raise MissingApiKey
    return value


async def _named_session(token: object, services: Services) -> StudentAccess:
    if token is None or (isinstance(token, str) and not token.strip()):
        raise MissingSessionToken(Detail("sessionToken", "is required"))
    if not isinstance(token, str):
        raise InvalidInput(Detail("sessionToken", "must be a string"))
    with naming_session():
        return await services.accounts.student_access(token.strip())


@contextmanager
def naming_session() -> Iterator[None]:
    """Where path or body name the session, one that is unknown, or was erased meanwhile, is SessionNotFound."""
    try:
        yield
    except InvalidSession:
        raise SessionNotFound from None
