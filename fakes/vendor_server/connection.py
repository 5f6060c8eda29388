"""HTTP/1.1 on one connection, kept alive: requests in, bytes out, and who hung up."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import cast

import msgspec

_HEAD_END = b"\r\n\r\n"
_METHODS = (b"GET", b"POST", b"PUT", b"DELETE", b"HEAD", b"OPTIONS", b"PATCH")
_LINGER_NOT = struct.pack("ii", 1, 0)  # close() then sends RST


class Request(msgspec.Struct):
    """A request, read whole."""

    method: str
    path: str
    headers: dict[str, str]
    content: bytes


Handler = Callable[[Request, "Connection"], Awaitable[None]]


class Connection(asyncio.Protocol):
    """Gives one request after the other to a handler, and cancels it when its client hangs up."""

    def __init__(
        self, handler: Handler, opened: Callable[["Connection"], None], closed: Callable[["Connection"], None]
    ) -> None:
        self._handler = handler
        self._opened = opened
        self._closed = closed
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._ends_here = False
        self.task: asyncio.Task[None] | None = None
        self.bytes_sent = 0
        self.hung_up = False

    # what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are no subclass of it
        self._opened(self)

    def data_received(self, data: bytes) -> None:
        """More of a request."""
        self._buffer += data
        self._next()

    def pause_writing(self) -> None:
        """The client reads more slowly than we write."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._writable.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio passes it
        """It is over; unless we wanted it, the client hung up."""
        self._writable.set()
        if self.task is not None and not self._ends_here:
            self.hung_up = True
            self.task.cancel()
        self._closed(self)

    # what a handler calls

    def write(self, data: bytes) -> None:
        """Send bytes."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)
            self.bytes_sent += len(data)

    async def flush(self) -> None:
        """Wait until the client has taken most of it."""
        await self._writable.wait()

    def send(self, status: int, content: bytes, kind: str = "application/json", extra: str = "") -> None:
        """Send a whole response."""
        self.write(head(status, kind, f"Content-Length: {len(content)}\r\n{extra}") + content)

    def hang_up(self) -> None:
        """Close the connection in good order."""
        self._ends_here = True
        if self._transport is not None:
            self._transport.close()

    def reset(self) -> None:
        """Break the connection off, so that the client sees a reset."""
        self._ends_here = True
        if self._transport is not None:
            carrier = self._transport.get_extra_info("socket")
            carrier.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
            self._transport.abort()

    def abandon(self) -> None:
        """Drop the connection and what was to be sent: the server ends."""
        self._ends_here = True
        if self.task is not None:
            self.task.cancel()
        if self._transport is not None:
            self._transport.abort()

    # requests

    def _next(self) -> None:
        """Begin the next request, when it is there whole and none is being answered."""
        if self.task is not None or not self._buffer:
            return
        if not self._buffer.startswith(_METHODS):
            self._refuse()
            return
        end = self._buffer.find(_HEAD_END)
        if end < 0:
            return
        request = _parse(bytes(self._buffer[:end]).decode("latin-1"))
        start = end + len(_HEAD_END)
        length = int(request.headers.get("content-length", 0))
        if len(self._buffer) < start + length:
            return
        request.content = bytes(self._buffer[start : start + length])
        del self._buffer[: start + length]
        self.bytes_sent = 0
        self.task = asyncio.get_running_loop().create_task(self._answer(request))

    async def _answer(self, request: Request) -> None:
        try:
            await self._handler(request, self)
        except Exception:
            self.hang_up()  # a client does not wait for a mistake of ours
            raise
        finally:
            self.task = None
        self._next()

    def _refuse(self) -> None:
        """What arrives is no HTTP, for example the hello of TLS."""
        self.send(400, b"This is HTTP.", "text/plain", "Connection: close\r\n")
        self.hang_up()


def head(status: int, kind: str, extra: str) -> bytes:
    """The head of a response."""
    return f"HTTP/1.1 {status} Scripted\r\nContent-Type: {kind}\r\n{extra}\r\n".encode()


def _parse(text: str) -> Request:
    first, *lines = text.split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return Request(method, path, headers, b"")
