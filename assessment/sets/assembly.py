"""The choice among candidates: one item for every slot, so that the rules of sets hold."""

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from itertools import islice

import msgspec

from assessment.findings import Severity
from assessment.items.verdicts import verdicts
from assessment.models import Item, Slot
from assessment.sets.choice import Candidate, choose
from assessment.sets.robots import BY_TEXT, chance
from assessment.sets.rules import (
    MIN_VERDICTS,
    OPTIONS,
    Violation,
    coverage,
    cross_cues,
    is_majority,
    is_too_lucky,
    max_hits,
    one_concept,
    one_verdict,
    robots,
)
from assessment.sets.slot_matching import is_exact, placed

# What is dearer beside one point for every soft finding: an item about the right skill in another setting, or one whose
# author says that it is easier or harder than was asked for.
OTHER_SOURCE_PENALTY, OTHER_DIFFICULTY_PENALTY = 2, 1
# So many candidates beside those needed are looked at for each slot, and for each skill: with them the choice ends in
# milliseconds, and with more it is hardly ever a better one.
MAX_SPARE_PER_SLOT, MAX_SPARE = 3, 30
CHANCES = (0.0, 1 / 4, 1 / 3, 1 / 2, 1.0)  # all that a robot can have with one item of four options
CERTAIN = CHANCES.index(1.0)

# What a writer is told when a robot lives off its items; nothing of it says which option was right.
ADVICE = {
    "longest": "the right options were too often the longest: make all four alike in length",
    "stem_overlap": "the right options repeated more words of their stems than the others: spread such words evenly",
    "option_overlap": "the distractors were too often variations of the right option: vary them among each other too",
    "most_specific": "the right options were too often the only precise ones: give the distractors as much detail",
    "no_absolutes": "the distractors were too often the only absolute ones: leave out words such as always and never",
    "critic": "finding fault was too often right: let work that is judged be sound in a third of such questions",
    "one_verdict": "of the verdicts one was too often right: let judged work be sound as well as faulty",
    "one_concept": "two questions tested the same thing: each has to test what its own line names",
    "cross_cue": "a stem gave away the right option of another question: use other words",
    "coverage": "all questions were set in the same source: set each in the source that its line names",
}


class Assembly(msgspec.Struct, frozen=True):
    """One item for every slot, in the order of the slots; the rules of sets hold."""

    items: tuple[Item, ...]


class Shortfall(msgspec.Struct, frozen=True):
    """No choice among the candidates satisfies the rules: which slots need others, and what to tell their writer.

    `items` are those to blame of the best choice, slot by slot, and `excess` is how far that is beyond the rules; where
    there are too few candidates there is no choice.
    """

    slots: tuple[int, ...]
    reasons: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    excess: float = math.inf


class _Entry(msgspec.Struct, frozen=True):
    """A candidate with its price and, for each robot by text, the place of its chance in CHANCES.

    `verdict` are its levels at the limits `_fault` and `_usual`.
    """

    item: Item
    price: int
    ranks: tuple[int, ...]
    verdict: tuple[int, int]


class Stock:
    """The items to choose a set from: each has passed the rules for one item, and repeats nothing.

    What robots make of an item is worked out when it comes; the choice itself is bounded, however many have come.
    """

    def __init__(self, slots: Sequence[Slot], language: str = "en") -> None:
        self._slots = slots
        self._language = language
        self._need = Counter(slot.skill.skill_id for slot in slots)
        self._asked = Counter((slot.skill.skill_id, slot.source.source_id) for slot in slots)
        self._asked_difficulties = Counter((slot.skill.skill_id, slot.difficulty.value) for slot in slots)
        self._entries: list[_Entry] = []

    @property
    def items(self) -> tuple[Item, ...]:
        """All that are there, in the order they came."""
        return tuple(entry.item for entry in self._entries)

    def add(self, item: Item) -> None:
        """Take one more."""
        ranks = tuple(CHANCES.index(chance(robot, item, self._language)) for robot in BY_TEXT.values())
        self._entries.append(_Entry(item, penalty(item), ranks, _verdict_levels(item, self._language)))

    def remove(self, stems: Collection[str]) -> None:
        """Take those with these stems out."""
        self._entries = [entry for entry in self._entries if entry.item.stem not in stems]

    def assemble(self) -> Assembly | Shortfall:
        """Choose an item for every slot so that rules 20, 22, 23, 26 and 28 hold, of the best that allow it.

        Each slot takes an item about its skill, if it can one set in its source; without enough of them for a skill its
        slots are short. What comes out is never padded.
        """
        if lacking := self._lacking():
            return Shortfall(lacking)
        entrants = self._entrants()
        one_source = self._sources_of_all(entrants)
        limits = [self._luck] * len(BY_TEXT) + [_fault, _usual] + [self._share] * len(one_source)
        choice = choose(self._candidates(entrants, one_source), self._need, limits)
        items = self._placed([entrants[number].item for number in choice.numbers])
        violations = self._violations(items) if choice.excess else []
        return self._shortfall(items, violations, choice.excess) if violations else Assembly(items)

    def _lacking(self) -> tuple[int, ...]:
        """Slots of skills with fewer candidates than slots, the last ones first served last."""
        left = Counter(entry.item.skill_id for entry in self._entries)
        short = []
        for index, slot in enumerate(self._slots):
            left[slot.skill.skill_id] -= 1
            if left[slot.skill.skill_id] < 0:
                short.append(index)
        return tuple(short)

    def _entrants(self) -> list[_Entry]:
        """The candidates that are looked at: so many of each skill, priced by the sources that are asked for."""
        entrants: list[_Entry] = []
        for skill_id, need in self._need.items():
            priced = self._priced([entry for entry in self._entries if entry.item.skill_id == skill_id])
            entrants += _best_and_diverse(priced, need + min(MAX_SPARE_PER_SLOT * need, MAX_SPARE))
        return entrants

    def _priced(self, entries: Sequence[_Entry]) -> list[_Entry]:
        """A difficulty and a source are asked for so often and no more: the better items of each have their price.

        Nobody knows of an item that does not say how hard it is that it is not what was asked for.
        """
        unknown = [entry for entry in entries if not entry.item.difficulty]
        known = [entry for entry in entries if entry.item.difficulty]
        fitting = unknown + _surcharged(known, self._asked_difficulties, _difficulty, OTHER_DIFFICULTY_PENALTY)
        return _surcharged(fitting, self._asked, _source, OTHER_SOURCE_PENALTY)

    def _sources_of_all(self, entrants: Sequence[_Entry]) -> list[str]:
        """The sources in which all of a set could be set, where rule 23 asks for more than one."""
        if len({source_id for _, source_id in self._asked}) == 1 or len(self._slots) == 1:
            return []
        found = Counter((entry.item.source_id, entry.item.skill_id) for entry in entrants)
        source_ids = dict.fromkeys(entry.item.source_id for entry in entrants)
        return [it for it in source_ids if all(found[it, skill_id] >= need for skill_id, need in self._need.items())]

    def _candidates(self, entrants: Sequence[_Entry], one_source: Sequence[str]) -> list[Candidate]:
        excludes: list[set[int]] = [set() for _ in entrants]
        items = [entry.item for entry in entrants]
        for violation in (*cross_cues(items), *one_concept(items)):
            one, other = violation.items
            excludes[one].add(other)
            excludes[other].add(one)
        return [
            Candidate(
                entry.item.skill_id,
                entry.price,
                entry.ranks + entry.verdict + tuple(CERTAIN if entry.item.source_id == it else 0 for it in one_source),
                excludes[number],
            )
            for number, entry in enumerate(entrants)
        ]

    def _luck(self, counts: bytes) -> float:
        """How far one robot is beyond rule 20 (a choice's limit)."""
        missed = len(self._slots) - sum(counts)
        chances = [0.0] * missed + [each for each, count in zip(CHANCES[1:], counts, strict=True) for _ in range(count)]
        return 1 + sum(chances) / max_hits(len(chances)) if is_too_lucky(chances) else 0.0

    def _share(self, counts: bytes) -> float:
        """How far one source is beyond rule 23 (a choice's limit)."""
        return float(sum(counts) == len(self._slots))

    def _placed(self, items: Sequence[Item]) -> tuple[Item, ...]:
        """Give every slot its item, in the order of the slots."""
        found = placed(items, self._slots)
        return tuple(found[index] for index in range(len(self._slots)))

    def _violations(self, items: Sequence[Item]) -> list[Violation]:
        """What is wrong with the best choice; of rule 28 its limits ask a little more than the rule."""
        return [
            *robots(items, self._language),
            *cross_cues(items),
            *coverage(items, self._need, {source_id for _, source_id in self._asked}),
            *one_concept(items),
            *one_verdict(items, self._language),
        ]

    def _shortfall(self, items: Sequence[Item], violations: Sequence[Violation], excess: float) -> Shortfall:
        """Say which slots of the best choice to ask for again: the fewest whose items could set it right."""
        blamed: dict[int, None] = {}
        for violation in violations:
            blamed.update(dict.fromkeys(self._blamed(violation, items)))
        reasons = tuple(dict.fromkeys(ADVICE[_name(violation)] for violation in violations))
        slots = tuple(sorted(blamed))
        return Shortfall(slots, reasons, tuple(items[index] for index in slots), excess)

    def _blamed(self, violation: Violation, items: Sequence[Item]) -> tuple[int, ...]:
        match _name(violation):
            case "cross_cue" | "one_concept" | "one_verdict":
                return violation.items[:1]
            case "coverage":
                others = [it for it in violation.items if not is_exact(items[it], self._slots[it])]
                return tuple(others[:1])
        robot = BY_TEXT[_name(violation)]
        chances = [chance(robot, item, self._language) for item in items]
        blamed = []
        for index in violation.items:
            chances[index] = 1 / OPTIONS  # what an item without the flaw brings
            blamed.append(index)
            if not is_too_lucky(chances):
                break
        return tuple(blamed)


def assemble(slots: Sequence[Slot], candidates: Iterable[Item], language: str = "en") -> Assembly | Shortfall:
    """Choose among these candidates; see Stock.assemble."""
    stock = Stock(slots, language)
    for item in candidates:
        stock.add(item)
    return stock.assemble()


def _verdict_levels(item: Item, language: str) -> tuple[int, int]:
    found = verdicts(item.options, language)
    if not found:
        return 0, 0
    return 0 if found[item.key] else CERTAIN, CERTAIN if is_majority(found, item.key) else 1


def _fault(counts: bytes) -> float:
    """How far the items whose key finds fault are beyond what rule 28 allows in any set (a choice's limit)."""
    return float(max(0, counts[CERTAIN - 1] - (MIN_VERDICTS - 1)))


def _usual(counts: bytes) -> float:
    """The same for items whose key is the usual verdict; in sets with two items of verdicts both may be."""
    usual = counts[CERTAIN - 1]
    return float(max(0, usual - 1)) if counts[0] + usual >= MIN_VERDICTS else 0.0


def _surcharged(
    entries: Iterable[_Entry], asked: Counter[tuple[str, str]], trait: Callable[[Item], tuple[str, str]], surcharge: int
) -> list[_Entry]:
    """Raise the price of those whose trait the cheaper ones before them bring as often as it is asked for."""
    left, priced = asked.copy(), []
    for entry in sorted(entries, key=lambda entry: entry.price):
        left[trait(entry.item)] -= 1
        price = entry.price + (surcharge if left[trait(entry.item)] < 0 else 0)
        priced.append(msgspec.structs.replace(entry, price=price))
    return priced


def _source(item: Item) -> tuple[str, str]:
    return item.skill_id, item.source_id


def _difficulty(item: Item) -> tuple[str, str]:
    return item.skill_id, item.difficulty


def _best_and_diverse(entries: Sequence[_Entry], most: int) -> list[_Entry]:
    """In turn the cheapest, those of every source, and those that all robots or one of them have the least luck with.

    A choice fails for want of items that one robot misses or that are set elsewhere, and those are rarely the cheapest.
    """
    if len(entries) <= most:
        return list(entries)
    by_price = sorted(entries, key=_price)
    orders = [by_price, _source_by_source(by_price), sorted(entries, key=_all_luck)]
    orders += [sorted(entries, key=partial(_luck_of, robot)) for robot in range(len(BY_TEXT))]
    in_turn = {id(entry): entry for abreast in zip(*orders, strict=True) for entry in abreast}
    return list(islice(in_turn.values(), most))


def _source_by_source(entries: Sequence[_Entry]) -> list[_Entry]:
    """The first of each source, then the second of each, and so on."""
    before: Counter[str] = Counter()
    places = []
    for number, entry in enumerate(entries):
        places.append((before[entry.item.source_id], number))
        before[entry.item.source_id] += 1
    return [entries[number] for _, number in sorted(places)]


def _price(entry: _Entry) -> tuple[int, int]:
    return entry.price, sum(entry.ranks)


def _all_luck(entry: _Entry) -> tuple[int, int]:
    return sum(entry.ranks), entry.price


def _luck_of(robot: int, entry: _Entry) -> tuple[int, int, int]:
    return entry.ranks[robot], sum(entry.ranks), entry.price


def penalty(item: Item) -> int:
    """What an item's soft findings cost it when there are others to choose from: a point each."""
    return sum(finding.severity is Severity.SOFT for finding in item.findings)


def _name(violation: Violation) -> str:
    finding = violation.finding
    return finding.seen.partition(" ")[0] if finding.rule == "robots" else finding.rule
