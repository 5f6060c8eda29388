"""How an answer goes out: in its time, whole or as a stream, to its end or until something breaks."""

import asyncio
import random

import msgspec

from assessment.deadline import Clock
from fakes.vendor_server.answers import Answer
from fakes.vendor_server.asked import Asked
from fakes.vendor_server.behaviours import Behaviour
from fakes.vendor_server.connection import Connection, head
from fakes.vendor_server.counters import Bill
from fakes.vendor_server.dialects import LONG_TEXT, Dialect, Events
from fakes.vendor_server.failures import FAILURES
from fakes.vendor_server.pace import Pace, pause

_CHARACTERS_PER_TOKEN = 4
STREAM_HEAD = head(200, "text/event-stream; charset=utf-8", "Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n")
_LAST_CHUNK = b"0\r\n\r\n"
_BREAKS = frozenset(
    {
        Behaviour.HANG_MID_BODY,
        Behaviour.STALL,
        Behaviour.CLOSE_MID_BODY,
        Behaviour.RESET_MID_BODY,
        Behaviour.STREAM_ERROR,
        Behaviour.BROKEN_STREAM,
    }
)


class Call(msgspec.Struct):
    """All that belongs to one call."""

    asked: Asked
    behaviour: Behaviour
    dialect: Dialect
    pace: Pace
    clock: Clock
    dice: random.Random
    connection: Connection
    bill: Bill
    answer: Answer

    @property
    def seconds_to_first_token(self) -> float:
        """Before the first token there is silence."""
        if self.behaviour is Behaviour.SLOW_FIRST_TOKEN:
            return self.pace.scaled(self.pace.slow_first_token_seconds)
        return self.pace.varied(self.pace.first_token_seconds, self.dice)

    @property
    def speed(self) -> float:
        """Tokens in a second; an answer without end comes at once."""
        return 0.0 if len(self.answer.text) > LONG_TEXT else self.pace.speed

    def written(self, share: float) -> None:
        """Bill what is written so far."""
        self.bill.completion_tokens = int(self.answer.tokens * share)


async def forever() -> None:
    """Say nothing more; the client has to end it."""
    await asyncio.get_running_loop().create_future()


async def deliver(call: Call) -> None:
    """Send the answer as it was asked for."""
    call.bill.status = 200
    call.bill.prompt_tokens = call.asked.prompt_tokens
    await (_stream(call) if call.asked.streams else _whole(call))


async def _stream(call: Call) -> None:
    events = call.dialect.events(call.asked, call.answer, _CHARACTERS_PER_TOKEN * call.pace.tokens_per_event)
    connection = call.connection
    if call.behaviour is Behaviour.DRIP:
        await _drip_stream(call, events)
        return
    connection.write(STREAM_HEAD + chunk(events.opening))
    await pause(call.clock, call.seconds_to_first_token)
    middle = int(len(events.pieces) * call.pace.break_at) if call.behaviour in _BREAKS else len(events.pieces)
    await _pieces(call, events.pieces, 0, middle)
    if call.behaviour in _BREAKS and not await _goes_on(call, events.pieces[middle:]):
        return
    await _pieces(call, events.pieces, middle, len(events.pieces))
    connection.write(chunk(events.closing) + _LAST_CHUNK)
    await connection.flush()


async def _pieces(call: Call, pieces: list[bytes], start: int, end: int) -> None:
    """Write the pieces as they fall due; those of one tick in one go."""
    speed = call.speed / call.pace.tokens_per_event
    began, sent = call.clock.monotonic(), start
    while sent < end:
        due = min(end, start + 1 + int((call.clock.monotonic() - began) * speed)) if speed else end
        if due > sent:
            call.connection.write(chunk(b"".join(pieces[sent:due])))
            sent = due
            call.written(sent / len(pieces))
            await call.connection.flush()
        if sent < end:
            await call.clock.sleep(max(call.pace.tick_seconds, began + (sent - start) / speed - call.clock.monotonic()))


async def _goes_on(call: Call, rest: list[bytes]) -> bool:
    """What happens in the middle of a stream; tells whether the rest follows."""
    connection = call.connection
    if call.behaviour is Behaviour.STREAM_ERROR:
        connection.write(chunk(call.dialect.error_event(FAILURES[Behaviour.OVERLOADED])) + _LAST_CHUNK)
        return False
    if call.behaviour is Behaviour.BROKEN_STREAM:
        broken = b"".join(rest[:1])
        connection.write(chunk(broken[: len(broken) * 3 // 4] + b"\n\n"))
        return True
    return await _connection_goes_on(call)


async def _connection_goes_on(call: Call) -> bool:
    if call.behaviour is Behaviour.HANG_MID_BODY:
        await forever()
    if call.behaviour is Behaviour.CLOSE_MID_BODY:
        call.connection.hang_up()
        return False
    if call.behaviour is Behaviour.RESET_MID_BODY:
        call.connection.reset()
        return False
    await pause(call.clock, call.pace.scaled(call.pace.stall_seconds))
    return True


async def _whole(call: Call) -> None:
    await _generate(call)
    content = call.dialect.whole(call.asked, call.answer)
    if call.behaviour is Behaviour.STREAM_ERROR:
        content = call.dialect.error(FAILURES[Behaviour.OVERLOADED])
    elif call.behaviour is Behaviour.BROKEN_STREAM:
        content = content[: int(len(content) * call.pace.break_at)]
    elif call.behaviour in _BREAKS:
        await _whole_that_breaks(call, content)
        return
    elif call.behaviour is Behaviour.DRIP:
        call.connection.write(_whole_head(content))
        await _drip(call, [content[at : at + 1] for at in range(len(content))])
        return
    call.connection.send(200, content)
    await call.connection.flush()


async def _generate(call: Call) -> None:
    """Take the time the whole answer takes; a client that leaves before pays for what was generated."""
    first = call.seconds_to_first_token
    writing = call.answer.tokens / call.speed if call.speed else 0.0
    began = call.clock.monotonic()
    try:
        await pause(call.clock, first + writing)
    except asyncio.CancelledError:
        call.written(max(0.0, call.clock.monotonic() - began - first) / writing if writing else 0.0)
        raise
    call.written(1.0)


async def _whole_that_breaks(call: Call, content: bytes) -> None:
    middle = int(len(content) * call.pace.break_at)
    call.connection.write(_whole_head(content) + content[:middle])
    if await _connection_goes_on(call):
        call.connection.write(content[middle:])


async def _drip_stream(call: Call, events: Events) -> None:
    content = b"".join((events.opening, *events.pieces, events.closing))
    call.connection.write(STREAM_HEAD)
    await _drip(call, [chunk(content[at : at + 1]) for at in range(len(content))])
    call.connection.write(_LAST_CHUNK)


async def _drip(call: Call, drops: list[bytes]) -> None:
    for count, drop in enumerate(drops, start=1):
        call.connection.write(drop)
        if call.asked.streams:
            call.written(count / len(drops))
        await call.clock.sleep(call.pace.scaled(call.pace.drip_seconds))


def _whole_head(content: bytes) -> bytes:
    return head(200, "application/json", f"Content-Length: {len(content)}\r\n")


def chunk(content: bytes) -> bytes:
    """A piece of a body whose length is not told beforehand."""
    return b"%x\r\n%b\r\n" % (len(content), content)
