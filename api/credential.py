"""What a route takes to let a caller in: declared once per route, in its `opt`, and all that follows from it.

Whether pages of other origins may call (api/cors.py), whether answers may be cached (api/context.py) and who is asked
for (api/session_auth.py) is read from here, so that no list has to be kept beside the routes.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

import msgspec
from litestar import Litestar, Request
from litestar.exceptions import ImproperlyConfiguredException
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.types import Scope

from api.services import Services
from assessment.credentials import PlatformAccess, StudentAccess

OPT = "credential"
OPTIONS_ONLY = {"OPTIONS"}  # Litestar's own handlers, one for every path

Access = PlatformAccess | StudentAccess
Authenticator = Callable[[Request[Any, Any, Any], Services], Awaitable[Access]]


class Credential(msgspec.Struct, frozen=True):
    """A kind of credential; `authenticate` is None where none is asked for.

    `opens_to_pages`: a page of an origin that the deployment names may call from a browser.
    """

    authenticate: Authenticator | None
    opens_to_pages: bool

    @property
    def is_private(self) -> bool:
        """Answers are for the caller alone, so that nobody on the way may keep them."""
        return self.authenticate is not None


public = Credential(None, opens_to_pages=True)
for_operators = Credential(None, opens_to_pages=False)


def credential_of(handler: Any) -> Credential | None:
    """What a route handler declares."""
    credential: Credential | None = handler.opt.get(OPT)
    return credential


def is_private(scope: Scope) -> bool:
    """Tell whether the route that a request found takes a credential."""
    handler = scope.get("route_handler")
    credential = credential_of(handler) if handler is not None else None
    return credential is not None and credential.is_private


def handlers_of(app: Litestar) -> Iterator[tuple[str, HTTPRouteHandler]]:
    """Every path with each of its handlers, without those that Litestar makes for OPTIONS."""
    for route in app.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else ():
            if handler.http_methods != OPTIONS_ONLY:
                yield route.path, handler


def require_declared(handlers: Iterable[tuple[str, HTTPRouteHandler]]) -> None:
    """Raise ImproperlyConfiguredException for a route that does not say what it takes."""
    for path, handler in handlers:
        if not isinstance(credential_of(handler), Credential):
            raise ImproperlyConfiguredException(f"{path} must declare in its opt which credential it takes")
