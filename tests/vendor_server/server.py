"""A vendor on a loopback port that behaves as it is told."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Self

from tests.vendor_server.behaviours import RESPONSES, Behaviour, Call


class VendorServer:
    """Speaks the OpenAI chat-completions dialect, without streaming.

    `behaviours` are taken call by call, the last one again and again. `latency` (seconds) precedes every response.
    `requests` holds the bodies received, `keys` the Authorization headers.
    """

    def __init__(self, behaviours: Sequence[str] = (Behaviour.GOOD,), latency: float = 0.0) -> None:
        self.behaviours: Sequence[str] = behaviours
        self.latency = latency
        self.retry_after = 60
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def calls(self) -> int:
        """How many requests arrived."""
        return len(self.keys)

    @property
    def base_url(self) -> str:
        """What a configuration names as `api_base`."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def port(self) -> int:
        """The port it listens on, once it is started."""
        if self._server is None:
            raise RuntimeError("the server is not started")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def reset(self, *behaviours: str) -> None:
        """Forget what was received and behave differently from now on."""
        self.behaviours = behaviours or (Behaviour.GOOD,)
        self.latency = 0.0
        self.requests.clear()
        self.keys.clear()

    async def start(self, port: int = 0) -> None:
        """Listen on 127.0.0.1."""
        self._server = await asyncio.start_server(self._connection, "127.0.0.1", port)

    async def close(self) -> None:
        """Stop listening and hang up on everybody."""
        if self._server is not None:
            self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            while not writer.is_closing():
                await self._one_request(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the client has what it wanted, gave up, or the test is over
        finally:
            self._connections.discard(task)
            writer.close()

    async def _one_request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head.split("\r\n"))}
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        number = self.calls
        self.keys.append(headers.get("authorization", ""))
        self.requests.append(body)
        behaviour = Behaviour(self.behaviours[min(number, len(self.behaviours) - 1)])
        await asyncio.sleep(self.latency)
        await RESPONSES[behaviour](Call(body, number, self.retry_after, writer))
