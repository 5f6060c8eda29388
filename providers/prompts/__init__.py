"""The prompts, version 4: what a model is told, built from an order or a quiz.

A student's words are data. They are cut to size, cleaned, written as JSON, and set between two lines with a random tag
that their author cannot know. Names, e-mail addresses, phone numbers and the platform's ids stay here.
"""

import re
import secrets
import unicodedata
from functools import cache, lru_cache
from pathlib import Path
from string import Template
from typing import Any

import msgspec

from assessment.items.novelty import without_setting
from assessment.models import Difficulty, SeenItem, SourceItem, Task
from providers.protocol import MapRequest, Order, Quiz, Repair, Request, Wanted

VERSION = "v4"

MAX_TITLE_CHARACTERS = 200
MAX_FACT_CHARACTERS = 1_200
MAX_FACTS = 8
MAX_SKILL_CHARACTERS = 80
MAX_SEEN = 40
MAX_SEEN_CHARACTERS = 90
MAX_COMPLAINTS = 10

_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_PHONE = re.compile(r"(?<!\w)(?:\+\d[\d ()./-]{6,20}\d|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}|0\d{2,5}[ /-]\d{4,9})(?!\w)")
LETTERS = "ABCD"
LONGEST_OF = 3  # of so many items one is left as it comes; in the others a wrong option is the longest
JUDGED = (" (it is sound)", " (it has a fault)", " (it has a fault)")  # a third of what is judged is sound

_FENCE = re.compile(r"<{3,}|>{3,}")


# How the prompt names a language; one that is missing here goes out as its code.
LANGUAGES = {
    "ar": "Arabic",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sv": "Swedish",
    "th": "Thai",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Chinese",
}


class Prompt(msgspec.Struct, frozen=True):
    """The two messages of a call."""

    system: str
    user: str


def build(request: Request) -> Prompt:
    """Write the messages for a request, with a fresh tag around the data."""
    tag = secrets.token_hex(8)
    fence = {"opening": f"<<<DATA {tag}>>>", "closing": f"<<<END {tag}>>>"}
    match request:
        case Quiz():
            return _solving(request, fence)
        case Repair():
            return _repairing(request, fence)
        case MapRequest():
            return _mapping(request, fence)
    return _writing(request, fence)


def schema(request: Request) -> dict[str, Any]:
    """The JSON schema of the answer: only the request's short ids, exactly the number of entries asked for."""
    match request:
        case Quiz():
            return _answer_schema(request)
        case Repair():
            return _repair_schema(request)
        case MapRequest():
            return _map_schema(request)
    return _item_schema(request)


def wording() -> tuple[str, ...]:
    """What every writer is told in the same words, the placeholders left open; no item has to repeat it."""
    parts = ("system", "user", "repair_system", "repair_user", "solve_system", "solve_user")
    return tuple(_template(part).template for part in parts)


def _writing(order: Order, fence: dict[str, str]) -> Prompt:
    user = _template("user").substitute(
        fence,
        count=len(order.wanted),
        plan=_plan(order),
        data=_json(_data(order)),
        complaints=_complaints(order),
        schema=_json(schema(order)),
    )
    language = LANGUAGES.get(order.language, order.language)
    where = f"by the law and standards of {order.jurisdiction}" if order.jurisdiction else "in every country alike"
    return Prompt(_template("system").substitute(fence, language=language, where=where), user)


def _solving(quiz: Quiz, fence: dict[str, str]) -> Prompt:
    questions = [
        {"question": number, "stem": entry.stem, "options": dict(zip(LETTERS, entry.options, strict=False))}
        for number, entry in enumerate(quiz.entries, start=1)
    ]
    user = _template("solve_user").substitute(
        fence, count=len(questions), data=_FENCE.sub("<<", _json(questions)), schema=_json(schema(quiz))
    )
    return Prompt(_template("solve_system").substitute(fence), user)


def _repairing(repair: Repair, fence: dict[str, str]) -> Prompt:
    questions = [
        {
            "question": number,
            "stem": entry.stem,
            "right": entry.key,
            "distractors": entry.distractors,
            "what is wrong": entry.reason,
        }
        for number, entry in enumerate(repair.entries, start=1)
    ]
    user = _template("repair_user").substitute(
        fence, count=len(questions), data=_FENCE.sub("<<", _json(questions)), schema=_json(schema(repair))
    )
    language = LANGUAGES.get(repair.language, repair.language)
    return Prompt(_template("repair_system").substitute(fence, language=language), user)


def _mapping(request: MapRequest, fence: dict[str, str]) -> Prompt:
    data = {
        "skill": _clean(request.skill.name, MAX_SKILL_CHARACTERS),
        "the map holds already": [_clean(name, MAX_SKILL_CHARACTERS) for name in request.holds],
    }
    user = _template("map_user").substitute(fence, count=request.count, data=_json(data), schema=_json(schema(request)))
    language = LANGUAGES.get(request.language, request.language)
    return Prompt(_template("map_system").substitute(fence, language=language), user)


def _map_schema(request: MapRequest) -> dict[str, Any]:
    concept = {
        "name": {"type": "string"},
        "tests": {"type": "string"},
        "level": {"type": "string", "enum": [difficulty.value for difficulty in Difficulty]},
    }
    concepts = {"type": "array", "items": _closed_object(concept), "minItems": 1, "maxItems": request.count}
    return _closed_object({"concepts": concepts})


def _repair_schema(repair: Repair) -> dict[str, Any]:
    count = len(repair.entries)
    entry = {
        "question": {"type": "integer", "enum": list(range(1, count + 1))},
        "distractors": {"type": "array", "items": {"type": "string"}, "minItems": 3, "maxItems": 3},
    }
    repairs = {"type": "array", "items": _closed_object(entry), "minItems": count, "maxItems": count}
    return _closed_object({"repairs": repairs})


def _answer_schema(quiz: Quiz) -> dict[str, Any]:
    count = len(quiz.entries)
    answer = {
        "question": {"type": "integer", "enum": list(range(1, count + 1))},
        "choice": {"type": "string", "enum": list(LETTERS)},
    }
    answers = {"type": "array", "items": _closed_object(answer), "minItems": count, "maxItems": count}
    return _closed_object({"answers": answers})


def _item_schema(order: Order) -> dict[str, Any]:
    concepts = [wanted.concept_ref for wanted in order.wanted]
    item = {
        "concept": {"type": "string", "enum": _distinct(concepts)} if all(concepts) else {"type": "string"},
        "skill": {"type": "string", "enum": _distinct(wanted.skill_ref for wanted in order.wanted)},
        "source": {"type": "string", "enum": _distinct(wanted.source_ref for wanted in order.wanted)},
        "stem": {"type": "string"},
        "options": {"type": "array", "items": {"type": "string"}, "minItems": 4, "maxItems": 4},
        "key": {"type": "integer", "enum": [0, 1, 2, 3]},
        "rationale": {"type": "string"},
        "difficulty": {"type": "string", "enum": [difficulty.value for difficulty in Difficulty]},
    }
    count = len(order.wanted)
    items = {"type": "array", "items": _closed_object(item), "minItems": count, "maxItems": count}
    return _closed_object({"items": items})


def _closed_object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _plan(order: Order) -> str:
    return "\n".join(
        _line(wanted, order.round_number + order.part + place) for place, wanted in enumerate(order.wanted)
    )


def _line(wanted: Wanted, turn: int) -> str:
    """One question. The `turn` deals out what a writer cannot spread evenly by itself, since it sees one call alone."""
    slot = wanted.slot
    concept = f", concept {wanted.concept_ref}{' again' if slot.is_again else ''}" if wanted.concept_ref else ""
    task = f"{slot.task}{JUDGED[turn % len(JUDGED)]}" if slot.task is Task.REVIEW else slot.task
    longest = "" if turn % LONGEST_OF == 0 else ", a wrong one longest"
    return (
        f"- skill {wanted.skill_ref}, source {wanted.source_ref}{concept}, {slot.difficulty}: {task}; "
        f"key {turn % len(LETTERS)}{longest}"
    )


def _data(order: Order) -> dict[str, Any]:
    return {
        "concepts": {
            wanted.concept_ref: {"name": wanted.slot.concept.name, "tests": wanted.slot.concept.tests}
            for wanted in order.wanted
            if wanted.slot.concept
        },
        "skills": {wanted.skill_ref: _clean(wanted.slot.skill.name, MAX_SKILL_CHARACTERS) for wanted in order.wanted},
        "sources": {wanted.source_ref: _source(wanted.slot.source) for wanted in order.wanted},
        "asked_before": _asked_before(order),
    }


def _asked_before(order: Order) -> dict[str, list[str]]:
    """What was asked of each wanted skill of late, as concepts or else as stems cut short.

    Where the plan names the concepts, only what is asked again has to be known, by its stem.
    """
    refs = {wanted.slot.skill.skill_id: wanted.skill_ref for wanted in order.wanted}
    asked: dict[str, list[str]] = {ref: [] for ref in refs.values()}
    room = MAX_SEEN // len(asked)
    for seen in reversed(order.seen):
        told = asked.get(refs.get(seen.skill_id, ""))
        if told is not None and len(told) < room and (text := _as_asked(seen, order)) not in told:
            told.append(text)
    return {ref: [text for text in told if text] for ref, told in asked.items()}


def _as_asked(seen: SeenItem, order: Order) -> str:
    concepts = [it.slot for it in order.wanted if it.slot.skill.skill_id == seen.skill_id and it.slot.concept]
    stem = _clean(without_setting(seen.stem), MAX_SEEN_CHARACTERS)
    if seen.concept is None:
        return stem
    if not concepts:
        return _clean(seen.concept.name, MAX_SEEN_CHARACTERS)
    is_again = any(it.is_again and it.concept and it.concept.concept_id == seen.concept.concept_id for it in concepts)
    return stem if is_again else ""


def _source(source: SourceItem) -> dict[str, Any]:
    facts = {_clean(name, 40): _clean(value, MAX_FACT_CHARACTERS) for name, value in source.facts[:MAX_FACTS]}
    return {"kind": source.kind.value, "title": _clean(source.title, MAX_TITLE_CHARACTERS), "facts": facts}


def _complaints(order: Order) -> str:
    if not order.complaints:
        return ""
    lines = "\n".join(f"- {complaint}" for complaint in order.complaints[:MAX_COMPLAINTS])
    return f"\nEarlier questions were rejected for these reasons; avoid them:\n{lines}\n"


@lru_cache(maxsize=4096)  # the stems a student has seen go out with every call
def _clean(text: str, limit: int) -> str:
    """Drop invisible characters, take out contacts, break up anything that looks like our fence, and cut."""
    cut = text[: 2 * limit]  # a contact that straddles the limit is still seen whole
    visible = cut if cut.isprintable() else "".join(map(_visible, cut))
    without_contacts = _PHONE.sub("[phone]", _EMAIL.sub("[e-mail]", " ".join(visible.split())))
    return _FENCE.sub(lambda run: run[0][:2], without_contacts)[:limit]


def _visible(character: str) -> str:
    """Characters without width go altogether: a space in their place would take a contact apart that is to go too."""
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    return " " if category[0] == "C" else character


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _distinct(refs: Any) -> list[str]:
    return list(dict.fromkeys(refs))


@cache
def _template(part: str) -> Template:
    return Template((Path(__file__).parent / f"{VERSION}_{part}.txt").read_text(encoding="utf-8"))
