"""The wall sends what Failover Bench's catalogue says, fault by fault, on a clock that passes only while it sleeps."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest

from bench.failover.catalogue import CATALOGUE
from bench.failover.faults import MODELS, NO_PREFILL, SOUND
from bench.failover.wall import Attempt, Log, Wall, tokens
from tests.contract.vendor_server.raw import PAIRS, body, pairs_of
from tests.fakes import ManualClock

MODEL = {name.split("-")[1]: name for name in MODELS if name.startswith("fb-s")}


class Asked(msgspec.Struct):
    """What came of a request: the status, the body as far as it came, and how it broke."""

    status: int = 0
    headers: dict[str, str] = {}
    body: str = ""
    error: type[Exception] | None = None

    @property
    def events(self) -> list[str]:
        return [block.removeprefix("data: ") for block in self.body.split("\n\n") if block]

    @property
    def code(self) -> str | None:
        code: str | None = json.loads(self.body)["error"]["code"]
        return code

    @property
    def texts(self) -> list[str]:
        """The tokens that came, each event that is no JSON left out."""
        deltas = [json.loads(event)["choices"][:1] for event in self.events if is_json(event)]
        return [
            choice["delta"]["content"] for (choice,) in (it for it in deltas if it) if choice["delta"].get("content")
        ]


def is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


class Client:
    """Asks the wall in bare HTTP."""

    def __init__(self, wall: Wall, clock: ManualClock, client: httpx.AsyncClient) -> None:
        self.clock = clock
        self._room = f"{wall.root_url}/room"
        self._client = client

    async def ask(self, model: str, **change: Any) -> Asked:
        self.clock.pauses.clear()
        asked, request = Asked(), body("openai", stream=True) | {"model": model} | change
        try:
            async with self._client.stream("POST", f"{self._room}/v1/chat/completions", json=request) as response:
                asked.status, asked.headers = response.status_code, dict(response.headers)
                async for text in response.aiter_text():
                    asked.body += text
        except httpx.TransportError as error:
            asked.error = type(error)
        return asked

    async def attempts(self) -> list[Attempt]:
        log = (await self._client.get(f"{self._room}/log")).content
        return msgspec.json.decode(log, type=Log).attempts


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    clock = ManualClock()
    async with Wall(clock) as wall, httpx.AsyncClient(timeout=5, trust_env=False) as client:
        yield Client(wall, clock, client)


def assert_whole(asked: Asked) -> None:
    assert (asked.status, asked.error) == (200, None)
    assert len(asked.texts) == 60
    assert pairs_of(json.loads("".join(asked.texts))["items"]) == PAIRS


async def test_a_sound_answer_is_sixty_tokens_each_fifteen_milliseconds_apart_with_usage_and_done(
    client: Client,
) -> None:
    asked = await client.ask(SOUND)
    assert_whole(asked)
    assert client.clock.pauses == [0.015] * 60
    assert asked.events[-1] == "[DONE]"
    assert json.loads(asked.events[-3])["choices"][0]["finish_reason"] == "stop"
    assert set(json.loads(asked.events[-2])["usage"]) == {"prompt_tokens", "completion_tokens", "total_tokens"}


async def test_s01_asks_for_two_seconds_once(client: Client) -> None:
    first = await client.ask(MODEL["s01"])
    assert (first.status, first.headers["retry-after"], first.code) == (429, "2", "rate_limit_exceeded")
    assert_whole(await client.ask(MODEL["s01"]))


async def test_s03_fails_once_with_500(client: Client) -> None:
    assert (await client.ask(MODEL["s03"])).status == 500
    assert_whole(await client.ask(MODEL["s03"]))


async def test_s05_resets_the_first_connection_before_any_byte(client: Client) -> None:
    first = await client.ask(MODEL["s05"])
    assert (first.status, first.error) == (0, httpx.ReadError)
    assert_whole(await client.ask(MODEL["s05"]))


@pytest.mark.parametrize(
    ("scenario", "status", "code"),
    [
        ("s02", 429, "rate_limit_exceeded"),
        ("s04", 503, "overloaded"),
        ("s12", 400, "context_length_exceeded"),
        ("s13", 400, "content_policy_violation"),
        ("s16", 503, "overloaded"),
    ],
)
async def test_some_refuse_every_attempt_and_ask_for_no_pause(
    client: Client, scenario: str, status: int, code: str
) -> None:
    for _ in range(3):
        asked = await client.ask(MODEL[scenario])
        assert (asked.status, asked.code) == (status, code)
        assert "retry-after" not in asked.headers


async def test_s06_says_nothing_for_two_minutes_and_hangs_up(client: Client) -> None:
    asked = await client.ask(MODEL["s06"])
    assert (asked.status, asked.error) == (0, httpx.RemoteProtocolError)
    assert client.clock.pauses == [120.0]


async def test_s07_keeps_the_first_token_for_twenty_seconds_and_goes_on_as_usual(client: Client) -> None:
    assert_whole(await client.ask(MODEL["s07"]))
    assert client.clock.pauses == [20.0, *[0.015] * 60]


@pytest.mark.parametrize("scenario", ["s08", "s14"])
async def test_s08_and_s14_end_after_forty_tokens_without_the_last_chunk(client: Client, scenario: str) -> None:
    asked = await client.ask(MODEL[scenario])
    assert (asked.status, asked.error) == (200, httpx.RemoteProtocolError)
    assert len(asked.texts) == 40
    assert client.clock.pauses == [0.015] * 40


async def test_s09_falls_silent_after_twenty_tokens_for_half_a_minute_and_hangs_up(client: Client) -> None:
    asked = await client.ask(MODEL["s09"])
    assert (asked.status, asked.error) == (200, httpx.RemoteProtocolError)
    assert len(asked.texts) == 20
    assert client.clock.pauses == [*[0.015] * 20, 30.0]


async def test_s10_sends_an_event_that_is_no_json_after_ten_tokens_and_loses_none(client: Client) -> None:
    asked = await client.ask(MODEL["s10"])
    assert_whole(asked)
    broken = [number for number, event in enumerate(asked.events) if not is_json(event)]
    assert broken == [11, len(asked.events) - 1]  # behind the opening event and ten tokens; the last one is [DONE]


async def test_s11_ends_without_done_and_with_its_last_chunk(client: Client) -> None:
    asked = await client.ask(MODEL["s11"])
    assert_whole(asked)
    assert "[DONE]" not in asked.body
    assert '"usage"' in asked.events[-1]


async def test_the_fallback_of_s14_refuses_only_who_wants_an_answer_continued(client: Client) -> None:
    prompt = body("openai")["messages"]
    refused = await client.ask(NO_PREFILL, messages=[*prompt, {"role": "assistant", "content": '{"items": ['}])
    assert (refused.status, refused.code) == (400, "invalid_prefill")
    assert_whole(await client.ask(NO_PREFILL))


async def test_s15_is_down_for_a_minute_from_the_first_request_on(client: Client) -> None:
    model = MODEL["s15"]
    assert (await client.ask(model)).status == 503
    await client.clock.sleep(59.9)
    assert (await client.ask(model)).status == 503
    await client.clock.sleep(0.1)
    assert_whole(await client.ask(model))


async def test_every_attempt_is_kept_with_its_moment_its_size_and_what_it_met(client: Client) -> None:
    await client.ask(MODEL["s03"])
    await client.clock.sleep(2.0)
    await client.ask(MODEL["s03"])
    first, second = await client.attempts()
    assert (first.at, first.number, first.action) == (0.0, 1, "500")
    assert (second.at, second.number, second.action) == (2.0, 2, "200, a stream")
    assert first.prompt_size == second.prompt_size > 100


async def test_who_wants_a_whole_answer_or_another_model_is_refused(client: Client) -> None:
    assert (await client.ask(SOUND, stream=False)).status == 400
    assert (await client.ask("another")).status == 404


def test_every_scenario_of_the_catalogue_has_its_model_at_the_wall() -> None:
    assert {scenario.model for scenario in CATALOGUE} == set(MODEL.values())
    assert {scenario.fallback for scenario in CATALOGUE} == MODELS.keys() - set(MODEL.values())


@pytest.mark.parametrize("length", [60, 61, 119, 450, 5000])
def test_any_answer_has_sixty_tokens(length: int) -> None:
    text = "x" * length
    assert len(tokens(text)) == 60
    assert "".join(tokens(text)) == text
    assert max(map(len, tokens(text))) - min(map(len, tokens(text))) <= 1
