"""A good vendor answers in both dialects, in every form of JSON, whole and as a stream."""

import httpx
import pytest

from fakes.vendor_server import Pace, VendorServer
from tests.contract.vendor_server.raw import DIALECTS, FORMS, PAIRS, PLAN, Heard, body, hear, pairs_of, url, whole

SPOKEN = [(dialect, form) for dialect in DIALECTS for form in FORMS if (dialect, form) != ("anthropic", "json_object")]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(("dialect", "form"), SPOKEN)
async def test_the_items_are_those_asked_for(
    client: httpx.AsyncClient, server: VendorServer, dialect: str, form: str, stream: bool
) -> None:
    heard = await hear(client, server, dialect, form, stream=stream)
    assert pairs_of(heard.items) == PAIRS
    assert all(len(set(item["options"])) == 4 and item["key"] in range(4) for item in heard.items)
    assert bool(heard.tool) == (form == "tools")
    assert server.bills[-1].form == form


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_the_usage_told_is_the_usage_billed(
    client: httpx.AsyncClient, server: VendorServer, dialect: str, stream: bool
) -> None:
    heard = await hear(client, server, dialect, stream=stream)
    bill = server.bills[-1]
    assert heard.usage == {"in": bill.prompt_tokens, "out": bill.completion_tokens}
    assert min(heard.usage.values()) > 0


async def test_a_stream_of_chat_completions_ends_as_documented(client: httpx.AsyncClient, server: VendorServer) -> None:
    heard = await hear(client, server, "openai", stream=True)
    assert heard.events[-1] == "[DONE]"
    assert len(heard.events) > 50


async def test_a_stream_of_messages_has_the_events_of_the_dialect(
    client: httpx.AsyncClient, server: VendorServer
) -> None:
    heard = await hear(client, server, "anthropic", stream=True)
    assert heard.events[:3] == ["message_start", "content_block_start", "ping"]
    assert heard.events[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert set(heard.events[3:-3]) == {"content_block_delta"}
    assert heard.finish == "end_turn"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_a_tool_call_has_its_own_ending(client: httpx.AsyncClient, server: VendorServer, stream: bool) -> None:
    assert (await hear(client, server, "anthropic", "tools", stream=stream)).finish == "tool_use"
    forced = await hear(client, server, "openai", "tools")
    assert forced.finish == "stop"


async def test_usage_is_streamed_only_to_those_who_ask(client: httpx.AsyncClient, server: VendorServer) -> None:
    asked = body("openai", stream=True)
    del asked["stream_options"]
    response = await client.post(url(server, "openai"), json=asked)
    assert "usage" not in response.text


async def test_every_call_writes_new_stems_also_after_a_reset(client: httpx.AsyncClient, server: VendorServer) -> None:
    first = await hear(client, server, "openai")
    second = await hear(client, server, "anthropic")
    server.reset()
    third = await hear(client, server, "openai")
    stems = {item["stem"] for heard in (first, second, third) for item in heard.items}
    assert len(stems) == 12


async def test_two_servers_write_different_stems_unless_they_have_one_seed(client: httpx.AsyncClient) -> None:
    async def first_answer(seed: int | None) -> Heard:
        async with VendorServer(seed=seed) as server:
            return await hear(client, server, "openai")

    assert (await first_answer(1)).items == (await first_answer(1)).items
    assert (await first_answer(None)).items != (await first_answer(None)).items


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_without_a_plan_the_schema_says_what_is_wanted(
    client: httpx.AsyncClient, server: VendorServer, dialect: str
) -> None:
    response = await client.post(url(server, dialect), json=body(dialect, "json_schema", prompt="Four, please."))
    items = whole(dialect, response.json()).items
    assert [item["skill"] for item in items] == ["s1", "s2", "s1", "s2"]


async def test_one_connection_serves_many_calls(client: httpx.AsyncClient, server: VendorServer) -> None:
    for _ in range(3):
        await hear(client, server, "openai", stream=True)
        await hear(client, server, "anthropic")
    assert (server.totals.calls, server.totals.connections) == (6, 1)


async def test_several_tokens_can_share_an_event(client: httpx.AsyncClient) -> None:
    async with VendorServer(pace=Pace(tokens_per_event=50)) as server:
        heard = await hear(client, server, "openai", stream=True)
    assert len(heard.events) < 15
    assert len(heard.items) == PLAN.count("- skill")
