"""The wall: a vendor that speaks OpenAI chat completions and breaks as the model's name says.

Each scenario has a room of its own, the first part of the path, with its own attempts and its own clock, so that all of
them can run at the same time. GET /ROOM/log tells what a room has seen and written; POST /ROOM/reset begins it anew.
"""

import asyncio
import sys
from collections import Counter
from itertools import pairwise

import msgspec

from assessment.deadline import Clock, SystemClock
from bench.failover.faults import (
    CUT_AFTER,
    MALFORMED_AFTER,
    MODELS,
    OUTAGE_SECONDS,
    RETRY_AFTER_SECONDS,
    SILENCE_SECONDS,
    SLOW_SECONDS,
    STALL_AFTER,
    STALL_SECONDS,
    TOKEN_SECONDS,
    TOKENS,
    Fault,
)
from fakes.vendor_server.answers import Answer
from fakes.vendor_server.asked import Asked, read
from fakes.vendor_server.connection import Connection, Request
from fakes.vendor_server.delivery import STREAM_HEAD, chunk
from fakes.vendor_server.failures import Failure
from fakes.vendor_server.items import Item, items_for
from fakes.vendor_server.loopback import LoopbackServer
from fakes.vendor_server.openai_dialect import DONE, OpenAIDialect

SEED = 11
LAST_CHUNK = b"0\r\n\r\n"
CHAT = "/chat/completions"
REFUSED_PREFILL = "400, prefill refused"
_DIALECT = OpenAIDialect()
_MALFORMED = b'data: {"id": "chatcmpl-0", "object": "chat.completion.chunk", "choices": [{"delta": {"content": \n\n'


def _failure(status: int, message: str, kind: str, code: str | None = None, param: str | None = None) -> Failure:
    return Failure(status, message, kind, kind, code, param)


LIMITED = _failure(429, "Rate limit reached.", "rate_limit_error", "rate_limit_exceeded")
BROKEN = _failure(500, "The server had an error while processing your request.", "server_error")
OVERLOADED = _failure(503, "The engine is currently overloaded.", "server_error", "overloaded")
TOO_LONG = _failure(
    400,
    "This model's maximum context length is 8192 tokens, and your messages have 9631.",
    "invalid_request_error",
    "context_length_exceeded",
    "messages",
)
FILTERED = _failure(
    400,
    "Your request was rejected as a result of our safety system.",
    "invalid_request_error",
    "content_policy_violation",
)
NO_PREFILL = _failure(
    400,
    "The last message must be a user's: this model continues no answer.",
    "invalid_request_error",
    "invalid_prefill",
    "messages",
)
UNKNOWN = _failure(404, "There is no such model.", "invalid_request_error", "model_not_found", "model")
NO_STREAM = _failure(400, "Here every answer is a stream.", "invalid_request_error", None, "stream")


class Attempt(msgspec.Struct):
    """A request that reached the wall: seconds after the room began, and what was done with it."""

    at: float
    model: str
    number: int
    prompt_size: int
    action: str = ""

    def __str__(self) -> str:
        return f"{self.at:.2f} s {self.model} no. {self.number}: {self.action}"


class Log(msgspec.Struct):
    """What a room has seen, and every item of which it wrote at least the beginning."""

    attempts: list[Attempt]
    items: list[Item]


class Room:
    """The attempts of one scenario."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = clock.monotonic()
        self._numbers: Counter[str] = Counter()
        self.log = Log([], [])

    @property
    def seconds(self) -> float:
        """How old it is."""
        return self._clock.monotonic() - self._began

    def arrived(self, model: str, prompt_size: int) -> Attempt:
        """Note an attempt."""
        self._numbers[model] += 1
        attempt = Attempt(round(self.seconds, 4), model, self._numbers[model], prompt_size)
        self.log.attempts.append(attempt)
        return attempt


class Wall(LoopbackServer):
    """The server."""

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__()
        self._clock = clock or SystemClock()
        self._rooms: dict[str, Room] = {}
        self._answers = 0  # over all rooms, so that no two items are alike

    async def _respond(self, request: Request, connection: Connection) -> None:
        name, _, path = request.path.removeprefix("/").partition("/")
        if path == "reset" or name not in self._rooms:
            self._rooms[name] = Room(self._clock)
        room = self._rooms[name]
        if path == "reset":
            connection.send(200, b"{}")
        elif path == "log":
            connection.send(200, msgspec.json.encode(room.log))
        elif f"/{path}".endswith(CHAT):
            await self._chat(request, room, connection)
        else:
            _refuse(connection, UNKNOWN)

    async def _chat(self, request: Request, room: Room, connection: Connection) -> None:
        self._answers += 1
        asked = read(msgspec.json.decode(request.content, type=dict), self._answers, len(request.content))
        attempt = room.arrived(asked.model, len(request.content))
        fault = MODELS.get(asked.model)
        if fault is None or not asked.streams:
            attempt.action = "refused: no such model, or no stream"
            _refuse(connection, NO_STREAM if fault else UNKNOWN)
        elif fault is Fault.SILENT:
            attempt.action = f"no response for {SILENCE_SECONDS:g} s"
            await self._clock.sleep(SILENCE_SECONDS)
            connection.hang_up()
        elif fault is Fault.RESET_ONCE and attempt.number == 1:
            attempt.action = "reset"
            connection.reset()
        elif failed := _refusal(fault, asked, attempt, room.seconds):
            failure, attempt.action, headers = failed
            connection.send(failure.status, _DIALECT.error(failure), extra=headers)
        else:
            await self._stream(asked, fault, attempt, _Stream(room, connection))

    async def _stream(self, asked: Asked, fault: Fault, attempt: Attempt, stream: "_Stream") -> None:
        items = items_for(asked, SEED)
        stream.room.log.items += items
        text = msgspec.json.encode({"items": items}).decode()
        answer = Answer(text)
        events = _DIALECT.spoken(asked, answer, tokens(text))
        attempt.action = "200, a stream"
        connection = stream.connection
        connection.write(STREAM_HEAD)
        if fault is Fault.SLOW:
            attempt.action = f"200, first token after {SLOW_SECONDS:g} s"
            await self._clock.sleep(SLOW_SECONDS)
        connection.write(chunk(events.opening))
        for number, piece in enumerate(events.pieces):
            if await self._breaks(fault, number, attempt, connection):
                return
            connection.write(chunk(piece))
            await connection.flush()
            await self._clock.sleep(TOKEN_SECONDS)
        closing = events.closing
        if fault is Fault.NO_DONE:
            attempt.action = "200, a whole stream without [DONE]"
            closing = closing.removesuffix(DONE)
        connection.write(chunk(closing) + LAST_CHUNK)
        await connection.flush()

    async def _breaks(self, fault: Fault, number: int, attempt: Attempt, connection: Connection) -> bool:
        """What happens before a token; tells whether the stream is over."""
        if fault is Fault.CUT and number == CUT_AFTER:
            attempt.action = f"200, cut after {number} of {TOKENS} tokens"
            connection.hang_up()
            return True
        if fault is Fault.STALL and number == STALL_AFTER:
            attempt.action = f"200, silent after {number} tokens for {STALL_SECONDS:g} s, then closed"
            await self._clock.sleep(STALL_SECONDS)
            connection.hang_up()
            return True
        if fault is Fault.MALFORMED and number == MALFORMED_AFTER:
            attempt.action = f"200, an event that is no JSON after {number} tokens"
            connection.write(chunk(_MALFORMED))
        return False


class _Stream(msgspec.Struct):
    """Where a stream goes."""

    room: Room
    connection: Connection


def tokens(text: str) -> list[str]:
    """Cut a text into the sixty pieces of an answer, as long as each other but for one character."""
    bounds = [number * len(text) // TOKENS for number in range(TOKENS + 1)]
    return [text[start:end] for start, end in pairwise(bounds)]


def _refuse(connection: Connection, failure: Failure) -> None:
    connection.send(failure.status, _DIALECT.error(failure))


def _refusal(fault: Fault, asked: Asked, attempt: Attempt, seconds: float) -> tuple[Failure, str, str] | None:
    """The error an attempt meets, what the log says of it, and its headers."""
    if fault is Fault.LIMITED_ONCE and attempt.number == 1:
        return LIMITED, f"429, Retry-After {RETRY_AFTER_SECONDS}", f"Retry-After: {RETRY_AFTER_SECONDS}\r\n"
    if fault is Fault.BROKEN_ONCE and attempt.number == 1:
        return BROKEN, "500", ""
    if fault is Fault.FLAP and seconds < OUTAGE_SECONDS:
        return OVERLOADED, "503, down", ""
    if fault is Fault.REFUSES_PREFILL and asked.body["messages"][-1].get("role") == "assistant":
        return NO_PREFILL, REFUSED_PREFILL, ""
    return _ALWAYS.get(fault)


_ALWAYS: dict[Fault, tuple[Failure, str, str]] = {
    Fault.LIMITED: (LIMITED, "429", ""),
    Fault.OVERLOADED: (OVERLOADED, "503", ""),
    Fault.TOO_LONG: (TOO_LONG, "400, context_length_exceeded", ""),
    Fault.FILTERED: (FILTERED, "400, content_policy_violation", ""),
}


async def _serve() -> None:
    async with Wall() as wall:
        print(wall.root_url, flush=True)  # noqa: T201 - its output
        await asyncio.Event().wait()


if __name__ == "__main__":
    with asyncio.Runner() as runner:
        sys.exit(runner.run(_serve()))
