"""A server on a loopback port that speaks HTTP/1.1, whatever it answers."""

import asyncio
import ssl
from abc import ABC, abstractmethod
from typing import Self

from fakes.vendor_server.connection import Connection, Request


class LoopbackServer(ABC):
    """Listens from `start` to `close`, which hangs up on everybody."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._nobody_left = asyncio.Event()

    @property
    def root_url(self) -> str:
        """Scheme, host and port."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        """The port it listens on, once it is started."""
        if self._server is None:
            raise RuntimeError("the server is not started")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self, port: int = 0) -> None:
        """Listen on 127.0.0.1."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connection, "127.0.0.1", port, ssl=self._tls, backlog=4096)

    async def close(self) -> None:
        """Stop listening and hang up on everybody."""
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._connections):
            connection.abandon()
        if self._connections:
            await self._nobody_left.wait()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _connection(self) -> Connection:
        return Connection(self._respond, self._opened, self._closed)

    def _opened(self, connection: Connection) -> None:
        self._connections.add(connection)
        self._nobody_left.clear()

    def _closed(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if not self._connections:
            self._nobody_left.set()

    @abstractmethod
    async def _respond(self, request: Request, connection: Connection) -> None:
        """Answer a request."""
