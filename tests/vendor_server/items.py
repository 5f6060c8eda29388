"""Valid items for a request, made from what the request itself says, as a model would."""

import json
import re
from typing import Any

_PLAN_LINE = re.compile(r"^- skill (s\d+), source (p\d+)$", re.MULTILINE)

_SUBJECTS = (
    "cache",
    "queue",
    "report",
    "pipeline",
    "ledger",
    "schedule",
    "index",
    "archive",
    "form",
    "gateway",
    "rota",
)
_TROUBLES = ("loses entries", "grows without bound", "answers late", "shows stale values", "repeats work")
_TIMES = (
    "after a restart",
    "under heavy load",
    "at the end of a month",
    "during a handover",
    "once a second site joins",
)
_AIMS = (
    "find the cause",
    "limit the damage",
    "prove the remedy",
    "inform the users",
    "plan the repair",
    "save the data",
)
_VERBS = ("Measure", "Rewrite", "Isolate", "Archive", "Monitor", "Replace", "Inspect")
_OBJECTS = ("each stage", "the parser", "one worker", "old inputs", "the limits", "all values")


def items_for(body: dict[str, Any], number: int) -> list[dict[str, Any]]:
    """One valid item per line of the prompt's plan; call `number` makes its stems differ from every other call's."""
    pairs = _PLAN_LINE.findall(body["messages"][-1]["content"])
    return [_item(skill, source, number * 97 + index) for index, (skill, source) in enumerate(pairs)]


def good_text(body: dict[str, Any], number: int) -> str:
    """The answer of a vendor that does its work well."""
    return json.dumps({"items": items_for(body, number)})


def completion(body: dict[str, Any], text: str | None, finish_reason: str = "stop") -> bytes:
    """Wrap a text in the chat-completions dialect."""
    message = {"role": "assistant", "content": text}
    output = len(text or "") // 4
    response = {
        "id": "chatcmpl-scripted",
        "object": "chat.completion",
        "created": 1,
        "model": body.get("model", "scripted"),
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
        "usage": {"prompt_tokens": 700, "completion_tokens": output, "total_tokens": 700 + output},
    }
    return json.dumps(response).encode()


def _item(skill: str, source: str, serial: int) -> dict[str, Any]:
    key = serial % 4
    options = [f"{_pick(_VERBS, serial + turn)} {_pick(_OBJECTS, serial + turn)} first" for turn in range(4)]
    return {
        "skill": skill,
        "source": source,
        "stem": _stem(serial),
        "options": options,
        "key": key,
        "rationale": "It shows where the trouble begins before anything is changed.",
    }


def _stem(serial: int) -> str:
    subject, trouble = _pick(_SUBJECTS, serial), _pick(_TROUBLES, serial)
    time, aim = _pick(_TIMES, serial // 5), _pick(_AIMS, serial)
    return f"The {subject} {trouble} {time} (case {serial}): what would you do next to {aim}?"


def _pick(words: tuple[str, ...], number: int) -> str:
    return words[number % len(words)]
