"""Replays one case on a loopback port, with items made from what each request asks for."""

import asyncio

import msgspec

from fakes.vendor_server.asked import Asked, read
from fakes.vendor_server.connection import Connection, Request, head
from fakes.vendor_server.delivery import chunk
from fakes.vendor_server.items import items_for
from fakes.vendor_server.loopback import LoopbackServer
from fakes.wire_cases.case import Case, Reply, Wait
from fakes.wire_cases.words import words

STREAM = "text/event-stream"


class CaseServer(LoopbackServer):
    """A vendor of one case. A second of the case lasts `scale` seconds.

    `right` has the right option of every stem that was made, so that a key can be told from one of a draft.
    """

    def __init__(self, case: Case, scale: float = 1.0) -> None:
        super().__init__()
        self._case = case
        self._scale = scale
        self._calls = 0
        self._began: float | None = None
        self.right: dict[str, str] = {}

    @property
    def api_base(self) -> str:
        """What a configuration names."""
        return self.root_url if self._case.is_anthropic else f"{self.root_url}/v1"

    async def _respond(self, request: Request, connection: Connection) -> None:
        asked = read(msgspec.json.decode(request.content, type=dict), self._calls, len(request.content))
        reply = self._reply(asked)
        self._calls += 1
        if reply is None:
            connection.send(500, b'{"error": {"message": "the case says nothing about such a request"}}')
            return
        await self._send(reply, asked, connection)

    def _reply(self, asked: Asked) -> Reply | None:
        now = asyncio.get_running_loop().time()
        self._began = now if self._began is None else self._began
        seconds = (now - self._began) / self._scale
        return next((reply for reply in self._case.replies if _fits(reply, asked, self._calls, seconds)), None)

    async def _send(self, reply: Reply, asked: Asked, connection: Connection) -> None:
        items = items_for(asked, 7)
        self.right |= {item["stem"]: item["options"][item["key"]] for item in items}
        say = words(items, self._scale)
        kind = reply.headers.get("content-type", STREAM if reply.status == 200 else "application/json")
        headers = {name: say(value) for name, value in reply.headers.items() if name != "content-type"}
        extra = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        connection.write(head(reply.status, kind, f"Transfer-Encoding: chunked\r\n{extra}"))
        for step in reply.steps:
            if isinstance(step, Wait):
                await self._wait(step, connection)
            elif content := say(step).replace("\n", reply.line_end).encode("utf-8", "surrogatepass"):
                connection.write(chunk(content))
                await connection.flush()
        if reply.breaks_off:
            connection.hang_up()
        else:
            connection.write(b"0\r\n\r\n")

    async def _wait(self, step: Wait, connection: Connection) -> None:
        for _ in range(step.times):
            if step.saying:
                connection.write(chunk(step.saying.encode()))
            await asyncio.sleep(step.wait * self._scale)


def _fits(reply: Reply, asked: Asked, calls: int, seconds: float) -> bool:
    return (
        (reply.formats is None or asked.form.value in reply.formats)
        and (reply.streams is None or asked.streams is reply.streams)
        and (reply.calls is None or calls < reply.calls)
        and (reply.seconds is None or seconds < reply.seconds)
        and not (reply.every_other and calls % 2)
    )
