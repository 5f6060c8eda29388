"""Calls that are cancelled, whenever that is, leave no connection open at the vendor."""

import asyncio
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import httpcore
import httpx
import pytest

from assessment.deadline import Deadline, SystemClock
from fakes.vendor_server import Behaviour, VendorServer
from providers.config import VendorConfig
from providers.routing.bounded import abandon
from providers.secret import Secret
from providers.vendors.litellm_vendor import LiteLLMVendor
from providers.vendors.transport import VendorTransport
from tests.unit.providers.fakes import order
from tests.waiting import until

CALLS = 200
AT_ONCE = 8


@pytest.fixture
async def server() -> AsyncIterator[VendorServer]:
    async with VendorServer() as server:
        yield server


async def test_a_request_that_is_cancelled_before_it_is_sent_closes_its_connection(
    server: VendorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected = asyncio.Event()

    async def wait_before_sending(*_: Any) -> None:
        connected.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(httpcore.AsyncHTTP11Connection, "handle_async_request", wait_before_sending)
    async with httpx.AsyncClient(transport=VendorTransport(verify=False)) as client:
        request = asyncio.ensure_future(client.post(f"{server.base_url}/chat/completions"))
        await connected.wait()
        await until(lambda: server.totals.open_connections == 1)
        request.cancel()
        await asyncio.wait({request})
        await until(lambda: server.totals.open_connections == 0)


async def test_a_request_that_is_cancelled_leaves_the_connections_of_others_alone(server: VendorServer) -> None:
    server.reset(Behaviour.HANG, Behaviour.HANG)
    body: dict[str, Any] = {"messages": [{"role": "user", "content": "write"}], "model": "m"}
    async with httpx.AsyncClient(transport=VendorTransport(verify=False)) as client:
        first, second = [
            asyncio.ensure_future(client.post(f"{server.base_url}/chat/completions", json=body)) for _ in range(2)
        ]
        await until(lambda: server.totals.in_flight == 2)
        first.cancel()
        await asyncio.wait({first})
        await until(lambda: server.totals.in_flight == 1)
        assert not second.done()
        second.cancel()
        await asyncio.wait({second})


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("model", ["openai/gpt-4o-mini", "anthropic/claude-sonnet-4-5"])
async def test_calls_that_are_cancelled_at_any_moment_leave_nothing_open(
    server: VendorServer, model: str, stream: bool
) -> None:
    server.reset(Behaviour.HANG, Behaviour.HANG_MID_BODY)
    address = server.base_url if model.startswith("openai") else server.root_url
    vendor = LiteLLMVendor(VendorConfig("v", model, api_base=address, stream=stream), Secret("sk"))
    dice, calls = Random(1), iter(range(CALLS))  # noqa: S311 - has to be repeatable

    async def cancel_some() -> None:
        for _ in calls:
            call = asyncio.ensure_future(vendor.write(order(5), Deadline(SystemClock(), 60), lambda _: None))
            await asyncio.sleep(0.05 * dice.random())
            abandon(call)

    await asyncio.gather(*(cancel_some() for _ in range(AT_ONCE)))
    await until(lambda: not server.totals.open_connections)
    assert server.totals.connections > 0
