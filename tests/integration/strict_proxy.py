"""A pooler's doorkeeper at the wire: passes a connection on, unless it begins with a parameter that poolers refuse."""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

# what PgBouncer takes without being told to ignore it
ALLOWED = {
    "user",
    "database",
    "client_encoding",
    "datestyle",
    "timezone",
    "standard_conforming_strings",
    "application_name",
}
SSL_REQUEST = 80_877_103
CANCEL_REQUEST = 80_877_102


class StrictProxy:
    """`refused` names the parameters that were refused."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.refused: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            first = await _first_message(reader, writer)
            refused = _parameters(first).keys() - ALLOWED
            if refused:
                self.refused += sorted(refused)
                writer.write(_refusal(f"unsupported startup parameter: {min(refused)}"))
            else:
                await self._pass_on(first, reader, writer)
        writer.close()

    async def _pass_on(self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_unix_connection(self._path)
        server_writer.write(first)
        await asyncio.gather(_copy(reader, server_writer), _copy(server_reader, writer))


@asynccontextmanager
async def strict_proxy(path: str) -> AsyncIterator[tuple[StrictProxy, int]]:
    """A proxy in front of the server that listens at this socket, and its port."""
    proxy = StrictProxy(path)
    listener = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    async with listener:
        yield proxy, listener.sockets[0].getsockname()[1]


async def _first_message(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    while True:
        head = await reader.readexactly(8)
        length, code = struct.unpack("!II", head)
        if code != SSL_REQUEST:
            return head + await reader.readexactly(length - 8)
        writer.write(b"N")


def _parameters(message: bytes) -> dict[str, str]:
    (code,) = struct.unpack("!I", message[4:8])
    if code == CANCEL_REQUEST:
        return {}
    words = message[8:].rstrip(b"\x00").decode().split("\x00")
    return dict(zip(words[::2], words[1::2], strict=True))


def _refusal(text: str) -> bytes:
    fields = b"SFATAL\x00VFATAL\x00C08P01\x00M" + text.encode() + b"\x00\x00"
    return b"E" + struct.pack("!I", len(fields) + 4) + fields


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
    writer.close()
