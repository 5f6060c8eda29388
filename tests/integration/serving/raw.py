"""Bytes on a connection, good and bad ones, and what comes back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec

READ_SECONDS = 10.0
MEGABYTE = 1_000_000


class Answer(msgspec.Struct):
    """One answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """The error's code; the answer must have the shape of all errors."""
        content: Any = msgspec.json.decode(self.body)
        assert content["success"] is False
        assert self.headers["x-request-id"] == content["error"]["requestId"]
        assert self.headers["content-type"] == "application/json"
        code: str = content["error"]["code"]
        return code


class RawConnection:
    """A connection that sends what it is told."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, data: bytes) -> bool:
        """Send, if the other side still takes it."""
        try:
            self._writer.write(data)
            await self._writer.drain()
        except ConnectionError:
            return False
        return not self._writer.is_closing()

    async def flood(self, piece: bytes, megabytes: int) -> float:
        """Send a piece again and again until told off; gives the megabytes that went out."""
        sent = 0
        with suppress(TimeoutError):
            while sent < megabytes * MEGABYTE and not self._reader.at_eof():
                async with asyncio.timeout(READ_SECONDS):
                    if not await self.send(piece):
                        break
                sent += len(piece)
        return sent / MEGABYTE

    async def drip(self, piece: bytes, pause: float = 0.1) -> None:
        """Send a little again and again until told off."""
        async with asyncio.timeout(READ_SECONDS):
            while not self._reader.at_eof() and await self.send(piece):  # noqa: ASYNC110  # it paces what is sent
                await asyncio.sleep(pause)

    async def answer(self) -> Answer:
        """Read one answer."""
        async with asyncio.timeout(READ_SECONDS):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            body = await self._reader.readexactly(int(headers["content-length"]))
        return Answer(int(head[0].split()[1]), headers, body)

    async def rest(self) -> bytes:
        """Read until the other side closes."""
        async with asyncio.timeout(READ_SECONDS):
            try:
                return await self._reader.read()
            except ConnectionError:
                return b""

    def close(self) -> None:
        self._writer.close()


@asynccontextmanager
async def connected(port: int, source: str = "127.0.0.1") -> AsyncIterator[RawConnection]:
    """Connect to loopback from an address of loopback."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    connection = RawConnection(reader, writer)
    try:
        yield connection
    finally:
        connection.close()
