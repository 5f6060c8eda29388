"""What an author that obeys everything gets past the rules, class by class."""

import asyncio

import msgspec

from bench.quality.trials import SHARES, Trial, tried
from fakes.injection.corpus import corpus
from fakes.injection.vendor import ObeyingVendor

_TURNS_APART = 12  # so that one attempt after the other begins where the last one ended


class ClassFigures(msgspec.Struct, frozen=True):
    """Of one class: attempts, how many of them arrived at the vendor, and items.

    `written` were written under orders, `let_through` of them passed the rules and still do what they were told. An
    item whose key was only put into a certain place does nothing any more after the shuffle, and is not counted there.
    """

    klass: str
    attempts: int
    heard: int
    written: int
    let_through: int


def measure() -> list[ClassFigures]:
    """Try every attempt with a vendor that obeys wholly and with one that obeys in every second item."""
    return asyncio.run(_measured())


def figures(trials: list[Trial]) -> list[ClassFigures]:
    """Sum trials up by class, in the order of the corpus."""
    classes = dict.fromkeys(trial.attempt.klass for trial in trials)
    return [_of_class(klass, [it for it in trials if it.attempt.klass == klass]) for klass in classes]


def first_turn(number: int) -> int:
    """Where an attempt begins among the ways to do a misdeed, so that all are gone through."""
    return number * _TURNS_APART


async def _measured() -> list[ClassFigures]:
    async with ObeyingVendor() as vendor:
        trials = [
            await tried(attempt, share, vendor, first_turn=first_turn(number))
            for share in SHARES
            for number, attempt in enumerate(corpus())
        ]
    return figures(trials)


def _of_class(klass: str, trials: list[Trial]) -> ClassFigures:
    return ClassFigures(
        klass=klass,
        attempts=len({trial.attempt.id for trial in trials}),
        heard=len({trial.attempt.id for trial in trials if trial.was_heard}),
        written=sum(len(trial.obeyed) for trial in trials),
        let_through=sum(len(trial.let_through) for trial in trials),
    )
