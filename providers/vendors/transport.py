"""The HTTP transport of all vendors: as many connections as calls, and none that nobody uses stays open."""

import asyncio
import codecs
import ssl
from collections.abc import AsyncIterator

import httpx

_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=30.0)


class VendorResponse(httpx.Response):
    """Its lines end with LF, CR or both, as those of event streams do.

    httpx takes more for a line end, U+2028 for one, which may stand unescaped in a JSON text.
    """

    async def aiter_lines(self) -> AsyncIterator[str]:
        """Give line by line, the last one also where it has no end."""
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        rest = ""
        async for data in self.aiter_bytes():
            text = rest + decoder.decode(data)
            held = "\r" if text.endswith("\r") else ""  # the LF may be still to come
            *lines, rest = text.removesuffix("\r").replace("\r\n", "\n").replace("\r", "\n").split("\n")
            rest += held
            for line in lines:
                yield line
        for line in rest.removesuffix("\r").split("\n"):
            yield line


class VendorTransport(httpx.AsyncHTTPTransport):
    """Closes the connection of a request that is cancelled between connecting and sending.

    The pool keeps such a connection as neither idle nor in use: it would never use, expire or close it.
    """

    def __init__(self, verify: ssl.SSLContext | bool) -> None:
        super().__init__(verify=verify, limits=_LIMITS)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, as httpx does."""
        try:
            response = await super().handle_async_request(request)
        except asyncio.CancelledError:
            await self._close_unused()
            raise
        return VendorResponse(
            response.status_code, headers=response.headers, stream=response.stream, extensions=response.extensions
        )

    async def _close_unused(self) -> None:
        pool = self._pool
        used = {waiting.connection for waiting in pool._requests}  # noqa: SLF001 - it is told nowhere else
        for connection in pool.connections:
            if connection not in used and not connection.is_idle() and not connection.is_closed():
                await connection.aclose()
