"""A page on another origin may call what declares so: with a session token, never with an API key."""

from litestar import Litestar
from litestar.config.cors import CORSConfig
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, Receive, Scope, Send
from litestar.utils import normalize_path

from api.context import header_of
from api.credential import credential_of, handlers_of
from api.head import HEAD
from api.settings import Settings

ORIGIN = b"origin"
WANTED_METHOD = b"access-control-request-method"


def cors_config(settings: Settings) -> CORSConfig | None:
    """Allow the configured origins; None, hence no CORS at all, without any."""
    if not settings.cors_origins:
        return None
    return CORSConfig(
        allow_origins=list(settings.cors_origins),
        allow_methods=[],  # those of the routes, once there are any
        allow_headers=["content-type", "x-api-key", "idempotency-key", "x-request-id", "x-sandbox-scenario"],
        expose_headers=["x-request-id", "retry-after", "idempotent-replayed"],
    )


class CorsByCredential:
    """Hides the Origin header from routes that are not for pages: Litestar adds no CORS header, and browsers refuse."""

    def __init__(self, app: ASGIApp, litestar: Litestar) -> None:
        """`app` is what Litestar made, its CORS middleware included."""
        self._app = app
        self._litestar = litestar
        if litestar.cors_config is not None:
            open_handlers = [handler for _, handler in handlers_of(litestar) if _opens_to_pages(handler)]
            methods = {method for handler in open_handlers for method in handler.http_methods}
            litestar.cors_config.allow_methods = sorted(methods)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and header_of(scope, ORIGIN) is not None and not self._is_open(scope):
            scope["headers"] = [(name, value) for name, value in scope["headers"] if name != ORIGIN]
        await self._app(scope, receive, send)

    def _is_open(self, scope: Scope) -> bool:
        """Find the route as Litestar will; before a call that is not simple, a browser asks for its method."""
        asked = scope.get("method")
        method = header_of(scope, WANTED_METHOD) if asked == "OPTIONS" else asked
        path = scope["path"]
        if root_path := scope.get("root_path", ""):
            path = path.split(root_path, maxsplit=1)[-1]
        try:
            _, handler, *_ = self._litestar.asgi_router.handle_routing(
                path=normalize_path(path),
                method="GET" if method == HEAD else method,
            )
        except HTTPException:
            return False
        return _opens_to_pages(handler)


def _opens_to_pages(handler: object) -> bool:
    credential = credential_of(handler)
    return credential is not None and credential.opens_to_pages
