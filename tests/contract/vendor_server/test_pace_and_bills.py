"""How long answers take, what is counted, and what a vendor would bill."""

import asyncio
from collections.abc import Awaitable

import httpx
import pytest

from fakes.vendor_server import Behaviour, Pace, VendorServer
from fakes.vendor_server.connection import Connection
from tests.contract.vendor_server.raw import DIALECTS, body, hear, url
from tests.contract.vendor_server.timeline import Timeline
from tests.waiting import until


async def leave_when(
    moment: Awaitable[object], client: httpx.AsyncClient, server: VendorServer, *, stream: bool
) -> None:
    """Ask, hang up at that moment, and wait until the server has seen it."""
    asked = asyncio.create_task(client.post(url(server, "openai"), json=body("openai", stream=stream)))
    await moment
    asked.cancel()
    await until(lambda: bool(server.totals.finished))


async def test_a_stream_begins_early_and_both_ways_take_equally_long(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    time, first_tokens, write = Timeline(), list[float](), Connection.write

    def noting(connection: Connection, content: bytes) -> None:
        if b'"content":"{' in content:
            first_tokens.append(time.monotonic())
        write(connection, content)

    monkeypatch.setattr(Connection, "write", noting)
    pace = Pace(latency=1, first_token_seconds=4, tokens_per_second=25)
    async with VendorServer(pace=pace, clock=time) as server:
        for stream in (True, False):
            await hear(client, server, "openai", stream=stream)
        streamed, whole = server.bills
    assert first_tokens[0] == 5
    assert streamed.seconds == pytest.approx(5 + streamed.completion_tokens / 25, abs=0.1)
    assert whole.seconds == pytest.approx(5 + whole.completion_tokens / 25)


async def test_jitter_varies_and_the_same_seed_varies_alike(client: httpx.AsyncClient) -> None:
    async def waits(seed: int) -> list[float]:
        async with VendorServer(latency=0.1, pace=Pace(jitter=0.9), seed=seed, clock=Timeline()) as server:
            for _ in range(3):
                await hear(client, server, "openai")
            return [bill.seconds for bill in server.bills]

    first, again, other = await waits(1), await waits(1), await waits(2)
    assert first == pytest.approx(again)
    assert first != pytest.approx(other)
    assert len(set(first)) == 3
    assert all(0.01 <= seconds <= 0.19 for seconds in first + other)


async def test_shares_are_met_and_one_seed_draws_the_same(client: httpx.AsyncClient) -> None:
    async def met(seed: int) -> list[str]:
        async with VendorServer(["25% server_error, 25% empty_body"], seed=seed) as server:
            for _ in range(60):
                await client.post(url(server, "openai"), json=body("openai"))
            return [bill.behaviour for bill in server.bills]

    drawn = await met(3)
    assert drawn == await met(3)
    assert drawn != await met(4)
    assert {behaviour: 5 < drawn.count(behaviour) < 25 for behaviour in ("server_error", "empty_body")} == {
        "server_error": True,
        "empty_body": True,
    }
    assert drawn.count("good") == 60 - drawn.count("server_error") - drawn.count("empty_body")


async def test_behaviours_are_taken_call_by_call_and_the_last_one_stays(
    client: httpx.AsyncClient, server: VendorServer
) -> None:
    server.reset(Behaviour.SERVER_ERROR, Behaviour.RATE_LIMITED, Behaviour.GOOD)
    statuses = [(await client.post(url(server, "openai"), json=body("openai"))).status_code for _ in range(4)]
    assert statuses == [500, 429, 200, 200]
    assert server.totals.by_status == {"500": 1, "429": 1, "200": 2}
    assert server.totals.by_behaviour == {"server_error": 1, "rate_limited": 1, "good": 2}


async def test_a_client_that_leaves_a_stream_pays_for_what_was_written(client: httpx.AsyncClient) -> None:
    time = Timeline(end=0.25)
    async with VendorServer(pace=Pace(tokens_per_second=500), clock=time) as server:
        await leave_when(time.is_over.wait(), client, server, stream=True)
        bill = server.bills[-1]
        assert bill.hung_up
        assert bill.prompt_tokens > 0
        assert bill.completion_tokens == pytest.approx(125, abs=15)  # what fell due in the last tick is not written
        assert server.totals.open_connections == 0


async def test_a_client_that_leaves_a_whole_answer_pays_for_what_was_generated(client: httpx.AsyncClient) -> None:
    time = Timeline(end=0.25)
    async with VendorServer(pace=Pace(tokens_per_second=500), clock=time) as server:
        await leave_when(time.is_over.wait(), client, server, stream=False)
        assert server.bills[-1].hung_up
        assert server.bills[-1].completion_tokens == pytest.approx(125, abs=1)


async def test_a_call_that_hangs_costs_nothing(client: httpx.AsyncClient) -> None:
    async with VendorServer([Behaviour.HANG]) as server:
        await leave_when(until(lambda: bool(server.calls)), client, server, stream=True)
        bill = server.bills[-1]
        assert (bill.hung_up, bill.status, bill.prompt_tokens, bill.bytes_sent) == (True, 0, 0, 0)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_the_sums_are_those_of_the_bills(client: httpx.AsyncClient, server: VendorServer, dialect: str) -> None:
    for stream in (True, False, True):
        await hear(client, server, dialect, stream=stream)
    totals, bills = server.totals, server.bills
    assert totals.calls == totals.finished == len(bills) == 3
    assert totals.completion_tokens == sum(bill.completion_tokens for bill in bills)
    assert totals.bytes_sent == sum(bill.bytes_sent for bill in bills) > 3_000
    assert totals.bytes_received > 0
    assert [bill.streamed for bill in bills] == [True, False, True]
    assert {bill.dialect for bill in bills} == {dialect}


async def test_calls_in_flight_are_counted(client: httpx.AsyncClient) -> None:
    time = Timeline(end=0)
    async with VendorServer(latency=0.1, clock=time) as server:
        calls = [asyncio.create_task(hear(client, server, "openai")) for _ in range(5)]
        await until(lambda: server.totals.in_flight == 5)
        time.goes_on.set()
        await asyncio.gather(*calls)
        assert (server.totals.most_in_flight, server.totals.in_flight) == (5, 0)
        assert server.totals.most_open_connections == 5


async def test_only_as_much_is_kept_as_is_wanted(client: httpx.AsyncClient) -> None:
    for keep in (0, 2):
        async with VendorServer(keep=keep) as server:
            for _ in range(3):
                await hear(client, server, "openai")
            assert (len(server.requests), len(server.keys), len(server.bills)) == (keep, keep, keep)
            assert server.calls == 3


async def test_the_key_of_either_dialect_is_kept(client: httpx.AsyncClient, server: VendorServer) -> None:
    await client.post(url(server, "openai"), json=body("openai"), headers={"Authorization": "Bearer a"})
    await client.post(url(server, "anthropic"), json=body("anthropic"), headers={"x-api-key": "b"})
    assert server.keys == ["Bearer a", "b"]


async def test_a_reset_forgets_what_is_still_going_on(client: httpx.AsyncClient) -> None:
    async with VendorServer([Behaviour.HANG]) as server:
        hanging = asyncio.create_task(client.post(url(server, "openai"), json=body("openai")))
        await until(lambda: bool(server.calls))
        server.reset()
        await hear(client, server, "openai")
        hanging.cancel()
        await until(lambda: not server.totals.in_flight)
        assert (server.totals.calls, server.totals.finished, server.totals.hung_up) == (1, 1, 0)
