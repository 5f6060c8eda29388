"""The adapter's request and its names for failures, without any network: respx stands where the vendor would."""

import asyncio
import contextlib
import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import litellm
import pytest
import respx
from litellm.litellm_core_utils.litellm_logging import Logging

from assessment.deadline import Deadline, SystemClock
from providers.config import VendorConfig
from providers.protocol import (
    ContentRefused,
    EmptyReply,
    FormatRefused,
    MalformedReply,
    ModelNotFound,
    RateLimited,
    RequestRejected,
    ResponseFormat,
    Unauthorized,
    UnexpectedFailure,
    Unreachable,
    Usage,
    VendorBroken,
    VendorError,
    VendorTimedOut,
)
from providers.secret import Secret
from providers.vendors.litellm_vendor import LiteLLMVendor, _is_spoken_to_as_is, classify, has_credentials, listed_price
from tests.unit.providers.fakes import answer_of, order

URL = "https://vendor.example/v1/chat/completions"
KEY = "sk-very-secret"
USAGE = {"prompt_tokens": 700, "completion_tokens": 90, "total_tokens": 790}


@pytest.fixture
def route() -> Iterator[respx.Route]:
    with respx.mock(assert_all_called=False) as router:
        yield router.post(URL)


def vendor(model: str = "openai/gpt-4o-mini", **changes: Any) -> LiteLLMVendor:
    fields = {"name": "mini", "model": model, "api_base": "https://vendor.example/v1", "stream": False, **changes}
    return LiteLLMVendor(VendorConfig(**fields), Secret(KEY))


def completion(content: str | None = '{"items": []}', finish_reason: str = "stop") -> httpx.Response:
    choice = {"index": 0, "finish_reason": finish_reason, "message": {"role": "assistant", "content": content}}
    return httpx.Response(200, json={"id": "x", "object": "chat.completion", "choices": [choice], "usage": USAGE})


async def ask(model: str = "openai/gpt-4o-mini", **changes: Any) -> Any:
    return await answer_of(vendor(model, **changes), order(), Deadline(SystemClock(), 5))


async def failure() -> VendorError:
    with pytest.raises(VendorError) as caught:
        await ask()
    return caught.value


async def test_one_attempt_is_one_request_with_the_key_and_the_schema(route: respx.Route) -> None:
    route.return_value = completion()
    text, ending = await ask(params={"temperature": 0.7})
    request = route.calls.last.request
    body = json.loads(request.content)
    assert route.call_count == 1
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert (body["model"], body["temperature"]) == ("gpt-4o-mini", 0.7)
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert body["response_format"]["json_schema"]["schema"]["properties"]["items"]["minItems"] == 4
    assert (text, ending.usage) == ('{"items": []}', Usage(700, 90))


@pytest.mark.parametrize("answer", [completion(), httpx.Response(500, json={"error": {"message": "x"}})])
async def test_litellm_prepares_no_log_of_a_call(
    route: respx.Route, monkeypatch: pytest.MonkeyPatch, answer: httpx.Response
) -> None:
    """It would work out costs that nobody reads, and a failure's log swallows cancellations."""
    logged: list[str] = []

    async def note(*_: object, **__: object) -> None:
        logged.append("a log")

    monkeypatch.setattr(litellm.utils, "_schedule_async_success_logging", lambda **_: logged.append("a log"))
    monkeypatch.setattr(Logging, "failure_handler", lambda *_, **__: logged.append("a log"))
    monkeypatch.setattr(Logging, "async_failure_handler", note)
    route.return_value = answer
    with contextlib.suppress(VendorError):
        await ask()
    assert logged == []


@pytest.mark.parametrize(
    "message",
    [
        {"content": [{"type": "text", "text": '{"items": '}, {"type": "text", "text": "[]}"}]},
        {"content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": '{"items": []}'}]},
        {"content": {"items": []}},
        {"content": None, "tool_calls": [{"function": {"arguments": {"items": []}}}]},
    ],
    ids=["parts", "reasoning in parts", "an object", "arguments as an object"],
)
async def test_an_answer_in_one_piece_is_read_like_a_stream(route: respx.Route, message: dict[str, Any]) -> None:
    route.return_value = httpx.Response(200, json={"choices": [{"message": message}], "usage": USAGE})
    text, ending = await ask()
    body = json.loads(route.calls.last.request.content)
    assert (json.loads(text), ending.usage) == ({"items": []}, Usage(700, 90))
    assert not {"stream", "stream_options"} & set(body)


@pytest.mark.parametrize(
    ("changes", "is_read"),
    [
        ({}, True),
        ({"api_base": None}, False),
        ({"api_base": "https://eu.api.openai.com/v1"}, False),
        ({"params": {"reasoning_effort": "low"}}, False),
        ({"params": {"extra_body": {"top_k": 5}}}, False),
        ({"model": "anthropic/claude-sonnet-4-5"}, False),
    ],
)
def test_only_a_request_that_reaches_its_server_as_it_is_is_read_by_us_in_one_piece(
    changes: dict[str, Any], is_read: bool
) -> None:
    fields = {"name": "mini", "model": "openai/gpt-4o-mini", "api_base": "https://vendor.example/v1", **changes}
    assert _is_spoken_to_as_is(VendorConfig(**fields)) is is_read


async def test_a_model_of_unknown_abilities_is_tried_with_the_strictest_form(route: respx.Route) -> None:
    route.return_value = completion()
    await ask("openai/some-local-model")
    body = json.loads(route.calls.last.request.content)
    assert body["response_format"]["type"] == "json_schema"
    assert '"minItems":4' in body["messages"][1]["content"]


async def test_a_model_that_is_known_not_to_keep_to_a_schema_is_made_to_call_a_tool(route: respx.Route) -> None:
    route.return_value = completion()
    await ask("openai/gpt-3.5-turbo")
    body = json.loads(route.calls.last.request.content)
    assert body["tools"][0]["function"]["parameters"]["properties"]["items"]["minItems"] == 4
    assert body["tool_choice"]["function"]["name"] == body["tools"][0]["function"]["name"]
    assert "response_format" not in body


def refusal(words: str, status: int = 400) -> httpx.Response:
    return httpx.Response(status, json={"error": {"message": words, "type": "invalid_request_error"}})


async def test_a_form_that_is_refused_is_not_asked_for_again(route: respx.Route) -> None:
    one, deadline = vendor("openai/some-local-model"), Deadline(SystemClock(), 5)
    for words, response_format in [
        ("response_format is not supported", ResponseFormat.TOOL),
        ("tools are not supported", ResponseFormat.JSON_OBJECT),
        ("unknown field response_format", ResponseFormat.PROMPT),
    ]:
        route.return_value = refusal(words)
        with pytest.raises(FormatRefused):
            await answer_of(one, order(), deadline)
        assert one.response_format is response_format
    route.return_value = completion()
    await answer_of(one, order(), deadline)
    body = json.loads(route.calls.last.request.content)
    assert not {"response_format", "tools"} & set(body)


async def test_parallel_refusals_of_one_form_go_down_one_rung(route: respx.Route) -> None:
    one, deadline = vendor("openai/some-local-model"), Deadline(SystemClock(), 5)
    route.return_value = refusal("response_format is not supported")
    ends = await asyncio.gather(*(answer_of(one, order(), deadline) for _ in range(3)), return_exceptions=True)
    assert [type(end) for end in ends] == [FormatRefused] * 3
    assert one.response_format is ResponseFormat.TOOL


@pytest.mark.parametrize(
    "words",
    [
        "This model's maximum context length is 8192 tokens, but 9000 are in the functions.",
        "bad temperature",
    ],
)
async def test_a_refusal_of_something_else_is_not_blamed_on_the_form(route: respx.Route, words: str) -> None:
    one = vendor()
    route.return_value = refusal(words)
    with pytest.raises(RequestRejected) as caught:
        await answer_of(one, order(), Deadline(SystemClock(), 5))
    assert not isinstance(caught.value, FormatRefused)
    assert one.response_format is ResponseFormat.JSON_SCHEMA


def refused(status: int, **error: Any) -> httpx.Response:
    return httpx.Response(status, json={"error": {"type": "invalid_request_error", **error}})


NO_TOOLS = refused(404, message="No endpoints found that support tool use.", code=404)


@pytest.mark.parametrize(
    "response",
    [
        refused(400, message="bad value", code="unsupported_parameter", param="response_format"),
        refused(422, message="guided decoding is off"),
        refused(404, message="No endpoints found that can handle the requested parameters.", code=404),
        NO_TOOLS,
        refused(403, message="Structured outputs are not available on your plan."),
        refused(501, message="tools are not implemented"),
        httpx.Response(400, json={"detail": "JSON schema is not supported."}),
    ],
)
@pytest.mark.parametrize("model", ["openai/some-model", "hosted_vllm/some-model", "openrouter/some/model"])
async def test_a_refusal_of_the_form_is_known_by_parameter_code_and_status(
    route: respx.Route, response: httpx.Response, model: str
) -> None:
    one, deadline = vendor(model, stream=True), Deadline(SystemClock(), 5)
    formats = []
    for _ in range(2):
        formats.append(one.response_format)
        route.return_value = response
        with pytest.raises(FormatRefused):
            await answer_of(one, order(), deadline)
    assert one.response_format not in formats


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (refused(400, message="for 'messages' the schema is wrong", param="messages"), RequestRejected),
        (
            refused(400, message="At most 99 tokens.", code="context_length_exceeded"),
            RequestRejected,
        ),
        (refused(404, message="The model tool-use does not exist.", code="model_not_found"), ModelNotFound),
        (refused(404, message="The model function-7b does not exist."), ModelNotFound),
        (refused(403, message="You may not call functions from this country."), Unauthorized),
        (refused(400, message=f"No: '{'the JSON schema you asked about ' * 2}'"), RequestRejected),
        (refused(500, message="the tool broke"), VendorBroken),
    ],
)
async def test_what_is_no_refusal_of_the_form_leaves_it_as_it_was(
    route: respx.Route, response: httpx.Response, expected: type[VendorError]
) -> None:
    one = vendor(stream=True)
    route.return_value = response
    with pytest.raises(VendorError) as caught:
        await answer_of(one, order(), Deadline(SystemClock(), 5))
    assert type(caught.value) is expected
    assert one.response_format is ResponseFormat.JSON_SCHEMA


@pytest.mark.parametrize("text", ['{"items": [1]} by the schema', ""])
@pytest.mark.parametrize("model", ["openai/some-model", "groq/some-model"])
async def test_an_answer_that_the_vendor_found_invalid_is_an_answer_and_no_refusal_of_the_form(
    route: respx.Route, text: str, model: str
) -> None:
    one = vendor(model)
    before = one.response_format
    route.return_value = refused(
        400, message="Failed to generate JSON.", code="json_validate_failed", failed_generation=text
    )
    heard, ending = await answer_of(one, order(), Deadline(SystemClock(), 5))
    assert (heard, ending.usage) == (text, None)
    assert one.response_format is before


@pytest.mark.parametrize(
    "response",
    [
        refused(403, message="Your input was flagged.", metadata={"reasons": ["violence"], "flagged_input": "x"}),
        refused(403, message="Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO"),
        refused(400, message="no", code="content_filter"),
    ],
)
@pytest.mark.parametrize("model", ["openai/some-model", "hosted_vllm/some-model"])
async def test_a_prompt_that_is_declined_is_no_lost_account(
    route: respx.Route, response: httpx.Response, model: str
) -> None:
    route.return_value = response
    with pytest.raises(ContentRefused):
        await ask(model, stream=True)


async def test_an_answer_that_stands_in_the_reasoning_is_asked_for_in_another_form(route: respx.Route) -> None:
    one, deadline = vendor("openai/some-model"), Deadline(SystemClock(), 5)
    route.return_value = thought('{"items": []}')
    with pytest.raises(FormatRefused):
        await answer_of(one, order(), deadline)
    assert one.response_format is ResponseFormat.TOOL
    for response in (thought("I cannot think of any."), thought('{"items": []}', "length")):
        route.return_value = response
        with pytest.raises(EmptyReply):
            await answer_of(one, order(), deadline)
    assert one.response_format is ResponseFormat.TOOL


def thought(reasoning: str, finish_reason: str = "stop") -> httpx.Response:
    message = {"role": "assistant", "content": "", "reasoning_content": reasoning}
    choice = {"index": 0, "finish_reason": finish_reason, "message": message}
    return httpx.Response(200, json={"id": "x", "object": "chat.completion", "choices": [choice]})


@pytest.mark.parametrize(
    "response",
    [
        refused(400, message="Unknown parameter.", param="stream_options.include_usage"),
        refused(422, message="Extra inputs are not permitted: stream_options"),
    ],
)
async def test_a_server_that_does_not_know_how_to_tell_the_tokens_of_a_stream_is_not_asked_for_them_again(
    route: respx.Route, response: httpx.Response
) -> None:
    one, deadline = vendor(stream=True), Deadline(SystemClock(), 5)
    route.return_value = response
    with pytest.raises(FormatRefused):
        await answer_of(one, order(), deadline)
    route.return_value = completion()
    await answer_of(one, order(), deadline)
    bodies = [json.loads(call.request.content) for call in route.calls]
    assert ["stream_options" in body for body in bodies] == [True, False]
    assert one.response_format is ResponseFormat.JSON_SCHEMA


STREAMED = {"content-type": "text/event-stream"}


@pytest.mark.parametrize("model", ["openai/m", "hosted_vllm/m", "openrouter/a/m", "mistral/m", "deepseek/m"])
async def test_whoever_speaks_openais_dialect_is_read_from_the_wire(route: respx.Route, model: str) -> None:
    """LiteLLM's own reading fails at the first event."""
    parts = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "a"}]
    events = ["null", ": keepalive", json.dumps({"choices": [{"delta": {"content": parts}}]}), '{"choices": null}']
    body = "".join(f"data: {event}\r\r" for event in events)
    route.return_value = httpx.Response(200, content=body, headers=STREAMED)
    assert (await ask(model, stream=True))[0] == "a"


async def test_one_error_in_one_piece_does_not_end_streaming(route: respx.Route) -> None:
    one, deadline = vendor(stream=True), Deadline(SystemClock(), 5)
    route.return_value = httpx.Response(200, json={"error": {"code": 429, "retry_after": 4}})
    with pytest.raises(RateLimited) as caught:
        await answer_of(one, order(), deadline)
    assert caught.value.retry_after == 4
    route.return_value = completion()
    assert (await answer_of(one, order(), deadline))[0] == '{"items": []}'
    assert [json.loads(call.request.content).get("stream") for call in route.calls] == [True, True]


async def test_a_pause_that_stands_in_the_body_is_handed_on(route: respx.Route) -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "17s"}]
    route.return_value = refused(429, message="slow down", details=details)
    assert (await failure()).retry_after == 17


async def test_the_text_may_stand_in_a_tool_call(route: respx.Route) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "question_items", "arguments": '{"items": [1]}'}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    choice = {"index": 0, "finish_reason": "tool_calls", "message": message}
    route.return_value = httpx.Response(200, json={"id": "x", "object": "chat.completion", "choices": [choice]})
    assert (await ask())[0] == '{"items": [1]}'


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("9", 9),
        ("0.5", 0.5),
        ("-3", 0),
        ("soon", None),
        ("nan", None),
        ("inf", math.inf),
        ("1e400", math.inf),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Thu, 01 Jan 99999 00:00:00 GMT", None),
    ],
)
async def test_the_pause_a_vendor_asks_for_is_handed_on(route: respx.Route, value: str, seconds: float | None) -> None:
    route.return_value = httpx.Response(429, json={"error": {"message": "slow down"}}, headers={"Retry-After": value})
    assert (await failure()).retry_after == seconds


async def test_a_pause_until_a_date_is_turned_into_seconds(route: respx.Route) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    route.return_value = httpx.Response(503, json={}, headers={"Retry-After": date})
    pause = (await failure()).retry_after
    assert pause is not None
    assert 25 < pause <= 30


def test_prices_come_from_the_table_when_it_knows_the_model() -> None:
    price = listed_price("openai/gpt-4o-mini")
    assert price is not None
    assert (round(price.input_per_million, 2), round(price.output_per_million, 2)) == (0.15, 0.6)
    assert listed_price("openai/some-local-model") is None


def test_a_price_of_nought_in_the_table_is_no_price() -> None:
    assert listed_price("huggingface/meta-llama/some-model") is None


async def test_the_finish_reason_is_reported(route: respx.Route) -> None:
    route.return_value = completion('{"items": [', finish_reason="length")
    assert (await ask())[1].finish_reason == "length"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, RequestRejected),
        (401, Unauthorized),
        (402, RateLimited),
        (403, Unauthorized),
        (404, ModelNotFound),
        (408, VendorTimedOut),
        (413, RequestRejected),
        (422, RequestRejected),
        (429, RateLimited),
        (500, VendorBroken),
        (502, VendorBroken),
        (503, VendorBroken),
        (529, VendorBroken),
    ],
)
async def test_a_status_has_its_name_and_is_not_tried_again(
    route: respx.Route, status: int, expected: type[VendorError]
) -> None:
    route.return_value = httpx.Response(status, json={"error": {"message": f"for {KEY}"}}, headers={"Retry-After": "9"})
    error = await failure()
    assert type(error) is expected
    assert route.call_count == 1
    assert KEY not in str(error)
    assert error.__suppress_context__


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (httpx.Response(200, html="<html>hello</html>"), MalformedReply),
        (httpx.Response(200, content=b""), MalformedReply),
        (httpx.Response(200, content=b'{"choices": [{"mess'), MalformedReply),
        (httpx.Response(200, json={}), MalformedReply),
        (httpx.Response(200, json=[]), MalformedReply),
        (httpx.Response(200, json={"choices": []}), MalformedReply),
        (completion(None), EmptyReply),
        (completion("  \n"), EmptyReply),
        (completion("", finish_reason="content_filter"), ContentRefused),
    ],
    ids=["html", "nothing", "truncated", "no choices", "a list", "empty choices", "null", "blank", "filtered"],
)
async def test_a_200_without_a_usable_text_is_a_failure(
    route: respx.Route, response: httpx.Response, expected: type[VendorError]
) -> None:
    route.return_value = response
    assert type(await failure()) is expected


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (httpx.ConnectError, Unreachable),
        (httpx.RemoteProtocolError, Unreachable),
        (httpx.ReadError, Unreachable),
        (httpx.ReadTimeout, VendorTimedOut),
        (httpx.ConnectTimeout, VendorTimedOut),
    ],
)
async def test_a_broken_connection_has_its_name(
    route: respx.Route, cause: type[httpx.TransportError], expected: type[VendorError]
) -> None:
    route.side_effect = cause
    assert type(await failure()) is expected


def test_a_refusal_for_its_content_is_told_from_a_bad_request() -> None:
    error = litellm.ContentPolicyViolationError(message="no", model="m", llm_provider="p")  # type: ignore[attr-defined]
    assert type(classify(error, "mini")) is ContentRefused


def test_what_nobody_foresaw_is_named_by_its_class_only() -> None:
    error = classify(RuntimeError(f"for {KEY}"), "mini")
    assert type(error) is UnexpectedFailure
    assert str(error) == "mini: the call failed in an unexpected way (RuntimeError)"


def test_a_vendor_without_key_or_address_has_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    bare = VendorConfig("mini", "openai/gpt-4o-mini")
    assert not has_credentials(bare, None)
    assert has_credentials(bare, Secret(KEY))
    assert has_credentials(VendorConfig("local", "openai/x", api_base="http://127.0.0.1:1/v1"), None)


def test_litellm_is_told_to_be_quiet_and_to_stay_off_the_network() -> None:
    assert litellm.disable_aiohttp_transport
    assert litellm.callbacks == litellm.failure_callback == []
    assert set(litellm.success_callback) <= {"cache"}  # LiteLLM's own module for Gemini puts that one there
