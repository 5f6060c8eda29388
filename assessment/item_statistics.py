"""How questions of one sort behave: classical item statistics over archived attempts.

A personalised item has one taker, and nothing can be said about it. What can be judged is the group: all items about
one skill, of one model, prompt version and difficulty. Every interval is a 95% one and takes answers as independent;
docs/item-statistics.md says what that costs.
"""

import hashlib
import math
from collections.abc import Sequence
from statistics import NormalDist

import msgspec

from assessment.models import AnsweredQuestion, Provenance
from assessment.novelty import without_setting
from assessment.text import fold

MIN_ANSWERS = 30  # the interval of a share is then 0.34 wide at most
Z = NormalDist().inv_cdf(0.975)
RARELY = 0.05  # a distractor that fewer takers choose does not work (Haladyna & Downing, 1993)
POSITIONS = 4
MIN_EXPECTED = 5  # answers per position, below which the chi-square distribution does not fit (Cochran, 1954)


class Group(msgspec.Struct, frozen=True, order=True):
    """A sort of items; a field is empty where the archive does not know."""

    skill_id: str
    model: str
    prompt_version: str
    difficulty: str


class Estimate(msgspec.Struct, frozen=True):
    """A figure and its 95% interval."""

    value: float
    low: float
    high: float


class Distractors(msgspec.Struct, frozen=True):
    """Over the `items` of a group that had takers enough: how many of their distractors do not work."""

    items: int
    total: int
    non_functioning: int

    @property
    def share(self) -> float:
        """Share of the distractors that fewer than 5% of the takers chose."""
        return self.non_functioning / self.total


class KeyPositions(msgspec.Struct, frozen=True):
    """Share of the answers whose key stood first, second …; `p_value` is None while there are too few to test."""

    shares: tuple[float, ...]
    p_value: float | None


class Figures(msgspec.Struct, frozen=True):
    """What is known of a group. `discrimination` is None where all scores, or all rest scores, are the same."""

    facility: Estimate
    discrimination: Estimate | None
    distractors: Distractors | None
    key_positions: KeyPositions


class GroupReport(msgspec.Struct, frozen=True):
    """A group, its answers and the attempts they come from; `figures` is None where the answers are too few."""

    group: Group
    answers: int
    attempts: int
    figures: Figures | None


class ItemStatistics:
    """Takes attempts one by one and keeps sums per group, so that the archive need not fit into memory."""

    def __init__(self, min_answers: int = MIN_ANSWERS) -> None:
        self._min_answers = min_answers
        self._tallies: dict[Group, _Tally] = {}
        self._items: dict[Group, dict[bytes, _Choices]] = {}

    def add(self, questions: Sequence[AnsweredQuestion], provenance: Provenance) -> None:
        """Count the answers of one attempt."""
        correct = sum(question.key == question.selected for question in questions)
        found = set()
        for question in questions:
            group = group_of(question, provenance)
            is_first = group not in found
            found.add(group)
            self._tallies.setdefault(group, _Tally()).add(question, correct, len(questions), is_first=is_first)

    def add_choice(self, taker: str, question: AnsweredQuestion, provenance: Provenance) -> None:
        """Note which option a student chose of an item that others had too; a student's first answer counts.

        `add` is to be called as well, with the attempt that the answer belongs to.
        """
        items = self._items.setdefault(group_of(question, provenance), {})
        items.setdefault(identity(question), _Choices(question)).add(taker, question)

    def report(self) -> tuple[GroupReport, ...]:
        """The groups in order of skill, model, prompt version and difficulty."""
        return tuple(self._report(group, tally) for group, tally in sorted(self._tallies.items()))

    def _report(self, group: Group, tally: "_Tally") -> GroupReport:
        if tally.answers < self._min_answers:
            return GroupReport(group, tally.answers, tally.attempts, None)
        known = [item for item in self._items.get(group, {}).values() if len(item.takers) >= self._min_answers]
        figures = Figures(
            facility=wilson(tally.right, tally.answers),
            discrimination=tally.discrimination.estimate(),
            distractors=_distractors(known),
            key_positions=key_positions(tally.keys),
        )
        return GroupReport(group, tally.answers, tally.attempts, figures)


def group_of(question: AnsweredQuestion, provenance: Provenance) -> Group:
    """The group of a question; where it does not name its model, the set does if one model wrote all of it."""
    writers = {share.model for share in provenance.vendors}
    sole = next(iter(writers)) if len(writers) == 1 else ""
    model = question.author.model or sole
    return Group(question.skill_id, model, provenance.prompt_version, question.difficulty)


def identity(question: AnsweredQuestion) -> bytes:
    """Digest of what makes two questions one item: stem without its setting, key and options in whatever order."""
    parts = (fold(without_setting(question.stem)), question.options[question.key], sorted(question.options))
    return hashlib.blake2b(msgspec.json.encode(parts), digest_size=16).digest()


def wilson(successes: int, total: int) -> Estimate:
    """A share with its score interval (Wilson, 1927), which holds its level near 0 and 1 too."""
    share, spread = successes / total, Z * Z / total
    centre = (share + spread / 2) / (1 + spread)
    half = math.sqrt(share * (1 - share) * spread + spread * spread / 4) / (1 + spread)
    # at 0 and 1 the bound is the share itself, which rounding would miss by a hair
    return Estimate(share, min(share, max(0.0, centre - half)), max(share, min(1.0, centre + half)))


def key_positions(keys: Sequence[int]) -> KeyPositions:
    """Shares of the key positions, and how likely an even shuffle is to be at least as uneven (chi-square, 3 df)."""
    total = sum(keys)
    shares = tuple(count / total for count in keys)
    expected = total / POSITIONS
    if expected < MIN_EXPECTED:
        return KeyPositions(shares, None)
    return KeyPositions(shares, chi_square_tail(sum((count - expected) ** 2 for count in keys) / expected))


def chi_square_tail(value: float) -> float:
    """P(X >= value) for chi-square with three degrees of freedom, which has a closed form."""
    return math.erfc(math.sqrt(value / 2)) + math.sqrt(2 * value / math.pi) * math.exp(-value / 2)


class Correlation:
    """Pearson's r of pairs that come one by one (Welford's updates: equal values have a variance of exactly 0)."""

    def __init__(self) -> None:
        self._count = 0
        self._mean_x = self._mean_y = 0.0
        self._xx = self._yy = self._xy = 0.0

    def add(self, x: float, y: float) -> None:
        """Take a pair."""
        self._count += 1
        from_x, from_y = x - self._mean_x, y - self._mean_y
        self._mean_x += from_x / self._count
        self._mean_y += from_y / self._count
        self._xx += from_x * (x - self._mean_x)
        self._yy += from_y * (y - self._mean_y)
        self._xy += from_x * (y - self._mean_y)

    def estimate(self) -> Estimate | None:
        """Give r with the interval of Fisher's z; None without variance or with fewer than four pairs.

        At -1 and 1 the interval has no width: z is infinite there, and says nothing.
        """
        if self._count < 4 or not self._xx or not self._yy:  # z has the variance 1 / (n - 3)
            return None
        r = max(-1.0, min(1.0, self._xy / math.sqrt(self._xx * self._yy)))
        if abs(r) == 1:
            return Estimate(r, r, r)
        z, half = math.atanh(r), Z / math.sqrt(self._count - 3)
        return Estimate(r, math.tanh(z - half), math.tanh(z + half))


class _Tally:
    """The sums of one group."""

    def __init__(self) -> None:
        self.answers = self.attempts = self.right = 0
        self.keys = [0] * POSITIONS
        self.discrimination = Correlation()

    def add(self, question: AnsweredQuestion, correct: int, total: int, *, is_first: bool) -> None:
        """Take an answer of an attempt that had `correct` of `total` right; `is_first` of this group in it."""
        score = int(question.key == question.selected)
        self.answers += 1
        self.attempts += is_first
        self.right += score
        self.keys[question.key] += 1
        if total > 1:
            # a share, so that forms of different length can be put together
            self.discrimination.add(score, (correct - score) / (total - 1))


class _Choices:
    """How often each distractor of one item was chosen."""

    def __init__(self, question: AnsweredQuestion) -> None:
        self.takers: set[str] = set()
        self.chosen = {option: 0 for index, option in enumerate(question.options) if index != question.key}

    def add(self, taker: str, question: AnsweredQuestion) -> None:
        if taker in self.takers:
            return
        self.takers.add(taker)
        if question.selected != question.key:
            self.chosen[question.options[question.selected]] += 1


def _distractors(items: Sequence[_Choices]) -> Distractors | None:
    if not items:
        return None
    rates = [count / len(item.takers) for item in items for count in item.chosen.values()]
    return Distractors(len(items), len(rates), sum(rate < RARELY for rate in rates))
