"""When a set may be asked: what cannot be seen in one item alone. The numbers are those of docs/item-quality.md.

Rule 24 is `assessment.items.novelty`, and 29 a rule of items. The others hold by the way sets are drawn, assembled and
shuffled; `broken` looks again at the set that is about to be shown.
"""

import math
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Protocol

import msgspec

from assessment.concepts.drawing import SeenConcepts, marks
from assessment.findings import Finding, hard
from assessment.items.text import runs, words
from assessment.items.verdicts import majority, verdicts
from assessment.models import ItemConcept
from assessment.sets.robots import BY_TEXT, Keyed, chance, pass_chance

OPTIONS = 4
MIN_VERDICTS = 3  # so many items with verdicts show whether a writer has a habit
MAX_MAJORITY, MIN_SOUND = 1 / 2, 1 / 3
MAX_SHARE = 0.4  # of a form's keys for one robot, or in one position
MAX_PASS_CHANCE = 0.05
CUE_WORDS = 4


class Placed(Keyed, Protocol):
    """A written item or a shown question with where it belongs."""

    @property
    def skill_id(self) -> str:
        """The skill it is about."""

    @property
    def source_id(self) -> str:
        """The source it is set in."""


class AboutConcept(Placed, Protocol):
    """The same with what it tests."""

    @property
    def concept(self) -> ItemConcept | None:
        """What it tests."""


class Violation(msgspec.Struct, frozen=True):
    """A finding about a set, and the items that could be exchanged to mend it, the worst first."""

    finding: Finding
    items: tuple[int, ...]


def max_hits(total: int) -> float:
    """How many keys a robot may hit on average: 4 of 10; in a short form one beside what guessing brings."""
    return max(MAX_SHARE * total, 1 + (total - 1) / OPTIONS)


def max_pass_chance(total: int) -> float:
    """How likely a robot may pass: 5%; in a short form as likely as with one certain hit."""
    return max(MAX_PASS_CHANCE, pass_chance([1.0, *[1 / OPTIONS] * (total - 1)]))


def max_per_position(total: int) -> int:
    """How many keys may stand in one position: 4 of 10, and never fewer than there must be."""
    return max(math.ceil(MAX_SHARE * total), math.ceil(total / OPTIONS))


def robots(items: Sequence[Keyed], language: str) -> list[Violation]:
    """Rule 20: no robot that goes by the text hits more than 4 of 10 keys on average, or passes with more than 5%.

    The sum alone is not enough: eight coin tosses also make four hits, and pass a form of ten once in seven times.
    """
    found = []
    for name, robot in BY_TEXT.items():
        chances = [chance(robot, item, language) for item in items]
        if is_too_lucky(chances):
            seen = f"{name} hits {sum(chances):.1f} of {len(items)}"
            found.append(Violation(hard("robots", seen), tuple(_worst_first(chances))))
    return found


def is_too_lucky(chances: Sequence[float]) -> bool:
    """Tell whether a robot with these chances lives off the form."""
    total = len(chances)
    tolerance = 1e-9
    return sum(chances) > max_hits(total) + tolerance or pass_chance(chances) > max_pass_chance(total) + tolerance


def key_positions(form: Sequence[Keyed]) -> list[Violation]:
    """Rule 21: after the shuffle no position holds more than 4 of 10 keys."""
    counts = Counter(shown.key for shown in form)
    return [
        Violation(
            hard("key_positions", f"{count} keys in position {position}"),
            tuple(index for index, shown in enumerate(form) if shown.key == position),
        )
        for position, count in counts.items()
        if count > max_per_position(len(form))
    ]


def cross_cues(items: Sequence[Keyed]) -> list[Violation]:
    """Rule 22: no four consecutive words of a key stand in the stem of another item."""
    stems = [frozenset(runs(words(item.stem), CUE_WORDS)) for item in items]
    keys = [frozenset(runs(words(item.options[item.key]), CUE_WORDS)) for item in items]
    return [
        Violation(hard("cross_cue", f"{CUE_WORDS} words of a key stand in another stem"), (telling, told))
        for told, key in enumerate(keys)
        for telling, stem in enumerate(stems)
        if telling != told and not key.isdisjoint(stem)
    ]


def coverage(items: Sequence[Placed], skill_ids: Collection[str], source_ids: Collection[str]) -> list[Violation]:
    """Rule 23: every skill has an item while there are no more skills than items; more than one source is drawn on."""
    asked = Counter(item.skill_id for item in items)
    missing = len(set(skill_ids) - set(asked))
    found = []
    if missing and len(set(skill_ids)) <= len(items):
        surplus = tuple(index for index, item in enumerate(items) if asked[item.skill_id] > 1)
        found.append(Violation(hard("coverage", f"{missing} skills without an item"), surplus))
    sources = {item.source_id for item in items}
    if len(sources) == 1 and len(set(source_ids)) > 1 and len(items) > 1:
        found.append(Violation(hard("coverage", "all items are set in one source"), tuple(range(len(items)))))
    return found


def count(items: Sequence[Keyed], total: int) -> list[Violation]:
    """Rule 25: exactly the number asked for, and none of them twice."""
    different = len({item.stem for item in items})
    is_exact = len(items) == different == total
    return [] if is_exact else [Violation(hard("count", f"{len(items)} of {total}, {different} different ones"), ())]


def one_concept(items: Sequence[AboutConcept]) -> list[Violation]:
    """Rule 26: no two items of a set test the same concept of a skill."""
    known = [marks(item.skill_id, item.concept) for item in items]
    return [
        Violation(hard("one_concept", "two items about one concept"), (later, earlier))
        for later in range(len(items))
        for earlier in range(later)
        if not known[later].isdisjoint(known[earlier])
    ]


def concept_again(
    items: Sequence[AboutConcept], seen: SeenConcepts, again: Collection[tuple[str, str]] = ()
) -> list[Violation]:
    """Rule 27: a concept comes back to a student only where the skill's map is used up.

    `again` are those that were drawn to come back, by skill and id.
    """
    return [
        Violation(hard("concept_again", "a concept that was asked about before"), (index,))
        for index, item in enumerate(items)
        if item.concept is not None
        and (item.skill_id, item.concept.concept_id) not in again
        and seen.place(item.skill_id, item.concept) is not None
    ]


def one_verdict(items: Sequence[Keyed], language: str) -> list[Violation]:
    """Rule 28: of items with verdicts the majority is right in half at most, and a third finds the work sound.

    Of fewer than three items nothing can be said.
    """
    judged = {index: verdicts(item.options, language) for index, item in enumerate(items)}
    judging = [index for index, found in judged.items() if found]
    if len(judging) < MIN_VERDICTS:
        return []
    usual = [it for it in judging if is_majority(judged[it], items[it].key)]
    fault = [it for it in judging if not judged[it][items[it].key]]
    found = []
    if len(usual) > MAX_MAJORITY * len(judging):
        found.append(Violation(hard("one_verdict", f"the usual verdict is right in {len(usual)} items"), tuple(usual)))
    if len(judging) - len(fault) < MIN_SOUND * len(judging):
        found.append(Violation(hard("one_verdict", f"{len(fault)} items find fault"), tuple(fault)))
    return found


def is_majority(found: Sequence[bool | None], key: int) -> bool:
    """Tell whether the key's verdict is the one that most options give."""
    return majority(found) is not None and found[key] is majority(found)


def broken(
    form: Sequence[AboutConcept], total: int, language: str, *, skill_ids: Collection[str], source_ids: Collection[str]
) -> list[Violation]:
    """All rules that a form breaks by itself: 20 to 23, 25, 26 and 28."""
    return [
        *robots(form, language),
        *key_positions(form),
        *cross_cues(form),
        *coverage(form, skill_ids, source_ids),
        *count(form, total),
        *one_concept(form),
        *one_verdict(form, language),
    ]


def _worst_first(chances: Sequence[float]) -> list[int]:
    lucky = [index for index, each in enumerate(chances) if each > 1 / OPTIONS]
    return sorted(lucky, key=lambda index: -chances[index])
