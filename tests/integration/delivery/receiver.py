"""A receiver of webhooks on loopback: it keeps what it got and answers as a script says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Delivery(NamedTuple):
    """A request as it came over the wire."""

    line: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """`answers` are given in turn, the last one from then on; none before `gate` opens."""

    def __init__(self, *answers: bytes, gate: asyncio.Event | None = None, endless: bool = False) -> None:
        self.answers = list(answers or (OK,))
        self.gate = gate
        self.endless = endless
        self.got: list[Delivery] = []
        self.sent_bytes = 0
        self.is_left = False  # the sender hung up before the answer ended
        self.port = 0

    def url(self, host: str = "127.0.0.1", path: str = "/hook") -> str:
        return f"http://{host}:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.got.append(await _read(reader))
            if self.gate:
                await self.gate.wait()
            await self._answer(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.is_left = True
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        writer.write(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])
        await writer.drain()
        while self.endless:
            writer.write(b"x" * 65536)
            await writer.drain()
            self.sent_bytes += 65536


@asynccontextmanager
async def listening(receiver: Receiver) -> AsyncIterator[Receiver]:
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        try:
            yield receiver
        finally:
            if receiver.gate:
                receiver.gate.set()


async def _read(reader: asyncio.StreamReader) -> Delivery:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in head[1:] if line)
    headers = {name.lower(): value for name, value in headers.items()}
    return Delivery(head[0], headers, await reader.readexactly(int(headers["content-length"])))
