"""A student's page on another origin may call with a session token, never with an API key."""

from litestar.config.cors import CORSConfig
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send
from litestar.utils import normalize_path

from api.settings import Settings

API_KEY_PATHS = ("/api/v1/verify", "/api/v1/metadata/")


def cors_config(settings: Settings) -> CORSConfig | None:
    """Allow the configured origins; None, hence no CORS at all, without any."""
    if not settings.cors_origins:
        return None
    return CORSConfig(
        allow_origins=list(settings.cors_origins),
        allow_methods=["GET", "POST"],
        allow_headers=["content-type", "x-api-key", "idempotency-key", "x-request-id", "x-sandbox-scenario"],
        expose_headers=["x-request-id", "retry-after", "idempotent-replayed"],
    )


class NoCorsForApiKeys:
    """Hides the Origin header where an API key is due: Litestar then adds no CORS header, and browsers refuse."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # the router finds `//verify` too
        if scope["type"] == ScopeType.HTTP and normalize_path(scope["path"]).startswith(API_KEY_PATHS):
            scope["headers"] = [(name, value) for name, value in scope["headers"] if name != b"origin"]
        await self._app(scope, receive, send)
