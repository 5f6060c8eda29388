"""What a vendor writes, good or bad: the text of an answer and how it ends."""

import json
from collections.abc import Callable

import msgspec

from fakes.item_maker import concepts_for, distractors_for
from fakes.vendor_server import items as make
from fakes.vendor_server.asked import Asked, Form
from fakes.vendor_server.behaviours import Behaviour

HUGE_CHARACTERS = 10 * 1024 * 1024
REFUSAL = "I'm sorry, but I can't help with that."


class Answer(msgspec.Struct):
    """A text, why it ended (stop, length, content_filter, refusal), and whether the usage is told."""

    text: str
    finish: str = "stop"
    says_usage: bool = True

    @property
    def tokens(self) -> int:
        """Four characters count as a token."""
        return (len(self.text) + 3) // 4


class Writing(msgspec.Struct):
    """A request, the seed of its items, and where a fault in the middle happens."""

    asked: Asked
    seed: int
    break_at: float

    @property
    def items(self) -> list[make.Item]:
        """Good items."""
        return make.items_for(self.asked, self.seed)

    @property
    def good(self) -> str:
        """A good text."""
        return repairs(self.asked) or concepts(self.asked, self.seed) or _json(self.items)

    @property
    def part(self) -> str:
        """A good text up to where it breaks."""
        good = self.good
        return good[: int(len(good) * self.break_at)]


def answer(behaviour: Behaviour, asked: Asked, seed: int, break_at: float) -> Answer:
    """The answer of a vendor with this behaviour; one that is not about the answer answers well."""
    write = _ANSWERS.get(behaviour, _good)
    return write(Writing(asked, seed, break_at))


def repairs(asked: Asked) -> str:
    """The answer to a request for other distractors; nothing where it asks for something else."""
    mended = [
        {"question": it["question"], "distractors": distractors_for(it["right"], f"{asked.number}-{it['question']}")}
        for it in asked.flawed
    ]
    return msgspec.json.encode({"repairs": mended}).decode() if mended else ""


def concepts(asked: Asked, seed: int) -> str:
    """The answer to a request for a map; nothing where it asks for something else."""
    made = concepts_for(asked.concepts, seed)
    return msgspec.json.encode({"concepts": made}).decode() if made else ""


def _json(items: object) -> str:
    return msgspec.json.encode({"items": items}).decode()


def _good(writing: Writing) -> Answer:
    return Answer(writing.good)


def _bad_items(spoil: Callable[[list[make.Item]], list[make.Item]]) -> Callable[[Writing], Answer]:
    return lambda writing: Answer(_json(spoil(writing.items)))


def _text(text: str, finish: str = "stop") -> Callable[[Writing], Answer]:
    return lambda _: Answer(text, finish)


def _prose(writing: Writing) -> Answer:
    text = f"Sure! Here are the questions {{as asked}}:\n```json\n{writing.good}\n```\nGood luck with [them]!"
    return Answer(text)


def _broken_json(writing: Writing) -> Answer:
    """A quotation mark is not escaped in the first stem, and the list ends with a comma."""
    return Answer(writing.good.replace('"stem":"', '"stem":"The "', 1).replace("]}", ",]}"))


def _more(writing: Writing) -> Answer:
    extra = make.items_for(writing.asked, writing.seed, writing.asked.number + 1_000_003)
    return Answer(_json([*writing.items, *extra]))


def _repeats(writing: Writing) -> Answer:
    return Answer(_json(make.items_for(writing.asked, writing.seed, 0)))


def _huge(writing: Writing) -> Answer:
    """The good items come first, then an item without end."""
    return Answer(writing.good.removesuffix("]}") + ',{"stem":"' + "Why? " * (HUGE_CHARACTERS // 5) + '"}]}')


def _other_keys(writing: Writing) -> Answer:
    return Answer(json.dumps({"questions": make.other_keys(writing.items)}))


_ANSWERS: dict[Behaviour, Callable[[Writing], Answer]] = {
    Behaviour.EMPTY: _text(""),
    Behaviour.REFUSED: _text("", "content_filter"),
    Behaviour.FILTERED: lambda writing: Answer(writing.part, "content_filter"),
    Behaviour.REFUSAL: _text(REFUSAL, "refusal"),
    Behaviour.REFUSAL_TEXT: _text(REFUSAL),
    Behaviour.TRUNCATED: lambda writing: Answer(writing.part, "length"),
    Behaviour.PROSE: _prose,
    Behaviour.FENCE: lambda writing: Answer(f"```json\n{writing.good}\n```"),
    Behaviour.BROKEN_JSON: _broken_json,
    Behaviour.OTHER_KEYS: _other_keys,
    Behaviour.NO_JSON: _text("I would rather talk about the weather."),
    Behaviour.HUGE: _huge,
    Behaviour.NO_USAGE: lambda writing: Answer(writing.good, says_usage=False),
    Behaviour.ECHO: lambda writing: Answer(writing.asked.prompt),
    Behaviour.EMPTY_LIST: _bad_items(lambda _: []),
    Behaviour.FEWER: _bad_items(lambda items: items[: max(1, len(items) // 2)]),
    Behaviour.MORE: _more,
    Behaviour.ONE_BROKEN: _bad_items(make.one_broken),
    Behaviour.DUPLICATES: _bad_items(make.duplicates),
    Behaviour.REPEATS: _repeats,
    Behaviour.THREE_OPTIONS: _bad_items(make.three_options),
    Behaviour.KEY_OUT_OF_RANGE: _bad_items(make.key_out_of_range),
    Behaviour.KEY_AS_LETTER: _bad_items(make.key_as_letter),
    Behaviour.KEY_AS_TEXT: _bad_items(make.key_as_text),
    Behaviour.WRONG_LANGUAGE: _bad_items(make.wrong_language),
    Behaviour.LONGEST_KEYS: _bad_items(make.longest_keys),
}


def as_tool_input(asked: Asked, text: str) -> bool:
    """Whether a text goes into a tool call: a model that talks, talks beside the tool."""
    return asked.form is Form.TOOLS and text.startswith("{")
