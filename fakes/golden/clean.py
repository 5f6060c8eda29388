"""Clean items from many fields and several languages, each with a verification it belongs to."""

import json
from pathlib import Path
from typing import NamedTuple

from assessment.items.rules import RuleContext
from assessment.models import Item

OWN_TEXT = (
    "Relaunch of the harbour museum",
    "Coordinator at Brightwater Logistics",
    "Planned the move of nine exhibitions and trained a team of fourteen volunteers between March 2021 and May 2023.",
    "Certificate in Exhibition Safety, issued by the Northgate Academy",
)


class Case(NamedTuple):
    """An item and what it is judged against."""

    item: Item
    context: RuleContext


def clean_cases() -> list[Case]:
    """All clean items; the key's place goes round."""
    lines = (Path(__file__).parent / "clean.jsonl").read_text(encoding="utf-8").splitlines()
    return [_case(number, json.loads(line)) for number, line in enumerate(lines)]


def english_cases() -> list[Case]:
    """Those in English, which mutants are made of."""
    return [case for case in clean_cases() if case.context.language_code == "en"]


def _case(number: int, entry: dict[str, object]) -> Case:
    options = [str(option) for option in entry["options"]]  # type: ignore[attr-defined]  # a list of texts
    place = number % len(options)
    options.insert(place, options.pop(0))
    item = Item("skill", "source", str(entry["stem"]), tuple(options), place, "It follows from how the thing works.")
    return Case(item, RuleContext({"skill"}, {"source"}, OWN_TEXT, str(entry.get("language", "en"))))
