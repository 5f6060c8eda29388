"""Asks the scripted vendor in bare HTTP, and reads its answers as their dialects are documented."""

import json
import re
from typing import Any

import httpx
import msgspec

from fakes.vendor_server import VendorServer

DIALECTS = ("openai", "anthropic")
FORMS = ("json_schema", "tools", "json_object", "text")
PLAN = "Write questions:\n- skill s1, source p1\n- skill s2, source p1\n- skill s1, source p2\n- skill s2, source p2\n"
PAIRS = [("s1", "p1"), ("s2", "p1"), ("s1", "p2"), ("s2", "p2")]
ITEM = {"skill": {"type": "string", "enum": ["s1", "s2"]}, "source": {"type": "string", "enum": ["p1", "p2"]}}
SCHEMA = {
    "type": "object",
    "properties": {
        "items": {"type": "array", "items": {"type": "object", "properties": ITEM}, "minItems": 4, "maxItems": 4}
    },
}


_DECODER = json.JSONDecoder()


class Heard(msgspec.Struct):
    """What came out: the text, how it ended, what it cost, and the names of the events."""

    text: str = ""
    tool: str = ""
    finish: str | None = None
    usage: dict[str, int] = {}
    events: list[str] = []

    @property
    def items(self) -> list[dict[str, Any]]:
        """The items of the text or of the tool's input."""
        found: list[dict[str, Any]] = json.loads(self.text or self.tool)["items"]
        return found


def closed_items(text: str) -> list[dict[str, Any]]:
    """The items that stand whole in a text, whatever stands around them."""
    found = []
    for start in re.finditer(r'\{"skill"', text):
        try:
            found.append(_DECODER.raw_decode(text, start.start())[0])
        except ValueError:
            continue
    return found


def pairs_of(items: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Skill and source of each item."""
    return [(item["skill"], item["source"]) for item in items]


def body(dialect: str, form: str = "text", *, stream: bool = False, prompt: str = PLAN) -> dict[str, Any]:
    """A request in a dialect that asks for JSON in a form."""
    asked: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": prompt}]}
    if stream:
        asked["stream"] = True
    return asked | (_openai(form, stream=stream) if dialect == "openai" else _anthropic(form))


def url(server: VendorServer, dialect: str) -> str:
    """Where a dialect is spoken."""
    return f"{server.base_url}/chat/completions" if dialect == "openai" else f"{server.root_url}/v1/messages"


async def post(client: httpx.AsyncClient, server: VendorServer, dialect: str, form: str = "text") -> httpx.Response:
    """One request that wants a whole answer."""
    return await client.post(url(server, dialect), json=body(dialect, form))


async def hear(
    client: httpx.AsyncClient, server: VendorServer, dialect: str, form: str = "text", *, stream: bool = False
) -> Heard:
    """Ask and read the answer to its end."""
    response = await client.post(url(server, dialect), json=body(dialect, form, stream=stream))
    assert response.status_code == 200
    return read(dialect, response.text) if stream else whole(dialect, response.json())


def whole(dialect: str, answer: dict[str, Any]) -> Heard:
    """Read an answer in one piece."""
    return _openai_whole(answer) if dialect == "openai" else _anthropic_whole(answer)


def read(dialect: str, text: str) -> Heard:
    """Read a stream."""
    heard = Heard(events=[])
    for block in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        if fields["data"] == "[DONE]":
            heard.events.append("[DONE]")
        elif dialect == "openai":
            _openai_event(heard, json.loads(fields["data"]))
        else:
            heard.events.append(fields["event"])
            _anthropic_event(heard, json.loads(fields["data"]))
    return heard


def _openai(form: str, *, stream: bool) -> dict[str, Any]:
    fields: dict[str, Any] = {"stream_options": {"include_usage": True}} if stream else {}
    if form == "json_schema":
        fields["response_format"] = {"type": form, "json_schema": {"name": "items", "schema": SCHEMA}}
    if form == "json_object":
        fields["response_format"] = {"type": form}
    if form == "tools":
        fields["tools"] = [{"type": "function", "function": {"name": "answer", "parameters": SCHEMA}}]
        fields["tool_choice"] = {"type": "function", "function": {"name": "answer"}}
    return fields


def _anthropic(form: str) -> dict[str, Any]:
    fields: dict[str, Any] = {"max_tokens": 4096}
    if form == "json_schema":
        fields["output_format"] = {"type": form, "schema": SCHEMA}
    if form == "tools":
        fields["tools"] = [{"name": "answer", "input_schema": SCHEMA}]
        fields["tool_choice"] = {"type": "tool", "name": "answer"}
    return fields


def _openai_whole(answer: dict[str, Any]) -> Heard:
    choice = answer["choices"][0]
    calls = choice["message"].get("tool_calls") or [{"function": {"arguments": ""}}]
    text, tool = choice["message"]["content"] or "", calls[0]["function"]["arguments"]
    return Heard(text, tool, choice["finish_reason"], _billed(answer.get("usage") or {}))


def _anthropic_whole(answer: dict[str, Any]) -> Heard:
    heard = Heard(finish=answer["stop_reason"], usage=_billed(answer.get("usage") or {}))
    for block in answer["content"]:
        heard.text += block.get("text", "")
        heard.tool += json.dumps(block["input"]) if "input" in block else ""
    return heard


def _billed(usage: dict[str, int]) -> dict[str, int]:
    names = {"prompt_tokens": "in", "input_tokens": "in", "completion_tokens": "out", "output_tokens": "out"}
    return {names[name]: count for name, count in usage.items() if name in names}


def _openai_event(heard: Heard, event: dict[str, Any]) -> None:
    heard.events.append("error" if "error" in event else "chunk")
    heard.usage = _billed(event.get("usage") or {})
    for choice in event.get("choices", ()):
        delta = choice["delta"]
        heard.text += delta.get("content") or ""
        heard.tool += "".join(call["function"]["arguments"] for call in delta.get("tool_calls", ()))
        heard.finish = choice["finish_reason"]


def _anthropic_event(heard: Heard, event: dict[str, Any]) -> None:
    delta = event.get("delta", {})
    heard.text += delta.get("text", "")
    heard.tool += delta.get("partial_json", "")
    heard.finish = delta.get("stop_reason", heard.finish)
    heard.usage |= _billed(event.get("message", event).get("usage") or {})
