"""A vendor on a loopback port that behaves as it is told."""

import random
import secrets
import ssl
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

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
from fakes.vendor_server.loopback import LoopbackServer
from fakes.vendor_server.openai_dialect import OpenAIDialect
from fakes.vendor_server.pace import Pace, pause

KEEP = 1_000
_DIALECTS: dict[str, Dialect] = {"/chat/completions": OpenAIDialect(), "/messages": AnthropicDialect()}


class VendorServer(LoopbackServer):
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
        super().__init__(tls)
        self._clock = clock or SystemClock()
        self.behaviours: Sequence[str] = behaviours
        self.pace = pace or Pace()
        self.pace.latency = latency or self.pace.latency
        self.refuses = refusable(refuses)
        self.seed = secrets.randbits(32) if seed is None else seed
        self.counters = Counters(keep, self._clock)
        self._number = 0  # never starts again, so that an item is new also after a reset

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
    def calls_ever(self) -> int:
        """The same, since the start and not since the last reset."""
        return self._number

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
    def base_url(self) -> str:
        """What a configuration names as `api_base` of an OpenAI model."""
        return f"{self.root_url}/v1"

    def reset(self, *behaviours: str) -> None:
        """Forget what was received and behave differently from now on."""
        self.behaviours = behaviours or (Behaviour.GOOD,)
        self.pace.latency = 0.0
        self.refuses = frozenset()
        self.counters.reset()

    def _opened(self, connection: Connection) -> None:
        super()._opened(connection)
        self.counters.connected()

    def _closed(self, connection: Connection) -> None:
        super()._closed(connection)
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
