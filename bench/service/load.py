"""A load generator: a fixed number of connections that ask again as soon as they are answered."""

import asyncio
import time
from collections.abc import Mapping

CONNECTIONS = 32


class _Connection(asyncio.Protocol):
    """Keep-alive HTTP/1.1: sends the same request again and again and counts whole answers."""

    def __init__(self, request: bytes, closed: "asyncio.Future[None]") -> None:
        self._request = request
        self._closed = closed
        self._buffer = b""
        self.answers = 0
        self.failures = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, rest = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        length = int(head.lower().split(b"content-length: ", 1)[1].split(b"\r\n", 1)[0])
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        self.answers += 1
        self.failures += not head.startswith(b"HTTP/1.1 200")
        self._transport.write(self._request)

    def connection_lost(self, _: Exception | None) -> None:
        if not self._closed.done():
            self._closed.set_result(None)

    def stop(self) -> None:
        self._transport.abort()


async def throughput(port: int, path: str, headers: Mapping[str, str], seconds: float) -> float:
    """Measure answers per second of a GET. Raises RuntimeError when one answer was not 200."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"host: 127.0.0.1:{port}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    request = ("\r\n".join(lines) + "\r\n\r\n").encode()
    loop = asyncio.get_running_loop()
    closed: asyncio.Future[None] = loop.create_future()
    connections = [
        (await loop.create_connection(lambda: _Connection(request, closed), "127.0.0.1", port))[1]
        for _ in range(CONNECTIONS)
    ]
    started, before = time.perf_counter(), sum(connection.answers for connection in connections)
    await asyncio.wait({closed}, timeout=seconds)
    answered = sum(connection.answers for connection in connections) - before
    elapsed = time.perf_counter() - started
    failures = sum(connection.failures for connection in connections)
    for connection in connections:
        connection.stop()
    if failures:
        raise RuntimeError(f"{failures} answers were not 200")
    return answered / elapsed
