"""Gemini's generateContent and Bedrock's Converse: as little of them as a complete set needs."""

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import msgspec

from fakes.vendor_server.asked import Asked, Form
from fakes.vendor_server.connection import Connection, Request
from fakes.vendor_server.items import items_for


class GoodServer:
    """Answers every request with good items, as `say` writes an answer; counts the calls."""

    def __init__(self, say: Callable[[Request, str], tuple[bytes, str]]) -> None:
        self._say = say
        self.calls = 0
        self.paths: list[str] = []
        self._open: set[Connection] = set()

    async def respond(self, request: Request, connection: Connection) -> None:
        """Answer one request."""
        asked = Asked(self.calls, {"messages": [{"content": _text(request)}]}, Form.TEXT)
        self.calls += 1
        self.paths.append(urlsplit(request.path).path)
        text = msgspec.json.encode({"items": items_for(asked, 7)}).decode()
        connection.send(200, *self._say(request, text))

    def connection(self) -> Connection:
        """What a listening socket makes for every client."""
        return Connection(self.respond, self._open.add, self._open.discard)

    async def hang_up(self) -> None:
        """Drop everybody, and wait until they are gone."""
        for connection in tuple(self._open):
            connection.abandon()
        while self._open:  # noqa: ASYNC110 - a moment, at the end of a test
            await asyncio.sleep(0.001)


def gemini(request: Request, text: str) -> tuple[bytes, str]:
    """An answer in Gemini's words; a stream comes as one event."""
    body = msgspec.json.encode(_answer(text))
    if ":streamGenerateContent" in request.path:
        return b"data: " + body + b"\r\n\r\n", "text/event-stream"
    return body, "application/json"


def bedrock(_: Request, text: str) -> tuple[bytes, str]:
    """An answer of Bedrock's Converse, whole."""
    message = {"role": "assistant", "content": [{"text": text}]}
    usage = {"inputTokens": 10, "outputTokens": 20, "totalTokens": 30}
    body = {"output": {"message": message}, "stopReason": "end_turn", "usage": usage, "metrics": {"latencyMs": 1}}
    return msgspec.json.encode(body), "application/json"


def _text(request: Request) -> str:
    """The prompt: both dialects keep it as `text` in a list of parts of the last message."""
    body: dict[str, Any] = msgspec.json.decode(request.content)
    last = (body.get("contents") or body["messages"])[-1]
    return "\n".join(part.get("text", "") for part in last.get("parts") or last["content"])


def _answer(text: str) -> dict[str, Any]:
    content = {"role": "model", "parts": [{"text": text}]}
    usage = {"promptTokenCount": 10, "candidatesTokenCount": 20, "totalTokenCount": 30}
    return {"candidates": [{"content": content, "finishReason": "STOP", "index": 0}], "usageMetadata": usage}
