"""A vendor on a loopback port that behaves as it is told."""

import asyncio
import random
import secrets
import ssl
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, Self

import msgspec

from assessment.deadline import Clock, SystemClock
from fakes.vendor_server import control
from fakes.vendor_server.answers import answer
from fakes.vendor_server.anthropic_dialect import AnthropicDialect
from fakes.vendor_server.asked import Asked, read
from fakes.vendor_server.behaviours import Behaviour, choose
from fakes.vendor_server.connection import Connection, Request
from fakes.vendor_server.counters import Bill, Counters, Totals
from fakes.vendor_server.delivery import Call, deliver, forever
from fakes.vendor_server.dialects import Dialect
from fakes.vendor_server.failures import failure, headers, refusable
from fakes.vendor_server.openai_dialect import OpenAIDialect
from fakes.vendor_server.pace import Pace, pause

KEEP = 1_000
_DIALECTS: dict[str, Dialect] = {"/chat/completions": OpenAIDialect(), "/messages": AnthropicDialect()}


class VendorServer:
    """Speaks OpenAI chat completions and Anthropic messages, streaming or not.

    `behaviours` are taken call by call, the last one again and again; each is a name or shares such as "5% stall".
    `latency` (seconds) precedes every response; `pace` says how long the rest takes. `refuses` names the forms of JSON
    that are answered with 400. `requests`, `keys` and `bills` hold the last `keep` of each.
    """

    def __init__(
        self,
        behaviours: Sequence[str] = (Behaviour.GOOD,),
        latency: float = 0.0,
        *,
        pace: Pace | None = None,
        refuses: Iterable[str] = (),
        seed: int | None = None,
        keep: int = KEEP,
        tls: ssl.SSLContext | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        self.behaviours: Sequence[str] = behaviours
        self.pace = pace or Pace()
        self.pace.latency = latency or self.pace.latency
        self.refuses = refusable(refuses)
        self.seed = secrets.randbits(32) if seed is None else seed
        self.counters = Counters(keep, self._clock)
        self._tls = tls
        self._number = 0  # never starts again, so that an item is new also after a reset
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._nobody_left = asyncio.Event()

    @property
    def latency(self) -> float:
        """Seconds before every response."""
        return self.pace.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self.pace.latency = seconds

    @property
    def calls(self) -> int:
        """How many requests arrived."""
        return self.counters.totals.calls

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The bodies received."""
        return self.counters.requests

    @property
    def keys(self) -> list[str]:
        """The Authorization headers received, or Anthropic's x-api-key."""
        return self.counters.keys

    @property
    def bills(self) -> deque[Bill]:
        """What came of each call, in the order of their ends."""
        return self.counters.bills

    @property
    def totals(self) -> Totals:
        """Sums over all calls, and what is open now."""
        return self.counters.summary()

    @property
    def root_url(self) -> str:
        """Scheme, host and port; what an Anthropic model has as `api_base`."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        """What a configuration names as `api_base` of an OpenAI model."""
        return f"{self.root_url}/v1"

    @property
    def port(self) -> int:
        """The port it listens on, once it is started."""
        if self._server is None:
            raise RuntimeError("the server is not started")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def reset(self, *behaviours: str) -> None:
        """Forget what was received and behave differently from now on."""
        self.behaviours = behaviours or (Behaviour.GOOD,)
        self.pace.latency = 0.0
        self.refuses = frozenset()
        self.counters.reset()

    async def start(self, port: int = 0) -> None:
        """Listen on 127.0.0.1."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connection, "127.0.0.1", port, ssl=self._tls, backlog=4096)

    async def close(self) -> None:
        """Stop listening and hang up on everybody."""
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._connections):
            connection.abandon()
        if self._connections:
            await self._nobody_left.wait()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _connection(self) -> Connection:
        return Connection(self._respond, self._opened, self._closed)

    def _opened(self, connection: Connection) -> None:
        self._connections.add(connection)
        self._nobody_left.clear()
        self.counters.connected()

    def _closed(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if not self._connections:
            self._nobody_left.set()
        self.counters.disconnected()

    async def _respond(self, request: Request, connection: Connection) -> None:
        if request.path.startswith(control.PATH):
            control.respond(self, request, connection)
            return
        path, _, _ = request.path.partition("?")  # Azure has its version there
        dialect = next((dialect for end, dialect in _DIALECTS.items() if path.endswith(end)), None)
        if dialect is None or request.method != "POST":
            connection.send(404, b'{"error": {"message": "there is nothing at this path"}}')
            return
        await self._call(request, connection, dialect)

    async def _call(self, request: Request, connection: Connection, dialect: Dialect) -> None:
        """One call of a model, from its arrival to its bill."""
        try:
            body = msgspec.json.decode(request.content, type=dict)
        except msgspec.DecodeError:
            connection.send(400, b'{"error": {"message": "the body is no JSON object"}}')
            return
        behaviour = self._choose()
        asked = read(body, self._number, len(request.content))
        self._number += 1
        key = request.headers.get("authorization") or request.headers.get("x-api-key", "")
        self.counters.arrived(body, key, len(request.content))
        bill = Bill(asked.number, behaviour, dialect.name, asked.model, asked.form, asked.streams)
        bill.began = self._clock.monotonic()
        try:
            await self._answer(asked, behaviour, dialect, connection, bill)
        finally:
            bill.bytes_sent, bill.hung_up = connection.bytes_sent, connection.hung_up
            self.counters.ended(bill)

    def _choose(self) -> Behaviour:
        programmed = self.behaviours[min(self.calls, len(self.behaviours) - 1)]
        return choose(programmed, self.seed, self._number)

    async def _answer(
        self, asked: Asked, behaviour: Behaviour, dialect: Dialect, connection: Connection, bill: Bill
    ) -> None:
        pace, dice = self.pace, random.Random(f"{self.seed}/{asked.number}/pace")  # noqa: S311 - has to be repeatable
        await pause(self._clock, pace.varied(pace.latency, dice))
        if await _no_response(behaviour, connection):
            return
        if failed := failure(behaviour, asked, self.refuses):
            bill.status = failed.status
            connection.send(failed.status, dialect.error(failed), extra=headers(behaviour, pace))
        elif behaviour in _BODIES:
            bill.status = 200
            connection.send(200, *_BODIES[behaviour])
        else:
            text = answer(behaviour, asked, self.seed, pace.break_at)
            await deliver(Call(asked, behaviour, dialect, pace, self._clock, dice, connection, bill, text))


_BODIES: dict[Behaviour, tuple[bytes, str]] = {
    Behaviour.HTML: (b"<html><body>Welcome to the proxy</body></html>", "text/html"),
    Behaviour.EMPTY_BODY: (b"", "application/json"),
}


async def _no_response(behaviour: Behaviour, connection: Connection) -> bool:
    if behaviour is Behaviour.HANG:
        await forever()
    if behaviour is Behaviour.DROP:
        connection.hang_up()
    elif behaviour is Behaviour.RESET:
        connection.reset()
    return behaviour in (Behaviour.DROP, Behaviour.RESET)
