"""How often a route may be called, and by whom: named in the route's `opt`, counted before its handler runs."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Request

from api.services import Services
from assessment.credentials import PlatformAccess

OPT = "limit"

Limit = Callable[[Request[Any, Any, Any], Services], Awaitable[None]]


async def searches_of_address(request: Request[Any, Any, Any], services: Services) -> None:
    """Bound the searches of one address. Raises RateLimited."""
    await services.search_limiter.count(request.client.host if request.client else "")


async def verifications_of_key(request: Request[Any, Any, Any], services: Services) -> None:
    """Bound the verifications that one API key opens. Raises RateLimited."""
    access: PlatformAccess = request.auth
    await services.verify_limiter.count(f"verify {access.key_id}")
