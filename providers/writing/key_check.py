"""Whether a set's keys are right, as far as others can tell: vendors answer it blind, and a wrong key stands out.

A solver that picks the same wrong option twice, though the options stand in another order, means that option and not
its place: one such solver is enough to drop the item (a minority veto). A judge asked "is this right?" waves most
wrong work through; one who has to answer does not know what it is expected to say.
"""

import asyncio
from collections.abc import Sequence
from functools import partial

import msgspec

from assessment.deadline import Deadline
from assessment.models import Item
from providers.protocol import Quiz, QuizEntry
from providers.routing.upstream import Upstream
from providers.writing.recorder import Recorder
from providers.writing.solving import Solved, solve

MIN_SECONDS = 2.0  # with less no model answers ten questions
SHARE_OF_TIME = 0.6  # of what is left; the rest is for replacing what is dropped


class Doubts(msgspec.Struct, frozen=True):
    """Which items are to be dropped, and whether every solver answered in every rotation."""

    items: frozenset[int] = frozenset()
    is_complete: bool = False


class KeyChecker:
    """Puts a set's items to every solver, once for each rotation of the options, all at the same time."""

    def __init__(self, solvers: Sequence[Upstream], rotations: int) -> None:
        self.names = tuple(solver.name for solver in solvers)
        self.solvers = tuple(solvers)
        self._rotations = rotations

    async def check(self, items: Sequence[Item], deadline: Deadline, recorder: Recorder) -> Doubts:
        """Use a part of the time that is left to find items whose key a solver contradicts."""
        seconds = SHARE_OF_TIME * deadline.remaining
        if seconds < MIN_SECONDS:
            return Doubts()
        quizzes = [quiz_of(items, rotation) for rotation in range(self._rotations)]
        answers = await asyncio.gather(
            *(
                self._answers(solver, quizzes, deadline.capped(min(seconds, solver.attempt_seconds)), recorder)
                for solver in self.solvers
            )
        )
        doubted = [
            index for index, item in enumerate(items) if any(_contradicts(item, index, rounds) for rounds in answers)
        ]
        is_complete = all(choice is not None for rounds in answers for choices in rounds for choice in choices)
        return Doubts(frozenset(doubted), is_complete)

    async def _answers(
        self, solver: Upstream, quizzes: Sequence[Quiz], deadline: Deadline, recorder: Recorder
    ) -> list[list[int | None]]:
        """For each rotation the options one solver chose, by their place in the items."""
        rounds = await asyncio.gather(
            *(
                solve(
                    solver,
                    quiz,
                    deadline,
                    partial(recorder.record_solving, solver, quiz, rotation),
                    money=recorder.money,
                )
                for rotation, quiz in enumerate(quizzes)
            )
        )
        return [
            turned_back(quiz, solved, rotation)
            for rotation, (quiz, solved) in enumerate(zip(quizzes, rounds, strict=True))
        ]


def quiz_of(items: Sequence[Item], rotation: int) -> Quiz:
    """The items without their keys, every option so many places further down."""
    return Quiz(tuple(QuizEntry(item.stem, _turned(item.options, rotation)) for item in items))


def _turned(options: tuple[str, ...], rotation: int) -> tuple[str, ...]:
    shift = rotation % len(options)
    return options[-shift:] + options[:-shift] if shift else options


def turned_back(quiz: Quiz, solved: Solved, rotation: int) -> list[int | None]:
    """The choices as places in the items, whatever places they had in the quiz."""
    return [
        None if choice is None else (choice - rotation) % len(entry.options)
        for entry, choice in zip(quiz.entries, solved.choices, strict=True)
    ]


def _contradicts(item: Item, index: int, rounds: Sequence[Sequence[int | None]]) -> bool:
    """Tell whether one solver chose the same option in every rotation, and it is not the key."""
    chosen = {choices[index] for choices in rounds}
    return len(chosen) == 1 and None not in chosen and item.key not in chosen
