"""A vendor that is alone and has habits of its own fills a set with one call, and its keys are the ones it meant."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from assessment.deadline import Deadline
from providers.config import Questions
from providers.protocol import Order
from providers.writing.writer import Writer
from tests.unit.providers.fake_clock import FakeClock
from tests.unit.providers.fakes import ListLedger, ScriptedVendor, Stream, brief, chain_of, good, text_of

Items = list[dict[str, Any]]
LETTERS = "ABCD"


def each(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Items], str]:
    """An answer whose items are all changed."""
    return lambda items: text_of([change(item) for item in items])


def with_key(make: Callable[[dict[str, Any]], object]) -> Callable[[Items], str]:
    """An answer whose keys are written in another way."""
    return each(lambda item: item | {"key": make(item)})


def named_answer(item: dict[str, Any]) -> dict[str, Any]:
    return {("answer" if name == "key" else name): value for name, value in item.items()}


def lettered(item: dict[str, Any]) -> list[str]:
    return [f"{letter}) {option}" for letter, option in zip(LETTERS, item["options"], strict=True)]


def flat(text: str) -> str:
    return " ".join(text.split())


def drafted(items: Items) -> str:
    """All with wrong keys."""
    return text_of([item | {"key": (item["key"] + 1) % 4} for item in items])


ANSWERS: dict[str, tuple[Callable[[Items], str], dict[str, int]]] = {
    "draft in think": (lambda items: f"<think>{drafted(items)} No.</think>{text_of(items)}", {}),
    "draft before a closing tag": (lambda items: f"So: {drafted(items)} No.</think>{text_of(items)}", {}),
    "opening quoted in think": (lambda items: f'<think>It begins {{"items": [.</think>{text_of(items)}', {}),
    "draft in prose": (lambda items: f"First {drafted(items)}, but no: {text_of(items)}", {}),
    "key as letter": (with_key(lambda item: LETTERS[item["key"]]), {"key_letter": 10}),
    "key as letter in brackets": (with_key(lambda item: f"({LETTERS[item['key']]})"), {"key_letter": 10}),
    "key as text": (with_key(lambda item: item["options"][item["key"]]), {"key_text": 10}),
    "key in quotes": (with_key(lambda item: str(item["key"])), {"key_quoted": 10}),
    "key named answer": (each(named_answer), {"key_name": 10}),
    "options with letters": (each(lambda item: item | {"options": lettered(item)}), {"option_letters": 10}),
    "options as an object": (
        each(lambda item: item | {"options": dict(zip(LETTERS, item["options"], strict=True))}),
        {"options_object": 10},
    ),
    "bare list": (json.dumps, {"bare_list": 1}),
    "fence": (lambda items: f"```json\n{text_of(items)}\n```", {"fence": 1}),
    "encoded twice": (lambda items: json.dumps(text_of(items)), {"encoded_twice": 1}),
    "list encoded twice": (lambda items: json.dumps({"items": json.dumps(items)}), {"encoded_twice": 1}),
    "trailing commas": (lambda items: text_of(items).replace("}", ",}").replace("]", ",]"), {"trailing_comma": 10}),
    "raw line ends": (lambda items: text_of(items).replace(" ", "\n").replace('"\n', '" '), {"raw_line_end": 10}),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_a_vendor_with_habits_fills_a_set_alone_with_one_call(name: str) -> None:
    write, mended = ANSWERS[name]
    meant: dict[str, str] = {}

    def answer(order: Order) -> str:
        items = json.loads(good(order))["items"]
        meant.update({item["stem"]: item["options"][item["key"]] for item in items})
        return write(items)

    ledger = ListLedger()
    questions = Questions(total=10, per_call=10, spare=0)
    chain = chain_of(ScriptedVendor("one", Stream(answer)))
    written = await Writer(chain, questions, "hash", ledger=ledger).write(brief(10), Deadline(FakeClock(), 87))
    assert {flat(it.stem): flat(it.options[it.key]) for it in written.items} == meant
    assert [(record.accepted, record.rejected, record.mended) for record in ledger.records] == [(10, {}, mended)]
