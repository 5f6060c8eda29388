"""HEAD on whatever answers GET: the same answer without its body."""

from typing import Any

from litestar.types import ASGIApp, Message, Receive, Scope, Send

GET, HEAD = "GET", "HEAD"
END: Any = {"type": "http.response.body", "body": b"", "more_body": False}


class HeadAsGet:
    """Has a HEAD request answered as GET, and ends the answer after its headers, also one that would go on.

    A path without GET refuses it, as any other method it does not take.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked: Any = scope
        match asked.get("method"):
            case "HEAD":
                asked["method"] = GET
                try:
                    await self._app(scope, receive, _headers_only(asked, send))
                finally:
                    asked["method"] = HEAD
            case "OPTIONS":
                await self._app(scope, receive, _naming_head(send))
            case _:
                await self._app(scope, receive, send)


def with_head(allow: str) -> str:
    """The methods of a path, HEAD included where there is GET."""
    methods = {method.strip() for method in allow.split(",")}
    return ", ".join(sorted(methods | {HEAD} if GET in methods else methods))


def _headers_only(asked: Any, send: Send) -> Send:
    async def send_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            asked["method"] = HEAD  # the server looks at it to allow a length without a body
            await send(message)
            await send(END)

    return send_headers


def _naming_head(send: Send) -> Send:
    async def send_allowed(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [
                (name, with_head(value.decode()).encode() if name == b"allow" else value)
                for name, value in message["headers"]
            ]
        await send(message)

    return send_allowed
