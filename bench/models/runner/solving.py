"""Other vendors answer what was written: as it stands, without its stem, and with the student's own text."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from assessment.deadline import Deadline, SystemClock
from assessment.models import Item, Mode
from bench.models.runner.notes import SetObserver
from bench.models.runner.students import ExampleStudent
from bench.models.tally import BLIND, WITH_PROFILE, WITHOUT_STEM
from providers.protocol import Quiz, QuizEntry
from providers.routing.upstream import Upstream
from providers.writing.key_check import quiz_of, turned_back
from providers.writing.recorder import Recorder
from providers.writing.solving import solve

ROTATIONS = 2
HIDDEN_STEM = "(The question is not shown. Choose the option that is most likely right.)"

Choices = dict[str, list[int | None]]
"""By condition, the option of each rotation."""


async def choices_of(
    items: Sequence[Item],
    student: ExampleStudent,
    solvers: Mapping[str, Upstream],
    observer: SetObserver,
    config_hash: str,
) -> list[dict[str, Choices]]:
    """For every item what each solver chose; a solver that fails leaves None."""
    recorder = Recorder(observer, "solving", Mode.LIVE, config_hash)
    found: list[dict[str, Choices]] = [{} for _ in items]
    answers = await asyncio.gather(*(_answers(items, student, solver, recorder) for solver in solvers.values()))
    for name, by_condition in zip(solvers, answers, strict=True):
        for index, entry in enumerate(found):
            entry[name] = {condition: [choices[index] for choices in it] for condition, it in by_condition.items()}
    return found


async def _answers(
    items: Sequence[Item], student: ExampleStudent, solver: Upstream, recorder: Recorder
) -> dict[str, list[list[int | None]]]:
    quizzes = {
        BLIND: [quiz_of(items, rotation) for rotation in range(ROTATIONS)],
        WITHOUT_STEM: [_restemmed(quiz_of(items, 0), lambda _: HIDDEN_STEM)],
        WITH_PROFILE: [_restemmed(quiz_of(items, 0), lambda stem: f"{student.text}\n\n{stem}")],
    }
    found: dict[str, list[list[int | None]]] = {}
    for condition, asked in quizzes.items():
        limits = [Deadline(SystemClock(), solver.attempt_seconds) for _ in asked]
        notes = [partial(recorder.record_solving, solver, quiz, rotation) for rotation, quiz in enumerate(asked)]
        solved = await asyncio.gather(*(solve(solver, *it) for it in zip(asked, limits, notes, strict=True)))
        for rotation, (quiz, each) in enumerate(zip(asked, solved, strict=True)):
            found.setdefault(condition, []).append(turned_back(quiz, each, rotation))
    return found


def _restemmed(quiz: Quiz, change: Callable[[str], str]) -> Quiz:
    return Quiz(tuple(QuizEntry(change(entry.stem), entry.options) for entry in quiz.entries))
