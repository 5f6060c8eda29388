"""Anthropic messages."""

import json
from typing import Any

import msgspec

from fakes.vendor_server.answers import Answer, as_tool_input
from fakes.vendor_server.asked import Asked
from fakes.vendor_server.dialects import Events, cut
from fakes.vendor_server.failures import SUFFIX, Failure

_encode = msgspec.json.encode
_STOP_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "content_filter": "refusal",  # there is no other name for it
    "refusal": "refusal",
}


class AnthropicDialect:
    """POST …/v1/messages."""

    name = "anthropic"

    def error(self, failure: Failure) -> bytes:
        """The body that goes with an error status."""
        return _encode(_error(failure))

    def whole(self, asked: Asked, answer: Answer) -> bytes:
        """An answer in one piece."""
        content = [_block(asked, answer)] if answer.text else []
        message = _frame(asked) | {"content": content, "stop_reason": _stop_reason(asked, answer)}
        if answer.says_usage:
            message["usage"] = {"input_tokens": asked.prompt_tokens, "output_tokens": answer.tokens}
        return _encode(message)

    def events(self, asked: Asked, answer: Answer, characters: int) -> Events:
        """An answer as a stream: its usage stands in the first event and in the last but one."""
        start = _frame(asked) | {"content": [], "stop_reason": None}
        ending: dict[str, Any] = {"delta": {"stop_reason": _stop_reason(asked, answer), "stop_sequence": None}}
        if answer.says_usage:
            start["usage"] = {"input_tokens": asked.prompt_tokens, "output_tokens": 1}
            ending["usage"] = {"output_tokens": answer.tokens}
        opening = _event("message_start", {"message": start})
        closing = _event("message_delta", ending) + _event("message_stop", {})
        if not answer.text:
            return Events(opening, [], closing)
        tool = as_tool_input(asked, answer.text)
        opening += _event("content_block_start", {"index": 0, "content_block": _empty_block(asked, tool=tool)})
        opening += _event("ping", {})
        closing = _event("content_block_stop", {"index": 0}) + closing
        return Events(opening, _pieces(answer.text, characters, tool=tool), closing)

    def error_event(self, failure: Failure) -> bytes:
        """An error in the middle of a stream."""
        return b"event: error\ndata: " + _encode(_error(failure)) + b"\n\n"


def _pieces(text: str, characters: int, *, tool: bool) -> list[bytes]:
    delta = {"type": "input_json_delta", "partial_json": "@"} if tool else {"type": "text_delta", "text": "@"}
    before, _, behind = _event("content_block_delta", {"index": 0, "delta": delta}).partition(b'"@"')
    return [before + _encode(piece) + behind for piece in cut(text, characters)]


def _event(kind: str, body: dict[str, Any]) -> bytes:
    return b"event: " + kind.encode() + b"\ndata: " + _encode({"type": kind, **body}) + b"\n\n"


def _error(failure: Failure) -> dict[str, Any]:
    message = failure.message + SUFFIX
    return {"type": "error", "error": {"type": failure.anthropic_type, "message": message}, "request_id": "req_1"}


def _frame(asked: Asked) -> dict[str, Any]:
    name = f"msg_{asked.number}"
    return {"id": name, "type": "message", "role": "assistant", "model": asked.model, "stop_sequence": None}


def _empty_block(asked: Asked, *, tool: bool) -> dict[str, Any]:
    if tool:
        return {"type": "tool_use", "id": f"toolu_{asked.number}", "name": asked.tool, "input": {}}
    return {"type": "text", "text": ""}


def _block(asked: Asked, answer: Answer) -> dict[str, Any]:
    """The answer's only block; a tool's input that is cut off or broken is lost, as with the original."""
    block = _empty_block(asked, tool=as_tool_input(asked, answer.text))
    if block["type"] == "text":
        return block | {"text": answer.text}
    try:
        return block | {"input": json.loads(answer.text)}
    except ValueError:
        return block


def _stop_reason(asked: Asked, answer: Answer) -> str:
    if answer.finish == "stop" and as_tool_input(asked, answer.text):
        return "tool_use"
    return _STOP_REASONS[answer.finish]
