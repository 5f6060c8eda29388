"""Asks an application in this process."""

import httpx
from litestar import Litestar


def client_of_app(app: Litestar) -> httpx.AsyncClient:
    """A client without a network between."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # type: ignore[arg-type]  # ASGI types differ in name only
    return httpx.AsyncClient(transport=transport, base_url="http://retake.test/api/v1")
