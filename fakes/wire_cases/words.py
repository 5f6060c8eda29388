"""The words in which a case says what is sent: Jinja templates over the items of the request.

`items` are the good items, `answer` the JSON object with them. `stream(text)` is a text as a whole stream of OpenAI's
dialect; `event(content=…)` one delta of it, `data(object)` any event, `ended` what comes at the end. `json` and `cut`
are filters, and `each` makes other items by an expression over `it` and `number`. `seconds(n)` is n on the run's clock.
"""

import json
from collections.abc import Callable
from typing import Any

from jinja2 import Environment

PIECE = 60
Item = dict[str, Any]


def words(items: list[Item], scale: float) -> Callable[[str], str]:
    """A function that fills in a template."""
    names = {
        "items": items,
        "answer": _json({"items": items}),
        "event": _event,
        "data": _data,
        "stream": _stream,
        "ended": _ENDED,
        "seconds": lambda seconds: round(seconds * scale, 4),
    }
    return lambda template: _ENVIRONMENT.from_string(template).render(names)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _data(body: object) -> str:
    return f"data: {_json(body)}\n\n"


def _event(finish: str | None = None, **delta: object) -> str:
    return _data({"id": "x", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


def _cut(text: str, size: int = PIECE) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def _stream(text: str) -> str:
    return "".join([*(_event(content=piece) for piece in _cut(text)), _ENDED])


def _each(items: list[Item], expression: str) -> list[Item]:
    make = _ENVIRONMENT.compile_expression(expression)
    made: list[Item] = [make(it=item, number=number) or {} for number, item in enumerate(items)]
    return made


_USAGE = {"prompt_tokens": 700, "completion_tokens": 300, "total_tokens": 1000}
_ENDED = _event("stop") + _data({"id": "x", "choices": [], "usage": _USAGE}) + "data: [DONE]\n\n"
_ENVIRONMENT = Environment(keep_trailing_newline=True, autoescape=False)  # noqa: S701 - it writes no HTML
_ENVIRONMENT.filters |= {"json": _json, "cut": _cut, "each": _each}
