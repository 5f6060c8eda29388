"""How a request asks for a response format, and how a vendor's refusal of one is known and answered."""

import re
from collections.abc import Sequence
from typing import Any

from providers import prompts
from providers.protocol import Request, ResponseFormat

NAME = "answer"

_HINTS = {
    ResponseFormat.JSON_SCHEMA: re.compile(
        r"response_?format|json_?schema|schema|structured|grammar|output_", re.IGNORECASE
    ),
    ResponseFormat.TOOL: re.compile(r"tool|function", re.IGNORECASE),
    ResponseFormat.JSON_OBJECT: re.compile(r"response_?format|json_?object|json mode|grammar", re.IGNORECASE),
}


class FormatFallback:
    """The strictest format one vendor accepts, learned by its refusals and kept until the configuration changes."""

    def __init__(self, formats: Sequence[ResponseFormat] = tuple(ResponseFormat)) -> None:
        self._formats = tuple(formats)
        self._next = 0

    @property
    def response_format(self) -> ResponseFormat:
        """The one to ask for next."""
        return self._formats[self._next]

    def refused(self, response_format: ResponseFormat) -> bool:
        """Note that the vendor cannot do `response_format`; tells whether another one is left to ask for.

        Of parallel requests that were refused the same format only the first goes on to the next.
        """
        if response_format is not self.response_format:
            return True
        if self._next + 1 == len(self._formats):
            return False
        self._next += 1
        return True


def format_parameters(response_format: ResponseFormat, request: Request) -> dict[str, Any]:
    """The parameters that ask for a format, in the OpenAI dialect that LiteLLM translates.

    The prompt carries the schema anyway.
    """
    if response_format is ResponseFormat.JSON_SCHEMA:
        json_schema = {"name": NAME, "strict": True, "schema": prompts.schema(request)}
        return {"response_format": {"type": "json_schema", "json_schema": json_schema}}
    if response_format is ResponseFormat.TOOL:
        return {"tools": [_tool(request)], "tool_choice": {"type": "function", "function": {"name": NAME}}}
    if response_format is ResponseFormat.JSON_OBJECT:
        return {"response_format": {"type": "json_object"}}
    return {}


def is_about_format(response_format: ResponseFormat, message: str) -> bool:
    """Tell whether a vendor that refused a request may have meant its format.

    Statuses say nothing about that, so its words are looked at here, and nowhere kept. A wrong guess costs one request.
    """
    hint = _HINTS.get(response_format)
    return hint is not None and hint.search(message) is not None


def _tool(request: Request) -> dict[str, Any]:
    function = {"name": NAME, "description": "Hand over the answer.", "parameters": prompts.schema(request)}
    return {"type": "function", "function": function}
