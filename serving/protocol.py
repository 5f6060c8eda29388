"""uvicorn's HTTP/1.1 protocol with bounds: on the size of what comes in, and on how long it may take."""

import asyncio
from enum import Enum
from typing import Any

from litestar.exceptions import HTTPException
from uvicorn._types import ASGI3Application, ASGIReceiveCallable, ASGIReceiveEvent, ASGISendCallable, ASGISendEvent
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from serving.connections import Connections
from serving.limits import BODY_WIRE_BYTES, HEAD_BYTES, LINGER_BYTES, LINGER_SECONDS, URL_BYTES, Limits
from serving.refusal import refusal

REQUEST_TIMEOUT = 408
PAYLOAD_TOO_LARGE = 413
BAD_REQUEST = 400


class Stage(Enum):
    """What of a request is expected next."""

    HEAD = "head"
    BODY = "body"
    NOTHING = "nothing"  # the request is whole, its answer is being made


class _TooLong(Exception):
    """The head outgrew a bound; ends the parser."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection.

    A head that is too long or too late is answered here. A body that is, or that ends in the middle, is raised where
    the application reads it, so that it is answered, logged and counted like any other error. After an answer that
    did not wait for the whole request, what still comes is thrown away for a moment, and the connection is closed.
    """

    def __init__(self, *arguments: Any, limits: Limits, open_connections: Connections, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._limits = limits
        self._open = open_connections
        self._stage = Stage.HEAD
        self._timer: asyncio.TimerHandle | None = None
        self._received = 0  # bytes: of this head or body on the wire, or thrown away
        self._head_bytes = 0  # of this head, as far as it is parsed
        self._head_fault = "INVALID_INPUT"
        self._is_parting = False
        self._is_deaf = False
        self.body_fault: int | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(transport)
        if self._open.admit(self, self.client[0] if self.client else ""):
            self._start_timer(self._limits.head_seconds, self._head_is_late)
        else:
            self._is_deaf = True
            transport.write(refusal("SERVICE_UNAVAILABLE"))
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        self._open.gone(self)
        super().connection_lost(exc)

    def abort(self) -> None:
        """End at once."""
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._is_deaf:
            self._throw_away(data)
            return
        cycle, stage = self.cycle, self._stage
        super().data_received(data)
        if self._stage is Stage.NOTHING or self._is_deaf:
            return
        if self._stage is stage and self.cycle is cycle:
            self._received += len(data)
            self._check_size()
        if self._timer is None:
            self._start_timer(*self._time_for_the_rest())

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # uvicorn's signature; the catalogue has the words
        """Answer what the parser refused. It comes after the answer that is under way, if there is one."""
        self._is_deaf = True
        if self._stage is Stage.BODY:
            self._fail_body(BAD_REQUEST)
        elif self._is_answering:
            self.make_last(self.cycle)
        else:
            self._refuse(self._head_fault)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._expect_head()
        self.body_fault = None

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > URL_BYTES:
            self._head_fault = "URI_TOO_LONG"
            raise _TooLong
        self._head_bytes += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._stage is Stage.BODY:  # a trailer: uvicorn would put it among the headers
            return
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > HEAD_BYTES:
            self._head_fault = "HEADERS_TOO_LARGE"
            raise _TooLong
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._stop_timer()
        self._stage, self._received = Stage.BODY, 0
        self._open.works(self)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._stop_timer()
        self._stage = Stage.NOTHING
        super().on_message_complete()

    def on_response_complete(self) -> None:
        if self._is_parting:
            return
        super().on_response_complete()
        if self._is_answering:
            return
        self._open.waits(self)
        if self._stage is Stage.NOTHING:
            self._expect_head()

    def make_last(self, cycle: RequestResponseCycle) -> None:
        """Announce with this answer that the connection ends, and end it so that the answer arrives."""
        cycle.keep_alive = False
        cycle.transport = _Exit(self)  # type: ignore[assignment]  # all that uvicorn uses of one

    def part(self) -> None:
        """End the connection when the client has had time to read the answer: closed at once, it might be lost."""
        if self._is_parting or self.transport.is_closing():
            return
        self._is_parting = self._is_deaf = True
        self._received = 0
        self.flow.resume_reading()
        self.transport.write_eof()
        self._start_timer(LINGER_SECONDS, self.abort)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        super()._start_asgi_task(cycle, _Exchange(self, cycle, app))

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _expect_head(self) -> None:
        self._stage = Stage.HEAD
        self._received = self._head_bytes = 0

    def _check_size(self) -> None:
        if self._stage is Stage.HEAD and self._received > HEAD_BYTES:
            self._is_deaf = True
            self._refuse("HEADERS_TOO_LARGE")
        elif self._stage is Stage.BODY and self._received > BODY_WIRE_BYTES:
            self._is_deaf = True
            self._fail_body(PAYLOAD_TOO_LARGE)

    def _time_for_the_rest(self) -> tuple[float, Any]:
        if self._stage is Stage.BODY:
            return self._limits.body_seconds, self._body_is_late
        return self._limits.head_seconds, self._head_is_late

    def _head_is_late(self) -> None:
        if self._is_answering:  # the client goes on after this answer
            self._start_timer(self._limits.head_seconds, self._head_is_late)
        elif self._head_bytes or self._received:
            self._refuse("REQUEST_TIMEOUT")
        else:
            self.transport.close()

    def _body_is_late(self) -> None:
        if self.flow.read_paused or self.pipeline:  # it is us who keep it waiting
            self._start_timer(self._limits.body_seconds, self._body_is_late)
        else:
            self._fail_body(REQUEST_TIMEOUT)

    def _fail_body(self, status: int) -> None:
        self.body_fault = status
        self.cycle.message_event.set()

    def _refuse(self, code: str) -> None:
        self.transport.write(refusal(code))
        self.part()

    def _throw_away(self, data: bytes) -> None:
        self._received += len(data)
        if not self._is_parting or self._received > LINGER_BYTES:
            self.flow.pause_reading()

    def _start_timer(self, seconds: float, action: Any) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(seconds, action)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _Exchange:
    """One request as the application reads and answers it."""

    __slots__ = ("_app", "_cycle", "_protocol")

    def __init__(self, protocol: BoundedProtocol, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._protocol = protocol
        self._cycle = cycle
        self._app = app

    async def __call__(self, scope: Any, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        cycle, protocol = self._cycle, self._protocol

        async def receive_whole() -> ASGIReceiveEvent:
            message = await receive()
            if cycle.more_body and not cycle.response_complete:
                if protocol.body_fault is not None:
                    raise HTTPException(status_code=protocol.body_fault)
                if message["type"] == "http.disconnect":  # nobody reads the answer, but log and metrics do
                    raise HTTPException(status_code=REQUEST_TIMEOUT)
            return message

        async def send_last_if_unread(message: ASGISendEvent) -> None:
            if message["type"] == "http.response.start" and cycle.more_body:
                protocol.make_last(cycle)
            await send(message)

        await self._app(scope, receive_whole, send_last_if_unread)


class _Exit:
    """The transport as the last answer of a connection sees it: closing it gives the client time to read."""

    def __init__(self, protocol: BoundedProtocol) -> None:
        self.close = protocol.part
        self.write = protocol.transport.write
        self.is_closing = protocol.transport.is_closing
