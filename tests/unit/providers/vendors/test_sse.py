"""The two dialects read from the wire."""

import json
from typing import Any

import pytest

from providers.protocol import ContentRefused, MalformedReply, Usage, VendorBroken
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
    text = "".join(reader.feed(stream[start : start + size]) for start in range(0, len(stream), size))
    assert text == '{"items": [ü]}'
    assert (reader.dialect.finish_reason, reader.dialect.usage) == ("length", Usage(7, 3))
    assert reader.dialect.is_over
    assert reader.text_seen


def test_lines_may_end_in_the_other_way() -> None:
    reader = EventReader(OpenAIDialect("one"), "one")
    assert reader.feed(OPENAI.replace(b"\n", b"\r\n")) == '{"items": [ü]}'
    assert reader.dialect.is_over


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


@pytest.mark.parametrize("event", [b"data: {broken\n", b'data: {"choices": 5}\n', b"x" * (MAX_EVENT_BYTES + 1)])
def test_what_is_no_event_of_the_dialect_is_malformed(event: bytes) -> None:
    with pytest.raises(MalformedReply):
        EventReader(OpenAIDialect("one"), "one").feed(event)
