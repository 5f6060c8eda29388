"""HEAD ends after the headers, whatever the answer to GET goes on to do."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from litestar import Litestar, get
from litestar.response import Stream
from litestar.types import Message, Receive, Scope, Send

from api.head import HeadAsGet, with_head

ended = asyncio.Event()


@get("/endless")
async def endless() -> Stream:
    """A stream of progress that nobody ends."""

    async def chunks() -> AsyncIterator[str]:
        try:
            while True:
                yield "data: {}\n\n"
                await asyncio.sleep(0)
        finally:
            ended.set()

    return Stream(chunks())


async def test_a_stream_without_an_end_is_left_after_its_headers() -> None:
    app = Litestar([endless], openapi_config=None)
    transport = httpx.ASGITransport(HeadAsGet(app))  # type: ignore[arg-type]  # ASGI types differ in name only
    async with httpx.AsyncClient(transport=transport, base_url="http://retake.test") as client:
        answer = await client.head("/endless")
    assert (answer.status_code, answer.content) == (200, b"")
    await ended.wait()


async def test_the_server_sees_the_method_it_was_asked_with() -> None:
    seen: list[tuple[str, str]] = []

    async def app(scope: Scope, _: Receive, send: Send) -> None:
        seen.append(("app", str(scope.get("method"))))
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Message) -> None:
        seen.append((message["type"], str(asked["method"])))

    asked = {"type": "http", "method": "HEAD"}
    await HeadAsGet(app)(asked, _nothing, send)  # type: ignore[arg-type]  # a scope with what is looked at
    assert seen == [("app", "GET"), ("http.response.start", "HEAD"), ("http.response.body", "HEAD")]
    assert asked["method"] == "HEAD"


@pytest.mark.parametrize(
    ("allow", "expected"),
    [("GET, OPTIONS", "GET, HEAD, OPTIONS"), ("POST,OPTIONS", "OPTIONS, POST"), ("PUT, GET", "GET, HEAD, PUT")],
)
def test_head_is_allowed_where_get_is(allow: str, expected: str) -> None:
    assert with_head(allow) == expected


async def _nothing() -> Message:
    raise AssertionError("nobody asks for the body")
