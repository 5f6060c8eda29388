"""What a model vendor can do to a call, over real HTTP: each behaviour writes its own response."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any

from tests.vendor_server.items import completion, good_text, items_for

DRIP_SECONDS = 1.0


class Behaviour(StrEnum):
    """The faults that can be programmed."""

    GOOD = "good"
    HANG = "hang"
    DRIP = "drip"
    DROP = "drop"
    UNAUTHORIZED = "unauthorized"
    NOT_FOUND = "not_found"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    HTML = "html"
    EMPTY = "empty"
    REFUSED = "refused"
    TRUNCATED = "truncated"
    PROSE = "prose"
    ONE_BROKEN = "one_broken"
    FEWER = "fewer"
    NO_JSON = "no_json"


class Call:
    """One request, how many there were before it, and the stream its response goes to."""

    def __init__(self, body: dict[str, Any], number: int, retry_after: int, writer: asyncio.StreamWriter) -> None:
        self.body = body
        self.number = number
        self.retry_after = retry_after
        self.writer = writer

    async def send(self, status: int, content: bytes, kind: str = "application/json", extra: str = "") -> None:
        """Write a whole response."""
        head = f"HTTP/1.1 {status} Scripted\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n{extra}\r\n"
        self.writer.write(head.encode() + content)
        await self.writer.drain()

    async def say(self, text: str | None, finish_reason: str = "stop") -> None:
        """Answer with a chat completion that holds `text`."""
        await self.send(200, completion(self.body, text, finish_reason))


async def _good(call: Call) -> None:
    await call.say(good_text(call.body, call.number))


async def _hang(call: Call) -> None:
    await asyncio.Event().wait()


async def _drip(call: Call) -> None:
    content = completion(call.body, good_text(call.body, call.number))
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    call.writer.write(head.encode())
    for byte in content:
        call.writer.write(bytes([byte]))
        await call.writer.drain()
        await asyncio.sleep(DRIP_SECONDS)


async def _drop(call: Call) -> None:
    call.writer.close()


async def _html(call: Call) -> None:
    await call.send(200, b"<html><body>Welcome to the proxy</body></html>", "text/html")


async def _empty(call: Call) -> None:
    await call.say("")


async def _refused(call: Call) -> None:
    await call.say("", "content_filter")


async def _truncated(call: Call) -> None:
    text = good_text(call.body, call.number)
    await call.say(text[: len(text) // 2], "length")


async def _prose(call: Call) -> None:
    text = good_text(call.body, call.number)
    await call.say(f"Sure! Here are the questions {{as asked}}:\n```json\n{text}\n```\nGood luck with [them]!")


async def _one_broken(call: Call) -> None:
    items = items_for(call.body, call.number)
    items[0]["key"] = "2"
    await call.say(json.dumps({"items": items}))


async def _fewer(call: Call) -> None:
    items = items_for(call.body, call.number)
    await call.say(json.dumps({"items": items[: max(1, len(items) // 2)]}))


async def _no_json(call: Call) -> None:
    await call.say("I would rather talk about the weather.")


def _status(status: int) -> Callable[[Call], Awaitable[None]]:
    async def respond(call: Call) -> None:
        extra = f"Retry-After: {call.retry_after}\r\n" if status == 429 else ""
        error = {"message": "Scripted failure for key sk-should-never-be-logged", "type": "scripted", "code": None}
        await call.send(status, json.dumps({"error": error}).encode(), extra=extra)

    return respond


RESPONSES: dict[Behaviour, Callable[[Call], Awaitable[None]]] = {
    Behaviour.GOOD: _good,
    Behaviour.HANG: _hang,
    Behaviour.DRIP: _drip,
    Behaviour.DROP: _drop,
    Behaviour.UNAUTHORIZED: _status(401),
    Behaviour.NOT_FOUND: _status(404),
    Behaviour.RATE_LIMITED: _status(429),
    Behaviour.SERVER_ERROR: _status(500),
    Behaviour.HTML: _html,
    Behaviour.EMPTY: _empty,
    Behaviour.REFUSED: _refused,
    Behaviour.TRUNCATED: _truncated,
    Behaviour.PROSE: _prose,
    Behaviour.ONE_BROKEN: _one_broken,
    Behaviour.FEWER: _fewer,
    Behaviour.NO_JSON: _no_json,
}
