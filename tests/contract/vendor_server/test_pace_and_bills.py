"""How long answers take, what is counted, and what a vendor would bill."""

import asyncio
import time

import httpx
import pytest

from tests.contract.vendor_server.raw import DIALECTS, body, hear, url
from tests.vendor_server import Behaviour, Pace, VendorServer


async def seconds_of(client: httpx.AsyncClient, server: VendorServer, *, stream: bool) -> tuple[float, float]:
    """Seconds to the first token, and to the end."""
    began, first = time.monotonic(), 0.0
    asked = client.stream("POST", url(server, "openai"), json=body("openai", stream=stream))
    async with asked as response:
        async for text in response.aiter_text():
            if not first and '"content":"{' in text:
                first = time.monotonic() - began
    return first, time.monotonic() - began


async def leave_after(client: httpx.AsyncClient, server: VendorServer, seconds: float, *, stream: bool) -> None:
    """Ask, hang up before the end, and wait until the server has seen it."""
    asked = client.post(url(server, "openai"), json=body("openai", stream=stream))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(seconds):
            await asked
    async with asyncio.timeout(2):
        while not server.totals.finished:  # noqa: ASYNC110 - the server is a stranger here: it is only looked at
            await asyncio.sleep(0.005)


async def test_a_stream_begins_early_and_both_ways_take_equally_long(client: httpx.AsyncClient) -> None:
    pace = Pace(latency=1, first_token_seconds=4, tokens_per_second=25, scale=0.02)
    async with VendorServer(pace=pace) as server:
        first, streamed = await seconds_of(client, server, stream=True)
        _, whole = await seconds_of(client, server, stream=False)
    assert 0.1 <= first < streamed - 0.1
    assert 0.35 < streamed < 1.5
    assert 0.35 < whole < 1.5


async def test_jitter_varies_and_the_same_seed_varies_alike(client: httpx.AsyncClient) -> None:
    async def waits(seed: int) -> list[float]:
        async with VendorServer(latency=0.1, pace=Pace(jitter=0.9), seed=seed) as server:
            for _ in range(3):
                await hear(client, server, "openai")
            return [bill.seconds for bill in server.bills]

    first, again, other = await waits(1), await waits(1), await waits(2)
    assert first == pytest.approx(again, abs=0.04)
    assert first != pytest.approx(other, abs=0.04)


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
    async with VendorServer(pace=Pace(tokens_per_second=500)) as server:
        await leave_after(client, server, 0.25, stream=True)
        bill = server.bills[-1]
        assert bill.hung_up
        assert bill.prompt_tokens > 0
        assert 30 < bill.completion_tokens < 300
        assert server.totals.open_connections == 0


async def test_a_client_that_leaves_a_whole_answer_pays_for_what_was_generated(client: httpx.AsyncClient) -> None:
    async with VendorServer(pace=Pace(tokens_per_second=500)) as server:
        await leave_after(client, server, 0.25, stream=False)
        assert server.bills[-1].hung_up
        assert 30 < server.bills[-1].completion_tokens < 300


async def test_a_call_that_hangs_costs_nothing(client: httpx.AsyncClient) -> None:
    async with VendorServer([Behaviour.HANG]) as server:
        await leave_after(client, server, 0.1, stream=True)
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
    async with VendorServer(latency=0.1) as server:
        await asyncio.gather(*(hear(client, server, "openai") for _ in range(5)))
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
        with pytest.raises(httpx.ReadTimeout):
            await client.post(url(server, "openai"), json=body("openai"), timeout=0.05)
        server.reset()
        await hear(client, server, "openai")
        assert (server.totals.calls, server.totals.finished, server.totals.hung_up) == (1, 1, 0)
