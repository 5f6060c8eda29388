"""The two dialects read from the wire."""

import json
from typing import Any

import pytest

from providers.protocol import (
    ContentRefused,
    MalformedReply,
    RateLimited,
    RequestRejected,
    Unauthorized,
    Unreachable,
    Usage,
    VendorBroken,
    VendorError,
)
from providers.vendors.sse import MAX_EVENT_BYTES, AnthropicDialect, EventReader, OpenAIDialect


def openai(delta: dict[str, Any] | None = None, **event: Any) -> bytes:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": event.pop("finish", None)}]
    return b"data: " + json.dumps({"id": "x", "choices": choices, **event}).encode() + b"\n\n"


def anthropic(kind: str, **event: Any) -> bytes:
    return b"event: " + kind.encode() + b"\ndata: " + json.dumps({"type": kind, **event}).encode() + b"\n\n"


OPENAI = (
    openai({"role": "assistant", "content": ""})
    + b": keep-alive\n\n"
    + openai({"content": '{"items"'})
    + openai({"content": ": [ü]"})
    + openai({"tool_calls": [{"index": 0, "function": {"arguments": "}"}}]})
    + openai({}, finish="length")
    + openai(usage={"prompt_tokens": 7, "completion_tokens": 3})
    + b"data: [DONE]\n\n"
)
ANTHROPIC = (
    anthropic("message_start", message={"usage": {"input_tokens": 5, "cache_read_input_tokens": 2, "output_tokens": 1}})
    + anthropic("content_block_start", index=0, content_block={"type": "text", "text": ""})
    + anthropic("ping")
    + anthropic("content_block_delta", index=0, delta={"type": "thinking_delta", "thinking": "hm"})
    + anthropic("content_block_delta", index=0, delta={"type": "text_delta", "text": '{"items"'})
    + anthropic("content_block_delta", index=0, delta={"type": "input_json_delta", "partial_json": ": [ü]}"})
    + anthropic("message_delta", delta={"stop_reason": "max_tokens"}, usage={"output_tokens": 3})
    + anthropic("message_stop")
)


@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize(("dialect", "stream"), [(OpenAIDialect, OPENAI), (AnthropicDialect, ANTHROPIC)])
def test_a_stream_reads_the_same_however_it_is_cut(
    dialect: type[OpenAIDialect] | type[AnthropicDialect], stream: bytes, size: int
) -> None:
    reader = EventReader(dialect("one"), "one")
    text = "".join(reader.feed(stream[start : start + size]) or "" for start in range(0, len(stream), size))
    assert text == '{"items": [ü]}'
    assert (reader.dialect.finish_reason, reader.dialect.usage) == ("length", Usage(7, 3))
    assert reader.dialect.is_over
    assert reader.text_seen


@pytest.mark.parametrize("line_end", [b"\r\n", b"\r"], ids=["CR LF", "CR"])
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_lines_may_end_in_other_ways(line_end: bytes, size: int) -> None:
    assert read(OPENAI.replace(b"\n", line_end), size) == '{"items": [ü]}'


def read(stream: bytes, size: int = 100_000) -> str:
    """The text of a stream that comes in pieces of some size."""
    reader = EventReader(OpenAIDialect("one"), "one")
    pieces = [reader.feed(stream[start : start + size]) for start in range(0, len(stream), size)]
    return "".join(piece or "" for piece in [*pieces, reader.end()])


@pytest.mark.parametrize(
    "between",
    [
        b"data: null\n\n",
        b"data: : keepalive\n\n",
        b"data: ping\n\n",
        b"data:\n\n",
        b"event: ping\nid: 7\nretry: 9\n\n",
        b'data: {"choices": null}\n\n',
        b'data: {"choices": [null]}\n\n',
        openai({}, finish=""),
        openai({"content": None, "tool_calls": [None]}),
        openai(usage={"prompt_tokens": 7, "completion_tokens": None}),
        openai(usage="none"),
    ],
)
def test_what_says_nothing_is_passed_over(between: bytes) -> None:
    assert read(openai({"content": "a"}) + between + openai({"content": "b"})) == "ab"


def test_tokens_of_which_a_figure_is_missing_are_not_counted() -> None:
    reader = EventReader(OpenAIDialect("one"), "one")
    reader.feed(openai({"content": "a"}) + openai(usage={"prompt_tokens": 7, "completion_tokens": None}))
    assert reader.dialect.usage is None
    assert reader.dialect.finish_reason == "stop"


@pytest.mark.parametrize(
    ("delta", "text"),
    [
        ({"content": [{"type": "text", "text": "a"}, "b"]}, "ab"),
        ({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "no"}]}]}, ""),
        ({"content": [{"type": "reasoning", "text": "no"}, {"type": "text", "text": "yes"}]}, "yes"),
        ({"tool_calls": [{"function": {"arguments": {"items": [1]}}}]}, '{"items":[1]}'),
        ({"content": "", "reasoning_content": "hm"}, ""),
        ({"reasoning": "hm"}, ""),
        ({"reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}]}, ""),
        ({"content": " \n"}, " \n"),
        ({"role": "assistant", "content": ""}, None),
        ({}, None),
    ],
)
def test_text_is_told_from_reasoning_and_both_from_nothing(delta: dict[str, Any], text: str | None) -> None:
    assert EventReader(OpenAIDialect("one"), "one").feed(openai(delta)) == text


def test_neither_a_comment_nor_a_blank_line_nor_a_ping_is_heard_but_thinking_is() -> None:
    for data in (b": waiting\n\n", b"\n", b"data: null\n\n", b"event: ping\ndata: {}\n\n"):
        assert EventReader(OpenAIDialect("one"), "one").feed(data) is None
    reader = EventReader(AnthropicDialect("one"), "one")
    assert reader.feed(anthropic("ping")) is None
    thinking = {"type": "thinking_delta", "thinking": "hm"}
    assert reader.feed(anthropic("content_block_delta", index=0, delta=thinking)) == ""


@pytest.mark.parametrize("size", [1, 100_000])
def test_an_event_may_be_spread_over_several_data_lines_and_the_last_one_may_lack_its_end(size: int) -> None:
    spread = json.dumps({"choices": [{"delta": {"content": "a\u2028"}}]}, indent=1, ensure_ascii=False)
    lines = "".join(f"data: {line}\n" for line in spread.split("\n")).encode() + b"\n"
    assert read(lines + openai({"content": "b"}).rstrip(), size) == "a\u2028b"


def test_events_need_no_blank_line_between_them() -> None:
    assert read(OPENAI.replace(b"\n\n", b"\n")) == '{"items": [ü]}'


@pytest.mark.parametrize(
    ("event", "expected", "pause"),
    [
        ({"error": {"code": 429, "message": "slow"}}, RateLimited, None),
        ({"error": {"code": "429", "retry_after": 7}}, RateLimited, 7),
        ({"error": {"error": {"status_code": 429, "retry_after_ms": 500}}}, RateLimited, 0.5),
        ({"error": {"type": "rate_limit_error"}}, RateLimited, None),
        ({"error": {"type": "insufficient_quota"}}, RateLimited, None),
        ({"error": {"status": "RESOURCE_EXHAUSTED", "details": [{"retryDelay": "9s"}]}}, RateLimited, 9),
        ({"error": {"type": "overloaded_error"}}, VendorBroken, None),
        ({"error": {"code": 401}}, Unauthorized, None),
        ({"error": {"code": "content_filter"}}, ContentRefused, None),
        ({"error": "it broke"}, VendorBroken, None),
        ({"object": "error", "code": 400, "message": "too long"}, RequestRejected, None),
        ({"code": 503, "details": "no backend"}, VendorBroken, None),
        ({"choices": None, "error": {"code": 429}}, RateLimited, None),
        ({"choices": [{"delta": {"content": ""}, "finish_reason": "error"}]}, VendorBroken, None),
    ],
)
def test_an_error_within_a_stream_is_named_by_its_status_or_code(
    event: dict[str, Any], expected: type[VendorError], pause: float | None
) -> None:
    with pytest.raises(VendorError) as caught:
        read(b"data: " + json.dumps(event).encode() + b"\n\n")
    assert (type(caught.value), caught.value.retry_after) == (expected, pause)


@pytest.mark.parametrize("body", ['{"error": {"code": 429}}', '\n[{\n "error": {"code": 429}}]\n'])
def test_an_error_in_one_piece_instead_of_a_stream_is_named_too(body: str) -> None:
    with pytest.raises(RateLimited):
        read(body.encode(), 7)


def test_an_answer_in_one_piece_instead_of_a_stream_is_read_at_its_end() -> None:
    message = {"content": '{"items": []}', "reasoning_content": "hm"}
    body = json.dumps({"choices": [{"message": message, "finish_reason": "length"}]}, indent=1)
    reader = EventReader(OpenAIDialect("one"), "one")
    assert [reader.feed(body[:30].encode()), reader.feed(body[30:].encode())] == [None, None]
    assert reader.end() == '{"items": []}'
    assert (reader.dialect.finish_reason, reader.text_seen) == ("length", True)


def test_an_answer_of_anthropics_in_one_piece_is_read_at_its_end() -> None:
    blocks = [{"type": "thinking", "thinking": "hm"}, {"type": "tool_use", "input": {"items": []}}]
    usage = {"input_tokens": 5, "output_tokens": 3}
    body = {"type": "message", "content": blocks, "stop_reason": "max_tokens", "usage": usage}
    reader = EventReader(AnthropicDialect("one"), "one")
    reader.feed(json.dumps(body).encode())
    assert reader.end() == '{"items":[]}'
    assert (reader.dialect.finish_reason, reader.dialect.usage) == ("length", Usage(5, 3))


def test_a_stream_that_ends_within_an_event_has_been_broken_off() -> None:
    with pytest.raises(Unreachable):
        read(openai({"content": "a"}) + openai({"content": "b"})[:30])


def test_several_lines_of_one_event_cannot_grow_without_end() -> None:
    line = b"data: {" + b" " * 1000 + b"x\n"
    with pytest.raises(MalformedReply, match="endless"):
        read(line * (MAX_EVENT_BYTES // 1000 + 1))


def test_an_error_within_a_stream_ends_it_without_quoting_the_vendor() -> None:
    for reader, event in (
        (EventReader(OpenAIDialect("one"), "one"), openai(error={"message": "SECRET"})),
        (EventReader(AnthropicDialect("one"), "one"), anthropic("error", error={"message": "SECRET"})),
    ):
        with pytest.raises(VendorBroken) as caught:
            reader.feed(event)
        assert "SECRET" not in str(caught.value)


def test_a_refusal_in_its_own_field_is_a_refusal() -> None:
    with pytest.raises(ContentRefused):
        EventReader(OpenAIDialect("one"), "one").feed(openai({"refusal": "I would rather not."}))
    reader = EventReader(AnthropicDialect("one"), "one")
    reader.feed(anthropic("message_delta", delta={"stop_reason": "refusal"}))
    assert reader.dialect.finish_reason == "content_filter"


@pytest.mark.parametrize("event", [b"data: {broken\n\n", b'data: {"choices": 5}\n', b"x" * (MAX_EVENT_BYTES + 1)])
def test_what_is_no_event_of_the_dialect_is_malformed(event: bytes) -> None:
    with pytest.raises(MalformedReply):
        EventReader(OpenAIDialect("one"), "one").feed(event)
