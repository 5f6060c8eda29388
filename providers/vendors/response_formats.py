"""How a request says in what form it wants its answer, rung by rung, and how a vendor's refusal of one is known."""

import re
from collections.abc import Sequence
from typing import Any

from providers import prompts
from providers.protocol import Request, Rung

NAME = "answer"

_HINTS = {
    Rung.JSON_SCHEMA: re.compile(r"response_?format|json_?schema|schema|structured|grammar|output_", re.IGNORECASE),
    Rung.TOOL: re.compile(r"tool|function", re.IGNORECASE),
    Rung.JSON_OBJECT: re.compile(r"response_?format|json_?object|json mode|grammar", re.IGNORECASE),
}


class Ladder:
    """The rungs one vendor may stand on; it keeps what it has learned until the configuration changes."""

    def __init__(self, rungs: Sequence[Rung] = tuple(Rung)) -> None:
        self._rungs = tuple(rungs)
        self._place = 0

    @property
    def rung(self) -> Rung:
        """Where the vendor stands."""
        return self._rungs[self._place]

    def refused(self, rung: Rung) -> bool:
        """Note that the vendor cannot do `rung`; tells whether another one is left to ask on.

        Of parallel requests that were refused on the same rung only the first goes down.
        """
        if rung is not self.rung:
            return True
        if self._place + 1 == len(self._rungs):
            return False
        self._place += 1
        return True


def form_of(rung: Rung, request: Request) -> dict[str, Any]:
    """The parameters of a rung, in the OpenAI dialect that LiteLLM translates; the prompt carries the schema anyway."""
    if rung is Rung.JSON_SCHEMA:
        json_schema = {"name": NAME, "strict": True, "schema": prompts.schema(request)}
        return {"response_format": {"type": "json_schema", "json_schema": json_schema}}
    if rung is Rung.TOOL:
        return {"tools": [_tool(request)], "tool_choice": {"type": "function", "function": {"name": NAME}}}
    if rung is Rung.JSON_OBJECT:
        return {"response_format": {"type": "json_object"}}
    return {}


def is_about_form(rung: Rung, message: str) -> bool:
    """Tell whether a vendor that refused a request may have meant its form.

    Statuses say nothing about that, so its words are looked at here, and nowhere kept. A wrong guess costs one request.
    """
    hint = _HINTS.get(rung)
    return hint is not None and hint.search(message) is not None


def _tool(request: Request) -> dict[str, Any]:
    function = {"name": NAME, "description": "Hand over the answer.", "parameters": prompts.schema(request)}
    return {"type": "function", "function": function}
