"""What a pass proves: the chance to pass of somebody who knows a share of the field, by number of attempts.

The model: every question asks about a random point of the field. Who knows it is right; who does not, guesses among
four options. Attempts are independent of each other, and nobody learns from one to the next.
"""

import math
from collections.abc import Sequence

import msgspec

from assessment.scoring.grade import PASS_MARK, percentage
from assessment.scoring.statistics import Estimate, wilson

KNOWN_PERCENT = (0, 25, 40, 50, 60, 75, 90)
OPTIONS = 4
FEW_ATTEMPTS = (1, 2, 3, 5, 10, 20, 50, 100)


class PassOdds(msgspec.Struct, frozen=True):
    """Chances to pass within each number of attempts, for who knows so much of the field."""

    known_percent: int
    chances: tuple[float, ...]


class ScoreInterval(msgspec.Struct, frozen=True):
    """Where the share of right answers lies that a score stands for, with 95% confidence."""

    correct: int
    score: int
    share: Estimate


def columns(attempts: int) -> tuple[int, ...]:
    """The numbers of attempts that a table up to `attempts` shows."""
    return (*(number for number in FEW_ATTEMPTS if number < attempts), attempts)


def pass_odds(questions: int, attempts: Sequence[int]) -> tuple[PassOdds, ...]:
    """The table, one row for each share known."""
    return tuple(
        PassOdds(known, tuple(chance_to_pass(known / 100, questions, number) for number in attempts))
        for known in KNOWN_PERCENT
    )


def chance_to_pass(known: float, questions: int, attempts: int = 1) -> float:
    """The chance of at least one pass in so many attempts."""
    right = known + (1 - known) / OPTIONS
    enough = next(correct for correct in range(questions + 1) if percentage(correct, questions) >= PASS_MARK)
    once = math.fsum(
        math.comb(questions, correct) * right**correct * (1 - right) ** (questions - correct)
        for correct in range(enough, questions + 1)
    )
    return 1 - (1 - min(1.0, once)) ** attempts


def score_intervals(questions: int) -> tuple[ScoreInterval, ...]:
    """The interval (Wilson) of every score."""
    return tuple(
        ScoreInterval(correct, percentage(correct, questions), wilson(correct, questions))
        for correct in range(questions + 1)
    )
