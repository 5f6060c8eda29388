"""Questions put to a vendor as a test-taker sees them: one request, and which options it chose."""

import re
from collections.abc import Callable

import msgspec

from assessment.deadline import Deadline
from providers.protocol import Quiz
from providers.routing.upstream import Upstream
from providers.vendors.mends import place_of
from providers.vendors.reasoning import without_reasoning
from providers.writing.asking import Asked, ask
from providers.writing.money import SetMoney

_LIST_OF_ANSWERS = re.compile(r'"answers"\s*:\s*(\[.*?\])', re.DOTALL)


class _Answer(msgspec.Struct, frozen=True):
    question: int
    choice: str


class Solved(msgspec.Struct, frozen=True):
    """What came of a quiz: for every entry the index of the option chosen, or None where no answer could be read."""

    choices: tuple[int | None, ...]
    asked: Asked

    @property
    def answered(self) -> int:
        """How many answers could be read."""
        return sum(choice is not None for choice in self.choices)


async def solve(
    upstream: Upstream,
    quiz: Quiz,
    deadline: Deadline,
    note: Callable[[Solved], None],
    *,
    money: SetMoney | None = None,
) -> Solved:
    """Have a vendor answer a quiz before the deadline; see `ask`."""

    def read(asked: Asked) -> Solved:
        return Solved(read_choices(asked.text, len(quiz.entries)), asked)

    return read(await ask(upstream, quiz, deadline, lambda asked: note(read(asked)), money=money))


def read_choices(text: str, count: int) -> tuple[int | None, ...]:
    """Read the answers to `count` questions, numbered from 1. Never raises: what cannot be read is None.

    A question that is answered twice in different ways has no answer.
    """
    chosen: dict[int, set[int]] = {}
    for answer in _answers(text):
        place = place_of(answer.choice)
        if place is not None:
            chosen.setdefault(answer.question, set()).add(place)
    return tuple(_only(chosen.get(number, set())) for number in range(1, count + 1))


def _answers(text: str) -> list[_Answer]:
    answers = []
    for match in _LIST_OF_ANSWERS.finditer(without_reasoning(text)):
        try:
            entries = msgspec.json.decode(match[1].encode(), type=list[msgspec.Raw])
        except (msgspec.DecodeError, UnicodeEncodeError):
            continue
        answers += [answer for entry in entries if (answer := _answer(entry))]
    return answers


def _answer(entry: msgspec.Raw) -> _Answer | None:
    try:
        return msgspec.json.decode(entry, type=_Answer)
    except msgspec.DecodeError:
        return None


def _only(choices: set[int]) -> int | None:
    return next(iter(choices)) if len(choices) == 1 else None
