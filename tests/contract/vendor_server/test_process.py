"""The vendor as a process of its own, driven from outside."""

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.contract.vendor_server.raw import body, read

START_SECONDS = 20


@pytest.fixture(scope="module")
async def address() -> AsyncIterator[str]:
    """The root URL of a vendor that was started with options."""
    options = ("--behaviour", "bad_gateway", "--behaviour", "good", "--keep", "5", "--tokens-per-second", "5000")
    command = (sys.executable, "-m", "fakes.vendor_server", *options)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    async with asyncio.timeout(START_SECONDS):
        line = await process.stdout.readline()
    yield line.decode().strip().removesuffix("/v1")
    process.terminate()
    await process.wait()


async def ask(client: httpx.AsyncClient, address: str) -> httpx.Response:
    return await client.post(f"{address}/v1/chat/completions", json=body("openai", stream=True))


async def told(client: httpx.AsyncClient, address: str, **change: Any) -> Any:
    response = await client.post(f"{address}/_control", json=change)
    assert response.status_code == 200
    return response.json()


async def test_it_does_what_the_command_line_says(client: httpx.AsyncClient, address: str) -> None:
    await told(client, address, reset=True, behaviours=["bad_gateway", "good"])
    assert (await ask(client, address)).status_code == 502
    assert len(read("openai", (await ask(client, address)).text).items) == 4
    state = (await client.get(f"{address}/_control")).json()
    assert state["pace"]["tokens_per_second"] == 5000
    assert state["totals"]["by_status"] == {"502": 1, "200": 1}


async def test_it_is_told_to_behave_differently_and_says_what_it_saw(client: httpx.AsyncClient, address: str) -> None:
    state = await told(client, address, reset=True, behaviours=["empty_list"], pace={"latency": 0.01}, seed=5)
    assert (state["behaviours"], state["pace"]["latency"], state["seed"]) == (["empty_list"], 0.01, 5)
    assert state["totals"]["calls"] == 0
    assert read("openai", (await ask(client, address)).text).items == []
    bills = (await client.get(f"{address}/_control/bills")).json()
    assert [(bill["behaviour"], bill["streamed"], bill["status"]) for bill in bills] == [("empty_list", True, 200)]


async def test_forms_can_be_refused_from_outside(client: httpx.AsyncClient, address: str) -> None:
    asked = body("anthropic", "tools")
    for refuses, status in ((["tools", "json_schema"], 400), ([], 200)):
        await told(client, address, reset=True, refuses=refuses)
        assert (await client.post(f"{address}/v1/messages", json=asked)).status_code == status


async def test_a_reset_connection_is_one_in_this_process_too(client: httpx.AsyncClient, address: str) -> None:
    await told(client, address, reset=True, behaviours=["reset"])
    with pytest.raises(httpx.ReadError):
        await ask(client, address)


@pytest.mark.parametrize(
    "change",
    [
        {"behaviours": ["teapot"]},
        {"behaviours": ["60% stall, 60% reset"]},
        {"behaviours": ["stall 5%"]},
        {"behaviours": []},
        {"pace": {"latencies": 1}},
        {"refuses": ["xml"]},
        {"refuses": ["text"]},
        {"colour": "red"},
    ],
)
async def test_a_change_that_cannot_be_is_refused_whole(
    client: httpx.AsyncClient, address: str, change: dict[str, Any]
) -> None:
    before = await told(client, address, reset=True)
    response = await client.post(f"{address}/_control", json={"seed": 99, "reset": True} | change)
    assert response.status_code == 400
    assert response.json()["error"]
    assert (await client.get(f"{address}/_control")).json()["seed"] == before["seed"]
