"""Test-takers without knowledge: each picks its option by a trick, and a form they pass proves nothing.

The tricks are those of test-wise students (Millman, Bishop and Ebel, 1965). A robot that cannot tell several options
apart guesses among them, so its chance to hit the key is 1/k when the key is one of k, and 0 when it is not.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Protocol

import regex

from assessment.items.language import language_of
from assessment.items.rules.options import shared_words
from assessment.items.text import content_words, fold, words
from assessment.items.verdicts import verdict
from assessment.scoring.grade import is_pass, percentage

_SPECIFIC = regex.compile(r"\p{N}+(?:[.,]\p{N}+)*|[()\[\]{}]")


class Shown(Protocol):
    """A written item or a shown question: what a robot sees of it."""

    @property
    def stem(self) -> str:
        """What is asked."""

    @property
    def options(self) -> tuple[str, ...]:
        """What can be chosen."""


class Keyed(Shown, Protocol):
    """The same with its key."""

    @property
    def key(self) -> int:
        """The index of the right option."""


Robot = Callable[[Shown, str], frozenset[int]]


def longest(shown: Shown, language: str) -> frozenset[int]:
    """Choose the option with the most characters."""
    return _most([len(option) for option in shown.options])


def stem_overlap(shown: Shown, language: str) -> frozenset[int]:
    """Choose the option that shares the most content words with the stem."""
    stem = content_words(shown.stem, language)
    return _most([len(content_words(option, language) & stem) for option in shown.options])


def option_overlap(shown: Shown, language: str) -> frozenset[int]:
    """Choose the option that has the most content words in common with the other options."""
    return _most(shared_words([content_words(option, language) for option in shown.options]))


def first_position(shown: Shown, language: str) -> frozenset[int]:
    """Choose the first option."""
    return frozenset({0})


def most_specific(shown: Shown, language: str) -> frozenset[int]:
    """Choose the option with the most figures, brackets and qualifiers."""
    qualifiers = language_of(language).qualifiers
    return _most(
        [
            len(_SPECIFIC.findall(fold(option))) + sum(word in qualifiers for word in words(option))
            for option in shown.options
        ]
    )


def no_absolutes(shown: Shown, language: str) -> frozenset[int]:
    """Choose an option without "always", "never" and their like."""
    absolutes = language_of(language).absolutes
    return _most([-any(word in absolutes for word in words(option)) for option in shown.options])


def critic(shown: Shown, language: str) -> frozenset[int]:
    """Choose the option that finds fault, where options begin with a verdict; else one that does not call it sound."""
    found = [verdict(option, language) for option in shown.options]
    return _most([0 if it is None else -1 if it else 1 for it in found])


# The position is the server's doing, by its shuffle; the others live off what was written.
BY_TEXT: dict[str, Robot] = {
    "longest": longest,
    "stem_overlap": stem_overlap,
    "option_overlap": option_overlap,
    "most_specific": most_specific,
    "no_absolutes": no_absolutes,
    "critic": critic,
}
ROBOTS: dict[str, Robot] = {**BY_TEXT, "first_position": first_position}


def chance(robot: Robot, shown: Keyed, language: str) -> float:
    """The probability that a robot hits the key of one item."""
    picked = robot(shown, language)
    return 1 / len(picked) if shown.key in picked else 0.0


def expected_hits(form: Sequence[Keyed], language: str = "en") -> dict[str, float]:
    """How many keys of a form each robot hits on average."""
    return {name: sum(chance(robot, shown, language) for shown in form) for name, robot in ROBOTS.items()}


def pass_chances(form: Sequence[Keyed], language: str = "en") -> dict[str, float]:
    """The probability with which each robot passes a form."""
    return {name: pass_chance([chance(robot, shown, language) for shown in form]) for name, robot in ROBOTS.items()}


def pass_chance(chances: Sequence[float]) -> float:
    """The probability to hit enough keys for a pass, with these chances one by one (a Poisson binomial tail)."""
    return _tail(tuple(sorted(chances)))


@lru_cache(maxsize=4096)
def _tail(chances: tuple[float, ...]) -> float:
    hits = [1.0]
    for each in chances:
        hits = [
            (hits[count] if count < len(hits) else 0.0) * (1 - each) + (hits[count - 1] * each if count else 0.0)
            for count in range(len(hits) + 1)
        ]
    return sum(hits[pass_mark(len(chances)) :])


def pass_mark(total: int) -> int:
    """The least number of right answers that passes."""
    return next(correct for correct in range(total + 1) if is_pass(percentage(correct, total))) if total else 0


def _most(counts: Iterable[int]) -> frozenset[int]:
    listed = list(counts)
    most = max(listed, default=0)
    return frozenset(index for index, count in enumerate(listed) if count == most)
