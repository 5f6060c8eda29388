"""Who is asking: turns the credential of a request into what it opens.

Each route says in its `opt` which credential it takes; this middleware reads it, so that idempotency, guards and
controllers meet an authenticated request only.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from litestar import Request
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from api import limits
from api.body import json_object
from api.context import header_of
from api.credential import Access, Credential, credential_of
from api.fields import Body, Fields
from api.received import StoreItemsRequest
from api.services import Services, services_of
from assessment.credentials import PlatformAccess, StudentAccess
from assessment.errors import InvalidSession, MissingApiKey, SessionNotFound

HEADER = b"x-api-key"
OPTIONS = "OPTIONS"


async def _platform(request: Request[Any, Any, Any], services: Services) -> Access:
    """Recognise a platform by its API key. Raises MissingApiKey or InvalidApiKey."""
    return await services.accounts.platform_access(_header(request))


async def _session(request: Request[Any, Any, Any], services: Services) -> Access:
    """Recognise a session by the header. Raises MissingApiKey, InvalidSession or SessionExpired."""
    return await services.accounts.student_access(_header(request))


async def _session_in_path(request: Request[Any, Any, Any], services: Services) -> Access:
    """Recognise a session by the path. Raises MissingSessionToken, SessionNotFound or SessionExpired."""
    return await _named_session({"sessionToken": request.path_params.get("session_token")}, services)


async def _session_in_body(request: Request[Any, Any, Any], services: Services) -> Access:
    """Recognise a session by the body. Raises MissingSessionToken, InvalidInput, SessionNotFound or SessionExpired."""
    return await _named_session(await json_object(request), services)


by_api_key = Credential(_platform, opens_to_pages=False)
by_session_token = Credential(_session, opens_to_pages=True)
by_token_in_path = Credential(_session_in_path, opens_to_pages=True)
by_token_in_body = Credential(_session_in_body, opens_to_pages=True)


class CredentialMiddleware(ASGIMiddleware):
    """Authenticates requests to routes that ask for a credential, and counts them where a limit is named."""

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        if scope.get("method") != OPTIONS:  # what a path takes, anybody may ask
            await _admit(Request(scope, receive, send))
        await next_app(scope, receive, send)


async def _admit(request: Request[Any, Any, Any]) -> None:
    handler, services = request.route_handler, services_of(request)
    credential, limit = credential_of(handler), handler.opt.get(limits.OPT)
    if credential is not None and credential.authenticate is not None:
        access = request.scope["auth"] = await credential.authenticate(request, services)
        bind_contextvars(**_named_in_log(access))
    if limit is not None:
        await limit(request, services)


def _named_in_log(access: Access) -> dict[str, str | int]:
    """Say whose every further log line of this request is."""
    if isinstance(access, PlatformAccess):
        return {"platform_id": access.platform_id, "key_id": access.key_id}
    standing = access.standing
    return {
        "platform_id": standing.platform_id,
        "key_id": access.key_id,
        "verification_id": standing.verification_id,
    }


def _header(request: Request[Any, Any, Any]) -> str:
    value = (header_of(request.scope, HEADER) or "").strip()
    if not value:
        raise MissingApiKey
    return value


async def _named_session(fields: Fields, services: Services) -> StudentAccess:
    token = Body(StoreItemsRequest, fields).text("session_token")
    with naming_session():
        return await services.accounts.student_access(token)


@contextmanager
def naming_session() -> Iterator[None]:
    """Where path or body name the session, one that is unknown, or was erased meanwhile, is SessionNotFound."""
    try:
        yield
    except InvalidSession:
        raise SessionNotFound from None
