"""From written items to the questions a student is shown: the choice among candidates, and the shuffle."""

import secrets
from collections import Counter
from collections.abc import Sequence
from itertools import combinations, islice, product
from random import Random

import msgspec

from assessment.findings import Severity
from assessment.models import Item, Question, Slot
from assessment.robots import BY_TEXT, chance
from assessment.set_rules import (
    OPTIONS,
    Violation,
    cross_cues,
    is_too_lucky,
    max_hits,
    max_per_position,
    robots,
)

QUESTION_ID_BYTES = 12
OTHER_SOURCE_PENALTY = 2  # an item about the right skill in another setting, beside one point for every soft finding
MAX_TRIED = 300  # sets looked at one by one where exchanging single items does not help: some milliseconds

# What a writer is told when a robot lives off its items; nothing of it says which option was right.
ADVICE = {
    "longest": "the right options were too often the longest: make all four alike in length",
    "stem_overlap": "the right options repeated more words of their stems than the others: spread such words evenly",
    "option_overlap": "the distractors were too often variations of the right option: vary them among each other too",
    "most_specific": "the right options were too often the only precise ones: give the distractors as much detail",
    "no_absolutes": "the distractors were too often the only absolute ones: leave out words such as always and never",
    "cross_cue": "a stem gave away the right option of another question: use other words",
}


class Assembly(msgspec.Struct, frozen=True):
    """One item for every slot, in the order of the slots; the rules of sets hold."""

    items: tuple[Item, ...]


class Shortfall(msgspec.Struct, frozen=True):
    """No choice among the candidates satisfies the rules: which slots need others, and what to tell their writer."""

    slots: tuple[int, ...]
    reasons: tuple[str, ...]


def assemble(slots: Sequence[Slot], candidates: Sequence[Item], language: str = "en") -> Assembly | Shortfall:
    """Choose an item for every slot so that rules 20 and 22 hold, of the best candidates that allow it.

    Candidates have passed the rules for one item and repeat nothing. Each slot takes an item about its skill, if it
    can one set in its source; without enough of them for a skill its slots are short. What comes out is never padded.
    """
    stock = _Stock(slots, candidates, language)
    if lacking := stock.lacking():
        return Shortfall(lacking, ())
    chosen = stock.improved(stock.cheapest())
    if stock.badness(chosen):
        chosen = stock.searched() or chosen
    if not stock.badness(chosen):
        return Assembly(stock.placed(chosen))
    return stock.shortfall(chosen)


class _Stock:
    """The candidates by skill. A choice is a sorted tuple of their numbers: so many of each skill as it has slots."""

    def __init__(self, slots: Sequence[Slot], candidates: Sequence[Item], language: str) -> None:
        self._slots = slots
        self._items = candidates
        self._language = language
        self._need = Counter(slot.skill.skill_id for slot in slots)
        self._by_skill: dict[str, list[int]] = {skill_id: [] for skill_id in self._need}
        for number, item in enumerate(candidates):
            if item.skill_id in self._by_skill:
                self._by_skill[item.skill_id].append(number)
        self._luck = [[chance(robot, item, language) for robot in BY_TEXT.values()] for item in candidates]
        self._cues = {pair for violation in cross_cues(candidates) for pair in (violation.items, violation.items[::-1])}

    def lacking(self) -> tuple[int, ...]:
        """Slots of skills with fewer candidates than slots, the last ones first served last."""
        left = Counter({skill_id: len(numbers) for skill_id, numbers in self._by_skill.items()})
        short = []
        for index, slot in enumerate(self._slots):
            left[slot.skill.skill_id] -= 1
            if left[slot.skill.skill_id] < 0:
                short.append(index)
        return tuple(short)

    def cheapest(self) -> tuple[int, ...]:
        """The candidates with the fewest flaws of each skill, those set in a source that is asked for first."""
        chosen: list[int] = []
        for skill_id, numbers in self._by_skill.items():
            chosen += sorted(numbers, key=lambda number: (self._price(number), number))[: self._need[skill_id]]
        return tuple(sorted(chosen))

    def improved(self, chosen: tuple[int, ...]) -> tuple[int, ...]:
        """Exchange one item at a time for the better, as long as that helps."""
        while badness := self.badness(chosen):
            best = min(self._neighbours(chosen), key=self._rank, default=chosen)
            if self.badness(best) >= badness:
                return chosen
            chosen = best
        return chosen

    def searched(self) -> tuple[int, ...] | None:
        """Look at whole sets one by one, for a while."""
        choices = [list(combinations(self._by_skill[skill_id], need)) for skill_id, need in self._need.items()]
        for parts in islice(product(*choices), MAX_TRIED):
            chosen = tuple(sorted(number for part in parts for number in part))
            if not self.badness(chosen):
                return chosen
        return None

    def badness(self, chosen: tuple[int, ...]) -> float:
        """How far a choice is from satisfying the rules; 0 when it does."""
        columns = [[self._luck[number][robot] for number in chosen] for robot in range(len(BY_TEXT))]
        excess: float = sum(1 + sum(it) / max_hits(len(it)) for it in columns if is_too_lucky(it))
        return excess + sum((pair in self._cues) for pair in combinations(chosen, 2))

    def placed(self, chosen: tuple[int, ...]) -> tuple[Item, ...]:
        """Give every slot its item: first those set in its source, then any of its skill."""
        left = list(chosen)
        placed: dict[int, Item] = {}
        for is_exact in (True, False):
            for index, slot in enumerate(self._slots):
                number = next((it for it in left if self._fits(it, slot, is_exact=is_exact)), None)
                if index not in placed and number is not None:
                    left.remove(number)
                    placed[index] = msgspec.structs.replace(self._items[number], difficulty=slot.difficulty.value)
        return tuple(placed[index] for index in range(len(self._slots)))

    def shortfall(self, chosen: tuple[int, ...]) -> Shortfall:
        """Say which slots of the best choice to ask for again: the fewest whose items could set it right."""
        items = self.placed(chosen)
        violations = [*robots(items, self._language), *cross_cues(items)]
        blamed: dict[int, None] = {}
        for violation in violations:
            blamed.update(dict.fromkeys(self._blamed(violation, items)))
        reasons = tuple(dict.fromkeys(ADVICE[_name(violation)] for violation in violations))
        return Shortfall(tuple(sorted(blamed)), reasons)

    def _blamed(self, violation: Violation, items: Sequence[Item]) -> tuple[int, ...]:
        if _name(violation) == "cross_cue":
            return violation.items[:1]
        robot = BY_TEXT[_name(violation)]
        chances = [chance(robot, item, self._language) for item in items]
        blamed = []
        for index in violation.items:
            chances[index] = 1 / OPTIONS  # what an item without the flaw brings
            blamed.append(index)
            if not is_too_lucky(chances):
                break
        return tuple(blamed)

    def _neighbours(self, chosen: tuple[int, ...]) -> list[tuple[int, ...]]:
        return [
            tuple(sorted((*(it for it in chosen if it != out), into)))
            for out in chosen
            for into in self._by_skill[self._items[out].skill_id]
            if into not in chosen
        ]

    def _rank(self, chosen: tuple[int, ...]) -> tuple[float, int, tuple[int, ...]]:
        return self.badness(chosen), sum(map(self._price, chosen)), chosen

    def _price(self, number: int) -> int:
        item = self._items[number]
        is_asked_for = any(self._fits(number, slot, is_exact=True) for slot in self._slots)
        return penalty(item) + (0 if is_asked_for else OTHER_SOURCE_PENALTY)

    def _fits(self, number: int, slot: Slot, *, is_exact: bool) -> bool:
        item = self._items[number]
        is_of_skill = item.skill_id == slot.skill.skill_id
        return is_of_skill and (not is_exact or item.source_id == slot.source.source_id)


def penalty(item: Item) -> int:
    """What an item's soft findings cost it when there are others to choose from: a point each."""
    return sum(finding.severity is Severity.SOFT for finding in item.findings)


def _name(violation: Violation) -> str:
    finding = violation.finding
    return finding.seen.partition(" ")[0] if finding.rule == "robots" else finding.rule


def show(items: Sequence[Item], rng: Random) -> tuple[Question, ...]:
    """Give every item an id and shuffle its options; the order of the questions is shuffled too.

    Key positions are drawn evenly among all arrangements in which no position holds too many (rule 21). The ids come
    from the operating system's randomness, so they tell nothing about key, order or origin.
    """
    questions = [_shuffled(item, position, rng) for item, position in zip(items, _positions(items, rng), strict=True)]
    rng.shuffle(questions)
    return tuple(questions)


def _positions(items: Sequence[Item], rng: Random) -> list[int]:
    """Draw until it fits: two of three draws for ten items do."""
    while True:
        positions = [rng.randrange(len(item.options)) for item in items]
        if max(Counter(positions).values(), default=0) <= max_per_position(len(items)):
            return positions


def _shuffled(item: Item, position: int, rng: Random) -> Question:
    order = [index for index in range(len(item.options)) if index != item.key]
    rng.shuffle(order)
    order.insert(position, item.key)
    return Question(
        question_id=f"q_{secrets.token_hex(QUESTION_ID_BYTES)}",
        skill_id=item.skill_id,
        source_id=item.source_id,
        stem=item.stem,
        options=tuple(item.options[index] for index in order),
        key=position,
        rationale=item.rationale,
        difficulty=item.difficulty,
        author=item.author,
        findings=item.findings,
    )
