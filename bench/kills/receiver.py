"""A receiver of webhooks that takes its time, so that some kills fall between a delivery and its record."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

LONGEST_SECONDS = 0.5
ANSWER = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"


class Receiver:
    """`bodies` has, for each webhook-id, what came with it, once per delivery."""

    def __init__(self, rng: Random) -> None:
        self.bodies: defaultdict[str, list[bytes]] = defaultdict(list)
        self.url = ""
        self._rng = rng

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head[1:] if line)}
            body = await reader.readexactly(int(headers["content-length"]))
            self.bodies[headers["webhook-id"]].append(body)
            await asyncio.sleep(self._rng.uniform(0, LONGEST_SECONDS))
            writer.write(ANSWER)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the sender was killed
        finally:
            writer.close()


@asynccontextmanager
async def receiving(rng: Random) -> AsyncIterator[Receiver]:
    """Listen on a free port of loopback."""
    receiver = Receiver(rng)
    async with await asyncio.start_server(receiver.serve, "127.0.0.1", 0) as listener:
        receiver.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/webhooks"
        yield receiver
