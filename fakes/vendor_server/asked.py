"""What a request asks for, read from either dialect."""

import json
import re
from enum import StrEnum
from typing import Any

import msgspec

_PLAN_LINE = re.compile(r"^- skill (s\d+), source (p\d+)\b.*$", re.MULTILINE)
_CONCEPTS = re.compile(r"Name (\d+) concepts of this skill:")
_CONCEPT = re.compile(r"^- skill s\d+, source p\d+(?:, concept (c\d+))?.*$", re.MULTILINE)
_FLAWED = re.compile(r'\[\{"question":1,"stem":.*"what is wrong":.*\}\]')
_SCHEMA_IN_PROMPT = '{"type":"object","properties":{"items"'


class Form(StrEnum):
    """How a request asks for JSON."""

    JSON_SCHEMA = "json_schema"
    TOOLS = "tools"
    JSON_OBJECT = "json_object"
    TEXT = "text"


class Asked(msgspec.Struct):
    """One request: its number at this server, what it wants, and how it wants it."""

    number: int
    body: dict[str, Any]
    form: Form
    tool: str = ""
    schema: dict[str, Any] | None = None
    prompt_tokens: int = 0

    @property
    def model(self) -> str:
        """The model that is asked."""
        return str(self.body.get("model", "scripted"))

    @property
    def streams(self) -> bool:
        """Whether the answer is wanted as a stream."""
        return self.body.get("stream") is True

    @property
    def prompt(self) -> str:
        """The last message."""
        messages = self.body.get("messages") or [{}]
        content = messages[-1].get("content", "")
        if isinstance(content, str):
            return content
        return "\n".join(str(part.get("text", "")) for part in content)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Skill and source of every item wanted: from the prompt's plan, or else from the schema."""
        prompt = self.prompt
        found: list[tuple[str, str]] = _PLAN_LINE.findall(prompt)
        return found or _pairs_of_schema(self.schema or _schema_in(prompt))

    @property
    def concepts(self) -> int:
        """How many concepts of a skill are wanted; 0 where something else is."""
        found = _CONCEPTS.match(self.prompt)
        return int(found[1]) if found else 0

    @property
    def concept_refs(self) -> list[str]:
        """The concept of every item wanted; empty where its line names none."""
        return list(_CONCEPT.findall(self.prompt))

    @property
    def flawed(self) -> list[dict[str, Any]]:
        """The questions that are to get other distractors."""
        found = _FLAWED.search(self.prompt)
        return list(json.loads(found[0])) if found else []


def read(body: dict[str, Any], number: int, size: int) -> Asked:
    """Read a request's body of `size` bytes; four of them count as a token."""
    asked = Asked(number, body, Form.TEXT, prompt_tokens=size // 4)
    response_format = body.get("response_format") or {}
    output_format = body.get("output_format") or (body.get("output_config") or {}).get("format") or {}
    if response_format.get("type") == "json_schema":
        asked.form, asked.schema = Form.JSON_SCHEMA, response_format["json_schema"].get("schema")
    elif output_format.get("type") == "json_schema":
        asked.form, asked.schema = Form.JSON_SCHEMA, output_format.get("schema")
    elif tools := body.get("tools"):
        _read_tool(asked, tools[0])
    elif response_format.get("type") == "json_object":
        asked.form = Form.JSON_OBJECT
    return asked


def _read_tool(asked: Asked, tool: dict[str, Any]) -> None:
    function = tool.get("function") or tool
    asked.form, asked.tool = Form.TOOLS, str(function.get("name", ""))
    asked.schema = function.get("parameters") or function.get("input_schema")


def _schema_in(prompt: str) -> dict[str, Any]:
    start = prompt.rfind(_SCHEMA_IN_PROMPT)
    if start < 0:
        return {}
    try:
        schema, _ = json.JSONDecoder().raw_decode(prompt, start)
    except ValueError:
        return {}
    return dict(schema)


def _pairs_of_schema(schema: dict[str, Any]) -> list[tuple[str, str]]:
    items = (schema.get("properties") or {}).get("items") or {}
    fields = (items.get("items") or {}).get("properties") or {}
    skills = (fields.get("skill") or {}).get("enum") or []
    sources = (fields.get("source") or {}).get("enum") or []
    if not skills or not sources:
        return []
    count = items.get("minItems") or max(len(skills), len(sources))
    return [(skills[turn % len(skills)], sources[turn % len(sources)]) for turn in range(count)]
