"""OpenAI chat completions."""

from typing import Any

import msgspec

from fakes.vendor_server.answers import Answer, as_tool_input
from fakes.vendor_server.asked import Asked
from fakes.vendor_server.dialects import Events, cut
from fakes.vendor_server.failures import SUFFIX, Failure

DONE = b"data: [DONE]\n\n"
_encode = msgspec.json.encode


class OpenAIDialect:
    """POST …/chat/completions."""

    name = "openai"

    def error(self, failure: Failure) -> bytes:
        """The body that goes with an error status."""
        return _encode({"error": _error(failure)})

    def whole(self, asked: Asked, answer: Answer) -> bytes:
        """An answer in one piece."""
        choice = {"index": 0, "message": _message(asked, answer), "finish_reason": _finish(asked, answer)}
        body = _frame(asked, "chat.completion") | {"choices": [choice]}
        if answer.says_usage:
            body["usage"] = _usage(asked, answer)
        return _encode(body)

    def events(self, asked: Asked, answer: Answer, characters: int) -> Events:
        """An answer as a stream."""
        return self.spoken(asked, answer, cut(answer.text, characters))

    def spoken(self, asked: Asked, answer: Answer, texts: list[str]) -> Events:
        """An answer as a stream of these texts; usage comes only to those who ask for it, as with the original."""
        frame = _frame(asked, "chat.completion.chunk")
        opening = _event(frame | _choice(_first_delta(asked, answer)))
        before, _, behind = _event(frame | _choice(_delta(asked, answer))).partition(b'"@"')
        pieces = [before + _encode(piece) + behind for piece in texts]
        closing = _event(frame | _choice({}, _finish(asked, answer)))
        if answer.says_usage and (asked.body.get("stream_options") or {}).get("include_usage"):
            closing += _event(frame | {"choices": [], "usage": _usage(asked, answer)})
        return Events(opening, pieces, closing + DONE)

    def error_event(self, failure: Failure) -> bytes:
        """An error in the middle of a stream."""
        return _event({"error": _error(failure)})


def _event(body: dict[str, Any]) -> bytes:
    return b"data: " + _encode(body) + b"\n\n"


def _error(failure: Failure) -> dict[str, Any]:
    message = failure.message + SUFFIX
    return {"message": message, "type": failure.openai_type, "param": failure.param, "code": failure.code}


def _frame(asked: Asked, kind: str) -> dict[str, Any]:
    frame = {"id": f"chatcmpl-{asked.number}", "object": kind, "created": 1, "model": asked.model}
    return frame | {"service_tier": "default"}  # as OpenAI and Groq say it; LiteLLM wants it of Groq


def _choice(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def _call(asked: Asked, arguments: str) -> list[dict[str, Any]]:
    function = {"name": asked.tool, "arguments": arguments}
    return [{"index": 0, "id": f"call_{asked.number}", "type": "function", "function": function}]


def _message(asked: Asked, answer: Answer) -> dict[str, Any]:
    if answer.finish == "refusal":
        return {"role": "assistant", "content": None, "refusal": answer.text}
    if as_tool_input(asked, answer.text):
        return {"role": "assistant", "content": None, "tool_calls": _call(asked, answer.text)}
    return {"role": "assistant", "content": answer.text, "refusal": None}


def _first_delta(asked: Asked, answer: Answer) -> dict[str, Any]:
    if as_tool_input(asked, answer.text):
        return {"role": "assistant", "content": None, "tool_calls": _call(asked, "")}
    return {"role": "assistant", "content": ""}


def _delta(asked: Asked, answer: Answer) -> dict[str, Any]:
    """A piece of text; "@" stands where it goes."""
    if answer.finish == "refusal":
        return {"refusal": "@"}
    if as_tool_input(asked, answer.text):
        return {"tool_calls": [{"index": 0, "function": {"arguments": "@"}}]}
    return {"content": "@"}


def _finish(asked: Asked, answer: Answer) -> str:
    if answer.finish == "refusal":
        return "stop"
    if answer.finish == "stop" and as_tool_input(asked, answer.text) and not _is_forced(asked):
        return "tool_calls"
    return answer.finish


def _is_forced(asked: Asked) -> bool:
    """A call that names the tool ends with "stop", one that leaves the choice to the model with "tool_calls"."""
    return isinstance(asked.body.get("tool_choice"), dict)


def _usage(asked: Asked, answer: Answer) -> dict[str, int]:
    total = asked.prompt_tokens + answer.tokens
    return {"prompt_tokens": asked.prompt_tokens, "completion_tokens": answer.tokens, "total_tokens": total}
