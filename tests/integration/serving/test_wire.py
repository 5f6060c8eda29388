"""What strangers can do with a connection, against the real server with small limits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from piccolo_conf import DB
from tests.integration.deployment import Deployment, deployed
from tests.integration.serving.raw import Answer, RawConnection, connected
from tests.server_process import ONE_PROCESS, ServerProcess, serving
from tests.waiting import until

IMPATIENT = {"RETAKE_HEAD_SECONDS": "1", "RETAKE_BODY_SECONDS": "1", "RETAKE_IDLE_SECONDS": "0.5"}
SMALL = {"RETAKE_MAX_CONNECTIONS": "24", "RETAKE_MAX_CONNECTIONS_PER_ADDRESS": "16"}
MEGABYTES = 40  # sent at most; without bounds each costs as much memory
TAKEN = 20.0  # what kernel buffers and the moment of throwing away may take of them
GROWTH = 20.0
HEAD = b"GET / HTTP/1.1\r\nhost: retake.test\r\n"
READS_A_BODY = b"POST /api/v1/step3/store-verification-items/store HTTP/1.1\r\nhost: retake.test\r\n"
PIECE = b"a" * 100_000
LINES = b"".join(b"x-%d: " % number + b"a" * 1000 + b"\r\n" for number in range(100))

ENDLESS = {
    "headers": (HEAD, LINES, "HEADERS_TOO_LARGE"),
    "one header": (HEAD + b"x-long: ", PIECE, "HEADERS_TOO_LARGE"),
    "the name of a header": (HEAD, PIECE, "HEADERS_TOO_LARGE"),
    "the address": (b"GET /", PIECE, "URI_TOO_LONG"),
    "the query": (b"GET /?", PIECE, "URI_TOO_LONG"),
    "a body of a known length": (READS_A_BODY + b"content-length: 99000000\r\n\r\n", PIECE, "PAYLOAD_TOO_LARGE"),
    "a body in pieces": (
        READS_A_BODY + b"transfer-encoding: chunked\r\n\r\n",
        b"%x\r\n%b\r\n" % (len(PIECE), PIECE),
        "PAYLOAD_TOO_LARGE",
    ),
    "a body in tiny pieces": (
        READS_A_BODY + b"transfer-encoding: chunked\r\n\r\n",
        b"1\r\n \r\n" * 10_000,
        "PAYLOAD_TOO_LARGE",
    ),
    "what is written beside a piece": (
        READS_A_BODY + b"transfer-encoding: chunked\r\n\r\n1;",
        PIECE,
        "PAYLOAD_TOO_LARGE",
    ),
    "headers behind the body": (READS_A_BODY + b"transfer-encoding: chunked\r\n\r\n0\r\n", LINES, "PAYLOAD_TOO_LARGE"),
}
# two that come late in the middle of something
LATE = {
    "an address": (b"GET /", b"a"),
    "a head": (HEAD, b"x-a: b\r\n"),
    "a header": (HEAD + b"x-a: ", b"a"),
    "a body": (READS_A_BODY + b"content-length: 9000\r\n\r\n", b" "),
    "a body in pieces": (READS_A_BODY + b"transfer-encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "a body that does not come": (READS_A_BODY + b"content-length: 9000\r\n\r\n", b""),
    "headers behind the body": (READS_A_BODY + b"transfer-encoding: chunked\r\n\r\n0\r\n", b"x-a: b\r\n"),
}


class Wire:
    """The server under attack."""

    def __init__(self, server: ServerProcess, log: Path) -> None:
        self.server = server
        self.log = log

    def memory_peak(self) -> float:
        """The most memory the process ever had, in megabytes; it is the one that was started."""
        status = Path(f"/proc/{self.server.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1000

    def events(self, name: str) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = [msgspec.json.decode(line) for line in self.log.read_bytes().splitlines()]
        return [event for event in events if event["event"] == name]


@pytest.fixture(scope="module")
async def deployment(app: object) -> AsyncIterator[Deployment]:
    async with deployed(DB) as deployment:
        yield deployment


@pytest.fixture(scope="module")
async def wire(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Wire]:
    """A server without patience."""
    async with _wire(deployment, tmp_path_factory.mktemp("wire") / "log", IMPATIENT) as wire:
        yield wire


@pytest.fixture
async def small(deployment: Deployment, tmp_path: Path) -> AsyncIterator[Wire]:
    """A server with few places."""
    async with _wire(deployment, tmp_path / "log", SMALL) as wire:
        yield wire


@asynccontextmanager
async def _wire(deployment: Deployment, log: Path, limits: dict[str, str]) -> AsyncIterator[Wire]:
    with log.open("wb") as logged:
        async with serving({**deployment.environment, **limits}, *ONE_PROCESS, logged=logged) as server:
            yield Wire(server, log)


@pytest.mark.parametrize(("start", "piece", "code"), ENDLESS.values(), ids=ENDLESS)
async def test_what_never_ends_is_told_off_early_and_kept_nowhere(
    wire: Wire, start: bytes, piece: bytes, code: str
) -> None:
    before = wire.memory_peak()
    async with connected(wire.server.port) as connection:
        await connection.send(start)
        flooding = asyncio.create_task(connection.flood(piece, MEGABYTES))
        answer = await connection.answer()
        assert answer.code == code
        assert answer.headers["connection"] == "close"
        assert await flooding < TAKEN
    assert wire.memory_peak() - before < GROWTH


@pytest.mark.parametrize(("start", "piece"), LATE.values(), ids=LATE)
async def test_what_does_not_arrive_whole_in_time_is_answered_408(wire: Wire, start: bytes, piece: bytes) -> None:
    async with connected(wire.server.port) as connection:
        await connection.send(start)
        dripping = asyncio.create_task(connection.drip(piece))
        answer = await connection.answer()
        assert (answer.status, answer.code) == (408, "REQUEST_TIMEOUT")
        await connection.rest()
        await dripping


@pytest.mark.parametrize("piece", [b"", b"\r\n"], ids=["nothing", "empty lines"])
async def test_a_connection_without_a_request_is_closed(wire: Wire, piece: bytes) -> None:
    async with connected(wire.server.port) as fresh, connected(wire.server.port) as used:
        assert (await _ask(used)).status == 200
        dripping = [asyncio.create_task(connection.drip(piece)) for connection in (fresh, used)]
        ends = [await connection.rest() for connection in (fresh, used)]
        assert ends == [b"", b""] if not piece else all(end.startswith(b"HTTP/1.1 408 ") for end in ends)
        await asyncio.gather(*dripping)


async def test_requests_within_the_limits_are_answered_one_after_the_other_on_one_connection(wire: Wire) -> None:
    body = b'{"sessionToken": "%b"}' % (b"a" * 60_000)
    lengthy = HEAD + b"x-long: " + b"a" * 30_000 + b"\r\n\r\n"
    bodied = READS_A_BODY + b"content-length: %d\r\n\r\n" % len(body) + body
    chunked = READS_A_BODY + b"transfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\nx-a: b\r\n\r\n" % (len(body), body)
    async with connected(wire.server.port) as connection:
        for request, status in ((lengthy, 200), (bodied, 404), (chunked, 404), (lengthy, 200)):
            await connection.send(request)
            assert (await connection.answer()).status == status
        await connection.send(bodied + chunked + HEAD + b"\r\n")  # all at once
        assert [(await connection.answer()).status for _ in range(3)] == [404, 404, 200]


async def test_rubbish_has_the_shape_of_all_errors_and_comes_after_the_answer_before_it(wire: Wire) -> None:
    async with connected(wire.server.port) as connection:
        await connection.send(b"rubbish\r\n\r\n")
        assert (await connection.answer()).code == "INVALID_INPUT"
    async with connected(wire.server.port) as connection:
        await connection.send(HEAD + b"\r\nrubbish\r\n\r\n")
        assert (await connection.answer()).status == 200
        assert await connection.rest() == b""
    async with connected(wire.server.port) as connection:
        await connection.send(READS_A_BODY + b"transfer-encoding: chunked\r\n\r\nrubbish\r\n")
        assert (await connection.answer()).code == "INVALID_INPUT"
        assert await connection.rest() == b""


async def test_a_client_that_hangs_up_in_the_middle_is_no_error_of_ours(wire: Wire) -> None:
    before = len(wire.events("request"))
    async with connected(wire.server.port) as connection:
        await connection.send(READS_A_BODY + b"content-length: 9000\r\n\r\n{")
        await asyncio.sleep(0.1)
    await until(lambda: len(wire.events("request")) > before)
    assert wire.events("request")[-1]["status"] == 408
    assert wire.events("unexpected_error") == []


async def test_one_address_does_not_take_every_place_and_the_log_says_so_once(small: Wire) -> None:
    async with AsyncExitStack() as stack:
        held = [await stack.enter_async_context(connected(small.server.port, "127.0.0.2")) for _ in range(16)]
        await asyncio.gather(*(_ask(connection) for connection in held))
        for _ in range(3):
            one_more = await stack.enter_async_context(connected(small.server.port, "127.0.0.2"))
            refused = await one_more.answer()
            assert (refused.status, refused.code) == (503, "SERVICE_UNAVAILABLE")
            assert "retry-after" in refused.headers
        assert (await _ask(await stack.enter_async_context(connected(small.server.port, "127.0.0.3")))).status == 200
    assert len(small.events("connections_of_one_address_full")) == 1


async def test_those_who_only_hold_connections_make_room_for_those_who_ask(small: Wire) -> None:
    async with AsyncExitStack() as stack:
        for source in ("127.0.0.4", "127.0.0.5", "127.0.0.6"):
            for _ in range(8):
                await stack.enter_async_context(connected(small.server.port, source))
        for _ in range(24):
            async with connected(small.server.port, "127.0.0.7") as stranger:
                assert (await _ask(stranger)).status == 200
    (full, *more) = small.events("connections_full")
    assert (full["level"], full["limit"], more) == ("warning", 24, [])


async def _ask(connection: RawConnection) -> Answer:
    await connection.send(HEAD + b"\r\n")
    return await connection.answer()
