"""How questions of one sort behave: classical item statistics over archived attempts.

A personalised item has one taker, and nothing can be said about it. What can be judged is the group: all items about
one skill, of one model, prompt version and difficulty. Every interval is a 95% one and takes answers as independent;
docs/item-statistics.md says what that costs.
"""

import hashlib
import math
from array import array
from collections import Counter
from collections.abc import Sequence
from statistics import NormalDist

import msgspec

from assessment.items.novelty import without_setting
from assessment.items.text import fold
from assessment.models import Author, Provenance

MIN_ANSWERS = 30  # the interval of a share is then 0.34 wide at most
Z = NormalDist().inv_cdf(0.975)
RARELY = 0.05  # a distractor that fewer takers choose does not work (Haladyna & Downing, 1993)
POSITIONS = 4
MAX_TAKERS = 1_000  # of one item, beyond the fewest: a rate of 5% is then known to 1.4 percentage points
SIGHTINGS = 2**24  # counters of a byte each: among ten million different items none seems repeated by accident
MOST_SIGHTINGS = 255
MIN_EXPECTED = 5  # answers per position, below which the chi-square distribution does not fit (Cochran, 1954)


class Group(msgspec.Struct, frozen=True, order=True):
    """A sort of items; a field is empty where the archive does not know."""

    skill_id: str
    model: str
    prompt_version: str
    difficulty: str


class JudgedAnswer(msgspec.Struct, frozen=True, gc=False):
    """What of an archived question and its answer is looked at."""

    skill_id: str
    stem: str
    options: tuple[str, ...]
    key: int
    selected: int | None
    difficulty: str = ""
    author: Author = Author()


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
    """Takes attempts one by one and keeps sums per group, so that the archive need not fit into memory.

    Of items that many students had, more is known; they are rare in a large archive. So it is read twice: `add` only
    estimates which items these are, and `add_choices` looks at them alone.
    """

    def __init__(self, min_answers: int = MIN_ANSWERS) -> None:
        self._min_answers = min_answers
        self._tallies: dict[Group, _Tally] = {}
        self._max_takers = MAX_TAKERS + min_answers
        self._sightings = _Sightings(min_answers)
        self._looked_at = Counter[int]()
        self._items: dict[Group, dict[bytes, _Choices]] = {}

    def add(self, answers: Sequence[JudgedAnswer], provenance: Provenance) -> None:
        """Count the answers of one attempt."""
        correct = sum(answer.key == answer.selected for answer in answers)
        found = set()
        for answer in answers:
            group = group_of(answer, provenance)
            tally = self._tallies.get(group)
            if tally is None:
                tally = self._tallies[group] = _Tally()
            tally.add(answer, correct, len(answers))
            if group not in found:
                found.add(group)
                tally.attempts += 1
            self._sightings.add(_likeness(answer))

    @property
    def has_repeats(self) -> bool:
        """Whether an item may have had takers enough to be judged by itself; `add_choices` is of no use otherwise."""
        return self._sightings.has_enough_of_one

    def add_choices(self, taker: str, answers: Sequence[JudgedAnswer], provenance: Provenance) -> None:
        """Note which options a student chose of items that others had too; a student's first answer counts.

        To be called with every attempt, from the oldest to the newest, when all of them were added.
        """
        for answer in answers:
            if answer.selected is None:  # time was up before
                continue
            likeness = _likeness(answer)
            if not self._sightings.has_enough(likeness) or self._looked_at[likeness] >= self._max_takers:
                continue
            self._looked_at[likeness] += 1
            items = self._items.setdefault(group_of(answer, provenance), {})
            chosen = answer.options[answer.selected]
            items.setdefault(identity(answer), _Choices(answer)).add(taker, chosen)

    def report(self) -> tuple[GroupReport, ...]:
        """The groups in order of skill, model, prompt version and difficulty."""
        return tuple(self._report(group, tally) for group, tally in sorted(self._tallies.items()))

    def _report(self, group: Group, tally: "_Tally") -> GroupReport:
        if tally.answers < self._min_answers:
            return GroupReport(group, tally.answers, tally.attempts, None)
        items = [item.first_choices() for item in self._items.get(group, {}).values()]
        figures = Figures(
            facility=wilson(tally.right, tally.answers),
            discrimination=tally.discrimination(),
            distractors=_distractors([choices for choices in items if choices.total() >= self._min_answers]),
            key_positions=key_positions(tally.keys),
        )
        return GroupReport(group, tally.answers, tally.attempts, figures)


def group_of(answer: JudgedAnswer, provenance: Provenance) -> Group:
    """The group of a question; where it does not name its model, the set does if one model wrote all of it."""
    model = answer.author.model or _sole_writer(provenance)
    return Group(answer.skill_id, model, provenance.prompt_version, answer.difficulty)


def _sole_writer(provenance: Provenance) -> str:
    writers = {share.model for share in provenance.vendors}
    return next(iter(writers)) if len(writers) == 1 else ""


def identity(question: JudgedAnswer) -> bytes:
    """Digest of what makes two questions one item: stem without its setting, key and options in whatever order."""
    parts = (fold(without_setting(question.stem)), question.options[question.key], sorted(question.options))
    return hashlib.blake2b(msgspec.json.encode(parts), digest_size=16).digest()


def _likeness(question: JudgedAnswer) -> int:
    """The same number for what is one item, and seldom for what is not: all of `identity` that costs little."""
    return hash((question.skill_id, question.options[question.key], frozenset(question.options)))


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

    def add(self, x: float, y: float, times: int = 1) -> None:
        """Take a pair that comes so many times."""
        self._count += times
        from_x, from_y = x - self._mean_x, y - self._mean_y
        self._mean_x += times * from_x / self._count
        self._mean_y += times * from_y / self._count
        self._xx += times * from_x * (x - self._mean_x)
        self._yy += times * from_y * (y - self._mean_y)
        self._xy += times * from_x * (y - self._mean_y)

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
    """The sums of one group: how often an answer, right or not, with its key at a place, came in which attempt."""

    def __init__(self) -> None:
        self.attempts = 0
        self._counts = Counter[tuple[bool, int, int, int]]()

    def add(self, answer: JudgedAnswer, correct: int, total: int) -> None:
        """Take an answer of an attempt that had `correct` of `total` right."""
        self._counts[answer.key == answer.selected, answer.key, correct, total] += 1

    @property
    def answers(self) -> int:
        return self._counts.total()

    @property
    def right(self) -> int:
        return sum(times for (is_right, *_), times in self._counts.items() if is_right)

    @property
    def keys(self) -> list[int]:
        """How often the key stood first, second, third and last."""
        keys = [0] * POSITIONS
        for (_, key, *_), times in self._counts.items():
            keys[key] += times
        return keys

    def discrimination(self) -> Estimate | None:
        pairs = Correlation()
        for (is_right, _, correct, total), times in sorted(self._counts.items()):
            if total > 1:
                # a share, so that forms of different length can be put together
                pairs.add(is_right, (correct - is_right) / (total - 1), times)
        return pairs.estimate()


class _Sightings:
    """How often items of one likeness came, up to `enough`: a count may be too high by accident, never too low."""

    def __init__(self, enough: int) -> None:
        self._enough = min(enough, MOST_SIGHTINGS)
        self._counts = bytearray(SIGHTINGS)
        self.has_enough_of_one = False

    def add(self, likeness: int) -> None:
        place = likeness % SIGHTINGS
        count = self._counts[place]
        if count < self._enough:
            self._counts[place] = count + 1
            self.has_enough_of_one |= count + 1 == self._enough

    def has_enough(self, likeness: int) -> bool:
        return self._counts[likeness % SIGHTINGS] == self._enough


class _Choices:
    """What the takers of one item chose, in nine bytes each."""

    def __init__(self, question: JudgedAnswer) -> None:
        self._options = question.options
        self._key = question.key
        self._takers = array("q")
        self._chosen = bytearray()

    def add(self, taker: str, chosen: str) -> None:
        """Note an option by its text: options stand in another order for every student."""
        self._takers.append(hash(taker))
        self._chosen.append(self._options.index(chosen))

    def first_choices(self) -> Counter[str | None]:
        """How often each distractor was chosen by a student's first answer; None stands for the key."""
        firsts = dict(zip(reversed(self._takers), reversed(self._chosen), strict=True))
        choices = Counter[str | None]({option: 0 for place, option in enumerate(self._options) if place != self._key})
        for place in firsts.values():
            choices[None if place == self._key else self._options[place]] += 1
        return choices


def _distractors(items: Sequence[Counter[str | None]]) -> Distractors | None:
    if not items:
        return None
    rates = [count / choices.total() for choices in items for option, count in choices.items() if option is not None]
    return Distractors(len(items), len(rates), sum(rate < RARELY for rate in rates))
