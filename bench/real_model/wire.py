"""A look at the raw wire: one small streamed request under a JSON schema, without anything of ours between."""

import json
import time
from typing import Any

import httpx
import msgspec

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "stem": {"type": "string", "maxLength": 120},
        "key": {"type": "integer", "minimum": 0, "maximum": 3},
    },
    "required": ["stem", "key"],
    "additionalProperties": False,
}


class WireAnswer(msgspec.Struct):
    """What came over the wire."""

    status: int
    content_type: str
    events: int = 0
    text: str = ""
    first_token_seconds: float = 0.0
    seconds: float = 0.0

    @property
    def fits_schema(self) -> bool:
        """Whether the text is an object with exactly the fields of the schema."""
        try:
            return bool(set(json.loads(self.text)) == set(SCHEMA["required"]))
        except (ValueError, TypeError):
            return False


def look(base_url: str) -> WireAnswer:
    """Ask for one question and read the stream event by event."""
    json_schema = {"name": "question", "strict": True, "schema": SCHEMA}
    body = {
        "model": "smollm2",
        "messages": [{"role": "user", "content": "Write one quiz question about SQL as JSON."}],
        "stream": True,
        "max_tokens": 120,
        "response_format": {"type": "json_schema", "json_schema": json_schema},
    }
    began = time.monotonic()
    with httpx.stream("POST", f"{base_url}/chat/completions", json=body, timeout=60) as response:
        seen = WireAnswer(response.status_code, response.headers.get("content-type", ""))
        for line in response.iter_lines():
            _read(line, seen, began)
    seen.seconds = time.monotonic() - began
    return seen


def _read(line: str, seen: WireAnswer, began: float) -> None:
    if not line.startswith("data: {"):
        return
    choices = json.loads(line.removeprefix("data: ")).get("choices") or [{}]
    piece = choices[0].get("delta", {}).get("content") or ""
    if piece:
        seen.first_token_seconds = seen.first_token_seconds or time.monotonic() - began
        seen.events += 1
        seen.text += piece
