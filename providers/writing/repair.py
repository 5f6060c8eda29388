"""Items of which only the distractors are at fault get others: that is less to write than a new item."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import msgspec

from assessment.deadline import Deadline
from assessment.models import Item
from providers.protocol import Flawed, Order, Repair
from providers.routing.chain import Chain, Tries, VendorChoice
from providers.vendors.mends import has_letter
from providers.vendors.reasoning import without_reasoning
from providers.writing.asking import Asked, ask
from providers.writing.flaws import Flaw
from providers.writing.recorder import Recorder

Take = Callable[[Mapping[Item, Item]], int]

SHARE_OF_TIME = 0.2  # of what is left; a repair that does not come leaves the rest for new items
SHARE_OF_AN_ITEM = 1 / 3  # what a repair takes to write
_LIST = '"repairs"'


class _Entry(msgspec.Struct, frozen=True):
    question: int
    distractors: Annotated[tuple[str, ...], msgspec.Meta(min_length=3, max_length=3)]


class Repairer:
    """Has the items of one set repaired. Who gave nothing of use once is not asked for repairs of this set again."""

    def __init__(self, chain: Chain, deadline: Deadline, recorder: Recorder, language: str) -> None:
        self._chain, self._deadline, self._recorder = chain, deadline, recorder
        self._language = language
        self._tried: set[str] = set()
        self._useless: set[str] = set()

    async def repair(self, flaws: Sequence[Flaw], order: Order, tries: Tries, take: Take) -> int:
        """Ask whoever would get this order for new items, each item once; tells how many were taken.

        `take` gets what could be read.
        """
        fresh = [flaw for flaw in flaws if flaw.item.stem not in self._tried]
        choice = self._chain.choose(order, tries, self._deadline)
        seconds = SHARE_OF_TIME * self._deadline.remaining
        if not fresh or not isinstance(choice, VendorChoice) or choice.upstream.name in self._useless:
            return 0
        upstream = choice.upstream
        if not upstream.can_finish(math.ceil(SHARE_OF_AN_ITEM * len(fresh)), seconds):
            return 0
        self._tried.update(flaw.item.stem for flaw in fresh)
        request = Repair(tuple(map(_flawed, fresh)), self._language)
        taken = 0

        def note(asked: Asked) -> None:
            nonlocal taken
            found = read_repairs(asked.text, len(fresh))
            taken = take({fresh[number - 1].item: _mended(fresh[number - 1].item, it) for number, it in found.items()})
            self._recorder.record_asked(
                upstream, request, asked, accepted=taken, round_number=order.round_number, part=order.part
            )

        until = self._deadline.capped(min(choice.seconds, seconds))
        await ask(upstream, request, until, note, money=self._recorder.money)
        if not taken:
            self._useless.add(upstream.name)
        return taken


def read_repairs(text: str, count: int) -> dict[int, tuple[str, ...]]:
    """Read three distractors for each of `count` questions, numbered from 1. Never raises; nothing is guessed.

    What is answered twice, or bears letters, is left out: the letters would tell them from the right option.
    """
    found: dict[int, tuple[str, ...]] = {}
    twice = set()
    for entry in _entries(without_reasoning(text)):
        if entry.question in found:
            twice.add(entry.question)
        if 1 <= entry.question <= count and not any(map(has_letter, entry.distractors)):
            found[entry.question] = tuple(option.strip() for option in entry.distractors)
    return {number: distractors for number, distractors in found.items() if number not in twice}


def _entries(text: str) -> list[_Entry]:
    """Those of the last list that can be read."""
    start = text.find("[", text.rfind(_LIST)) if _LIST in text else -1
    if start < 0:
        return []
    try:
        listed, _ = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        return []
    return [entry for each in listed if (entry := _entry(each))]


def _entry(value: Any) -> _Entry | None:
    try:
        return msgspec.convert(value, _Entry)
    except msgspec.ValidationError:
        return None


def _flawed(flaw: Flaw) -> Flawed:
    item = flaw.item
    others = tuple(option for place, option in enumerate(item.options) if place != item.key)
    return Flawed(item.stem, item.options[item.key], others, flaw.reason)


def _mended(item: Item, distractors: tuple[str, ...]) -> Item:
    options = [*distractors[: item.key], item.options[item.key], *distractors[item.key :]]
    return msgspec.structs.replace(item, options=tuple(options), findings=())
