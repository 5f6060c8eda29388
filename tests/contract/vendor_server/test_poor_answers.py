"""Answers with status 200 that are no good, each in its own way."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from fakes.vendor_server import Behaviour, VendorServer
from tests.contract.vendor_server.raw import DIALECTS, PLAN, closed_items, hear, post

Items = list[dict[str, Any]]

OF_THE_ITEMS: dict[Behaviour, Callable[[Items], bool]] = {
    Behaviour.EMPTY_LIST: lambda items: items == [],
    Behaviour.FEWER: lambda items: len(items) == 2,
    Behaviour.MORE: lambda items: len(items) == 8,
    Behaviour.ONE_BROKEN: lambda items: [type(item["key"]) for item in items] == [str, int, int, int],
    Behaviour.DUPLICATES: lambda items: len(items) == 4 and len({item["stem"] for item in items}) == 1,
    Behaviour.THREE_OPTIONS: lambda items: all(len(set(item["options"])) == 3 and item["key"] < 3 for item in items),
    Behaviour.KEY_OUT_OF_RANGE: lambda items: all(item["key"] == 7 for item in items),
    Behaviour.KEY_AS_LETTER: lambda items: all(item["key"] in "ABCD" for item in items),
    Behaviour.KEY_AS_TEXT: lambda items: all(item["key"] in item["options"] for item in items),
    Behaviour.WRONG_LANGUAGE: lambda items: len({item["stem"] for item in items if "würden Sie" in item["stem"]}) == 4,
}

OF_THE_TEXT: dict[Behaviour, Callable[[str], bool]] = {
    Behaviour.EMPTY: lambda text: not text,
    Behaviour.REFUSED: lambda text: not text,
    Behaviour.REFUSAL_TEXT: lambda text: text.startswith("I'm sorry"),
    Behaviour.PROSE: lambda text: text.startswith("Sure!") and "```json" in text and len(closed_items(text)) == 4,
    Behaviour.FENCE: lambda text: text.startswith("```json\n{") and text.endswith("}\n```"),
    Behaviour.BROKEN_JSON: lambda text: text.startswith("{") and not _is_json(text) and _is_json(text[:2] + '":0}'),
    Behaviour.OTHER_KEYS: lambda text: list(json.loads(text)) == ["questions"],
    Behaviour.NO_JSON: lambda text: "weather" in text,
    Behaviour.ECHO: lambda text: text == PLAN,
    Behaviour.HUGE: lambda text: len(text) > 10_000_000 and len(closed_items(text[:9_000])) == 4,
}

CUT_OFF = {
    Behaviour.TRUNCATED: {"openai": "length", "anthropic": "max_tokens"},
    Behaviour.FILTERED: {"openai": "content_filter", "anthropic": "refusal"},
}

MODES = [(dialect, stream) for dialect in DIALECTS for stream in (False, True)]


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(("dialect", "stream"), MODES)
@pytest.mark.parametrize("behaviour", OF_THE_ITEMS)
async def test_items_are_bad_in_the_way_that_is_programmed(
    client: httpx.AsyncClient, server: VendorServer, behaviour: Behaviour, dialect: str, stream: bool
) -> None:
    server.reset(behaviour)
    assert OF_THE_ITEMS[behaviour]((await hear(client, server, dialect, stream=stream)).items)


@pytest.mark.parametrize(("dialect", "stream"), MODES)
@pytest.mark.parametrize("behaviour", OF_THE_TEXT)
async def test_a_text_is_bad_in_the_way_that_is_programmed(
    client: httpx.AsyncClient, server: VendorServer, behaviour: Behaviour, dialect: str, stream: bool
) -> None:
    server.reset(behaviour)
    heard = await hear(client, server, dialect, stream=stream)
    assert OF_THE_TEXT[behaviour](heard.text)
    assert heard.finish


@pytest.mark.parametrize(("dialect", "stream"), MODES)
@pytest.mark.parametrize("behaviour", CUT_OFF)
async def test_an_answer_that_is_cut_off_says_so(
    client: httpx.AsyncClient, server: VendorServer, behaviour: Behaviour, dialect: str, stream: bool
) -> None:
    server.reset(behaviour)
    heard = await hear(client, server, dialect, stream=stream)
    assert heard.finish == CUT_OFF[behaviour][dialect]
    assert len(closed_items(heard.text)) in (1, 2)


async def test_a_tool_call_that_is_cut_off_keeps_its_parts_only_in_a_stream(
    client: httpx.AsyncClient, server: VendorServer
) -> None:
    server.reset(Behaviour.TRUNCATED)
    assert (await hear(client, server, "anthropic", "tools")).tool == "{}"
    assert '"stem"' in (await hear(client, server, "anthropic", "tools", stream=True)).tool


@pytest.mark.parametrize("form", ["json_schema", "text"])
async def test_a_refusal_has_its_own_place(client: httpx.AsyncClient, server: VendorServer, form: str) -> None:
    server.reset(Behaviour.REFUSAL)
    message = (await post(client, server, "openai", form)).json()["choices"][0]["message"]
    assert (message["content"], message["refusal"][:9]) == (None, "I'm sorry")
    assert (await hear(client, server, "anthropic", form)).finish == "refusal"
    assert (await hear(client, server, "anthropic", form, stream=True)).finish == "refusal"


async def test_repeats_are_those_of_the_first_answer(client: httpx.AsyncClient, server: VendorServer) -> None:
    first = await hear(client, server, "openai")
    server.behaviours = [Behaviour.REPEATS]
    again = await hear(client, server, "openai")
    assert again.items == first.items


async def test_an_answer_need_not_say_what_it_cost_and_is_billed_all_the_same(
    client: httpx.AsyncClient, server: VendorServer
) -> None:
    server.reset(Behaviour.NO_USAGE)
    for dialect, stream in MODES:
        heard = await hear(client, server, dialect, stream=stream)
        assert heard.usage == {}
        assert len(heard.items) == 4
        assert server.bills[-1].completion_tokens > 0


@pytest.mark.parametrize(
    ("behaviour", "kind", "content"),
    [
        (Behaviour.HTML, "text/html", b"<html><body>Welcome to the proxy</body></html>"),
        (Behaviour.EMPTY_BODY, "application/json", b""),
    ],
)
async def test_a_body_can_be_no_answer_at_all(
    client: httpx.AsyncClient, server: VendorServer, behaviour: Behaviour, kind: str, content: bytes
) -> None:
    server.reset(behaviour)
    for dialect in DIALECTS:
        response = await post(client, server, dialect)
        assert (response.status_code, response.headers["content-type"]) == (200, kind)
        assert response.content == content


@pytest.mark.parametrize("behaviour", [Behaviour.STREAM_ERROR, Behaviour.BROKEN_STREAM])
async def test_faults_of_a_stream_have_a_counterpart_in_a_whole_answer(
    client: httpx.AsyncClient, server: VendorServer, behaviour: Behaviour
) -> None:
    server.reset(behaviour)
    response = await post(client, server, "openai")
    assert response.status_code == 200
    assert _is_json(response.text) == (behaviour is Behaviour.STREAM_ERROR)
    assert not _is_json(response.text) or "error" in response.json()
