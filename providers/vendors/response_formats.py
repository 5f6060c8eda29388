"""How a request asks for a response format, and how a vendor's refusal of one is known and answered."""

import re
from collections.abc import Sequence
from typing import Any

from providers import prompts
from providers.protocol import Request, ResponseFormat
from providers.vendors.error_bodies import ErrorBody

NAME = "answer"

_ABOUT_FORMAT = re.compile(
    r"response_?format|json.?schema|json.?object|json mode|schema|structured|grammar|guided|output_|tool|function"
    r"|requested parameters",
    re.IGNORECASE,
)
_UNSUPPORTED = re.compile(r"support|handle|allow|available|implement|enabled", re.IGNORECASE)
_ABOUT_PROMPT = re.compile(
    r"safety|moderat|flagged|content.?(policy|filter)|usage.(guideline|polic)|prohibited", re.IGNORECASE
)
_WRONG_REQUEST = frozenset({400, 422})
_PERHAPS_FORMAT = frozenset({403, 404, 405, 501})
_PERHAPS_PROMPT = frozenset({400, 403, 422, 451})
_SAYS_ENOUGH = frozenset({"model_not_found", "context_length_exceeded", "invalid_api_key"})


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


def is_about_format(refusal: ErrorBody) -> bool:
    """Tell whether a vendor that refused a request may have meant its format.

    Its status, its codes and the parameter it names count before its words, which are looked at here and nowhere kept.
    A wrong guess costs one request.
    """
    if refusal.codes & _SAYS_ENOUGH:
        return False
    if refusal.parameter:
        return _ABOUT_FORMAT.search(refusal.parameter) is not None
    if not _ABOUT_FORMAT.search(refusal.words):
        return False
    if refusal.status in _PERHAPS_FORMAT:
        return _UNSUPPORTED.search(refusal.words) is not None
    return refusal.status in _WRONG_REQUEST


def is_about_prompt(refusal: ErrorBody) -> bool:
    """Tell whether it is this prompt that a vendor declines, and neither the account nor the request."""
    said = " ".join((refusal.words, *refusal.codes, *refusal.names))
    return refusal.status in _PERHAPS_PROMPT and _ABOUT_PROMPT.search(said) is not None and "account" not in said


def _tool(request: Request) -> dict[str, Any]:
    function = {"name": NAME, "description": "Hand over the answer.", "parameters": prompts.schema(request)}
    return {"type": "function", "function": function}
