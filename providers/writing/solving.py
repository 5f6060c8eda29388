"""Questions put to a vendor as a test-taker sees them: one request, and which options it chose."""

import re
from collections.abc import Callable
from datetime import datetime

import msgspec

from assessment.deadline import Deadline
from providers.protocol import CallOutcome, Quiz, ResponseFormat, Usage
from providers.routing.upstream import Upstream
from providers.vendors.mends import place_of
from providers.vendors.reasoning import without_reasoning
from providers.writing.asking import Asked, ask
from providers.writing.money import SetMoney, Ticket

_LIST_OF_ANSWERS = re.compile(r'"answers"\s*:\s*(\[.*?\])', re.DOTALL)


class _Answer(msgspec.Struct, frozen=True):
    question: int
    choice: str


class Solved(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a quiz: for every entry the index of the option chosen, or None where no answer could be read.

    `usage` is None when the vendor gave no figures; `characters` is the length of its answer. `may_be_billed` tells
    whether it may have read the quiz; `ticket` is the money that was set aside.
    """

    choices: tuple[int | None, ...]
    outcome: CallOutcome
    started_at: datetime
    seconds: float
    slice_seconds: float
    response_format: ResponseFormat | None
    usage: Usage | None
    characters: int
    may_be_billed: bool
    ticket: Ticket

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
    return _solved(quiz, await ask(upstream, quiz, deadline, lambda asked: note(_solved(quiz, asked)), money=money))


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


def _solved(quiz: Quiz, asked: Asked) -> Solved:
    choices = read_choices(asked.text, len(quiz.entries))
    is_empty = asked.outcome is CallOutcome.OK and not any(choice is not None for choice in choices)
    return Solved(
        choices=choices,
        outcome=CallOutcome.UNUSABLE if is_empty else asked.outcome,
        started_at=asked.started_at,
        seconds=asked.seconds,
        slice_seconds=asked.slice_seconds,
        response_format=asked.response_format,
        usage=asked.usage,
        characters=len(asked.text),
        may_be_billed=asked.may_be_billed,
        ticket=asked.ticket,
    )


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
