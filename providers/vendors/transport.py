"""The HTTP transport of all vendors: as many connections as calls, and none that nobody uses stays open."""

import asyncio
import ssl

import httpx

_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=30.0)


class VendorTransport(httpx.AsyncHTTPTransport):
    """Closes the connection of a request that is cancelled between connecting and sending.

    The pool keeps such a connection as neither idle nor in use: it would never use, expire or close it.
    """

    def __init__(self, verify: ssl.SSLContext | bool) -> None:
        super().__init__(verify=verify, limits=_LIMITS)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, as httpx does."""
        try:
            return await super().handle_async_request(request)
        except asyncio.CancelledError:
            await self._close_unused()
            raise

    async def _close_unused(self) -> None:
        pool = self._pool
        used = {waiting.connection for waiting in pool._requests}  # noqa: SLF001 - it is told nowhere else
        for connection in pool.connections:
            if connection not in used and not connection.is_idle() and not connection.is_closed():
                await connection.aclose()
