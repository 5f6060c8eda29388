"""LiteLLM reads both dialects, whole and streamed; and what it makes of a stream that breaks."""

from typing import Any

import litellm
import pytest

from fakes.vendor_server import Behaviour, VendorServer
from tests.contract.vendor_server.raw import PAIRS, PLAN, SCHEMA, closed_items, pairs_of

# Pydantic warns of LiteLLM's own types, and LiteLLM takes a warning that is an error for a broken stream.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Item .* on TypedDict class:UserWarning"),
    pytest.mark.filterwarnings("ignore:Accessing the 'model_.*' attribute:DeprecationWarning"),
]

OPENAI = "openai/gpt-4o-mini"
CLAUDE = "anthropic/claude-sonnet-4-5"  # has an output format
OLD_CLAUDE = "anthropic/claude-3-haiku-20240307"  # is forced to use a tool
MODELS = {OPENAI: "json_schema", CLAUDE: "json_schema", OLD_CLAUDE: "tools"}
RESPONSE_FORMAT = {"type": "json_schema", "json_schema": {"name": "items", "strict": True, "schema": SCHEMA}}


async def ask(server: VendorServer, model: str, *, stream: bool, **changes: Any) -> Any:
    """One call as the product makes it."""
    request = {
        "model": model,
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": PLAN}],
        "api_base": server.base_url if model == OPENAI else server.root_url,
        "api_key": "sk-test",
        "timeout": 0.5,
        "max_retries": 0,
        "num_retries": 0,
        "stream": stream,
        "response_format": RESPONSE_FORMAT,
    }
    if stream:
        request["stream_options"] = {"include_usage": True}
    return await litellm.acompletion(**request | changes)


async def listen(stream: Any, heard: list[str]) -> tuple[str | None, Any]:
    """Collect a stream's text into `heard`; gives its finish reason and its usage."""
    finish, usage = None, None
    async for chunk in stream:
        usage = getattr(chunk, "usage", None) or usage
        for choice in chunk.choices:
            heard.append(choice.delta.content or "")
            finish = choice.finish_reason or finish
    return finish, usage


@pytest.mark.parametrize("model", MODELS)
async def test_a_whole_answer_is_read(server: VendorServer, model: str) -> None:
    response = await ask(server, model, stream=False)
    choice, bill = response.choices[0], server.bills[-1]
    assert pairs_of(closed_items(choice.message.content)) == PAIRS
    assert choice.finish_reason == "stop"
    assert (response.usage.prompt_tokens, response.usage.completion_tokens) == (
        bill.prompt_tokens,
        bill.completion_tokens,
    )
    assert bill.form == MODELS[model]


@pytest.mark.parametrize("model", MODELS)
async def test_a_stream_is_read_with_its_usage(server: VendorServer, model: str) -> None:
    heard: list[str] = []
    finish, usage = await listen(await ask(server, model, stream=True), heard)
    bill = server.bills[-1]
    assert pairs_of(closed_items("".join(heard))) == PAIRS
    assert finish == "stop"
    assert (usage.prompt_tokens, usage.completion_tokens) == (bill.prompt_tokens, bill.completion_tokens)
    assert len(heard) > 50
    assert bill.form == MODELS[model]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_the_lower_forms_are_read_too(server: VendorServer, stream: bool) -> None:
    for changes, form in (
        ({"response_format": {"type": "json_object"}}, "json_object"),
        ({"response_format": None}, "text"),
    ):
        response = await ask(server, OPENAI, stream=stream, **changes)
        heard: list[str] = []
        if stream:
            await listen(response, heard)
        text = "".join(heard) if stream else response.choices[0].message.content
        assert len(closed_items(text)) == 4
        assert server.bills[-1].form == form


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    "behaviour",
    [Behaviour.HANG_MID_BODY, Behaviour.CLOSE_MID_BODY, Behaviour.RESET_MID_BODY, Behaviour.STREAM_ERROR],
)
async def test_what_came_before_a_break_is_heard_and_then_the_error(
    server: VendorServer, model: str, behaviour: Behaviour
) -> None:
    server.reset(behaviour)
    heard: list[str] = []
    stream = await ask(server, model, stream=True)
    with pytest.raises(litellm.exceptions.MidStreamFallbackError):
        await listen(stream, heard)
    assert len(closed_items("".join(heard))) in (1, 2)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("behaviour", [Behaviour.HTML, Behaviour.EMPTY_BODY])
async def test_a_body_that_is_no_stream_is_a_silent_and_normal_end(
    server: VendorServer, model: str, behaviour: Behaviour
) -> None:
    server.reset(behaviour)
    heard: list[str] = []
    finish, _ = await listen(await ask(server, model, stream=True), heard)
    assert ("".join(heard), finish) == ("", "stop")


async def test_a_forced_tool_hides_that_its_answer_was_cut_off(server: VendorServer) -> None:
    server.reset(Behaviour.TRUNCATED)
    endings = {}
    for model in MODELS:
        endings[model], _ = await listen(await ask(server, model, stream=True), [])
    assert endings == {OPENAI: "length", CLAUDE: "length", OLD_CLAUDE: "stop"}


@pytest.mark.parametrize("model", [OPENAI, CLAUDE])
async def test_a_call_that_is_dropped_is_not_made_again(server: VendorServer, model: str) -> None:
    server.reset(Behaviour.DROP)
    with pytest.raises(litellm.exceptions.InternalServerError):
        await ask(server, model, stream=True)
    assert server.calls == 1


STATUSES = {
    Behaviour.CONTEXT_LENGTH: (litellm.exceptions.ContextWindowExceededError, 400),
    Behaviour.CONTENT_POLICY: (litellm.exceptions.ContentPolicyViolationError, 400),
    Behaviour.BAD_REQUEST: (litellm.exceptions.BadRequestError, 400),
    Behaviour.UNAUTHORIZED: (litellm.exceptions.AuthenticationError, 401),
    Behaviour.NOT_FOUND: (litellm.exceptions.NotFoundError, 404),
    Behaviour.REQUEST_TIMEOUT: (litellm.exceptions.Timeout, 408),
    Behaviour.RATE_LIMITED: (litellm.exceptions.RateLimitError, 429),
    Behaviour.SERVER_ERROR: (litellm.exceptions.InternalServerError, 500),
    Behaviour.BAD_GATEWAY: (litellm.exceptions.BadGatewayError, 502),
    Behaviour.UNAVAILABLE: (litellm.exceptions.ServiceUnavailableError, 503),
}


@pytest.mark.parametrize("model", [OPENAI, CLAUDE])
@pytest.mark.parametrize("behaviour", STATUSES)
async def test_a_status_is_an_error_before_the_stream_begins(
    server: VendorServer, model: str, behaviour: Behaviour
) -> None:
    server.reset(behaviour)
    expected, status = STATUSES[behaviour]
    with pytest.raises(expected) as caught:
        await ask(server, model, stream=True)
    assert getattr(caught.value, "status_code", None) == status


@pytest.mark.parametrize("model", [OPENAI, CLAUDE])
async def test_retry_after_is_found_with_the_error(server: VendorServer, model: str) -> None:
    server.reset(Behaviour.RATE_LIMITED)
    server.pace.retry_after, server.pace.scale = 12, 1
    with pytest.raises(litellm.exceptions.RateLimitError) as caught:
        await ask(server, model, stream=True)
    assert vars(caught.value)["litellm_response_headers"]["retry-after"] == "12"
