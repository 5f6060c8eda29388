"""Questions put to a vendor as a test-taker sees them: one request, and which options it chose."""

import re
from datetime import datetime
from typing import Annotated

import msgspec

from assessment.deadline import Deadline
from providers.base import Ending, FormRefused, Outcome, Quiz, Usage, VendorError
from providers.bounded import bounded
from providers.ladder import Rung
from providers.prompts import LETTERS
from providers.upstream import Upstream

_LIST_OF_ANSWERS = re.compile(r'"answers"\s*:\s*(\[.*?\])', re.DOTALL)


class _Answer(msgspec.Struct, frozen=True):
    question: int
    choice: Annotated[str, msgspec.Meta(min_length=1, max_length=1)]


class Solved(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a quiz: for every entry the index of the option chosen, or None where no answer could be read.

    `usage` is None when the vendor gave no figures; `characters` is the length of its answer.
    """

    choices: tuple[int | None, ...]
    outcome: Outcome
    started_at: datetime
    seconds: float
    slice_seconds: float
    rung: Rung | None
    usage: Usage | None
    characters: int

    @property
    def answered(self) -> int:
        """How many answers could be read."""
        return sum(choice is not None for choice in self.choices)


async def solve(upstream: Upstream, quiz: Quiz, deadline: Deadline) -> Solved:
    """Have a vendor answer a quiz before the deadline. Never raises VendorError: what failed is the outcome.

    The vendor's breaker hears only of transport: a model that answers quizzes badly may still write well.
    """
    started_at, started, slice_seconds = deadline.clock.now(), deadline.elapsed, deadline.remaining
    pieces: list[str] = []
    usage, retry_after = None, None
    is_probe = upstream.breaker.start()
    try:
        usage = (await bounded(_ask(upstream, quiz, deadline, pieces), deadline)).usage
        outcome = Outcome.OK
    except TimeoutError:
        outcome = Outcome.OUT_OF_BUDGET
    except VendorError as error:
        outcome, retry_after = error.outcome, error.retry_after
    upstream.breaker.end(outcome, deadline.clock.monotonic(), is_probe=is_probe, retry_after=retry_after)
    text = "".join(pieces)
    choices = read_choices(text, len(quiz.entries))
    if outcome is Outcome.OK and not any(choice is not None for choice in choices):
        outcome = Outcome.UNUSABLE
    return Solved(
        choices=choices,
        outcome=outcome,
        started_at=started_at,
        seconds=deadline.elapsed - started,
        slice_seconds=slice_seconds,
        rung=upstream.vendor.rung,
        usage=usage,
        characters=len(text),
    )


def read_choices(text: str, count: int) -> tuple[int | None, ...]:
    """Read the answers to `count` questions, numbered from 1. Never raises: what cannot be read is None.

    A question that is answered twice in different ways has no answer.
    """
    chosen: dict[int, set[int]] = {}
    for answer in _answers(text):
        place = LETTERS.find(answer.choice.upper())
        if place >= 0:
            chosen.setdefault(answer.question, set()).add(place)
    return tuple(_only(chosen.get(number, set())) for number in range(1, count + 1))


async def _ask(upstream: Upstream, quiz: Quiz, deadline: Deadline, pieces: list[str]) -> Ending:
    """Ask again for as long as the vendor refuses a form and another one is left."""
    async with upstream.places:
        while True:
            pieces.clear()
            try:
                return await upstream.vendor.write(quiz, deadline, pieces.append)
            except FormRefused:
                continue


def _answers(text: str) -> list[_Answer]:
    answers = []
    for match in _LIST_OF_ANSWERS.finditer(text):
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
