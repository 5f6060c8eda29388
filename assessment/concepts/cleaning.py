"""What of a written map is kept: no doubles, nothing empty or over-long, nothing beside the subject.

A model that is asked for sixty concepts says some of them twice in other words, names the skill itself, and strays.
All of it is judged by words: those that any concept may have ("choosing", "knowing") do not count, and word forms are
compared by how they begin.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from assessment.items.language import language_of
from assessment.items.rules import RuleContext
from assessment.items.rules.safety import hidden_text, instruction, markup, other_language, storable_text
from assessment.items.text import content_words
from assessment.models import Difficulty, Item

MAX_NAME_WORDS = 8
MAX_TESTS_WORDS = 20
MAX_NAME_CHARACTERS, MAX_TESTS_CHARACTERS = 100, 250  # long words, and scripts without spaces
BEGINNING = 6  # "measuring" and "measurement" begin alike
SAME_NAME, SAME_TESTS, SAME_ALL = 0.6, 0.5, 0.4  # shares of words in common: the same concept
MIN_TO_COMPARE = 10  # fewer concepts are no subject to stray from

_SAFETY = (storable_text, hidden_text, markup, instruction)


class Named(Protocol):
    """A concept, written or kept."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def tests(self) -> str:
        """What a question about it tests."""


class ConceptDraft(msgspec.Struct, frozen=True):
    """A concept as somebody wrote it."""

    name: str
    tests: str
    level: Difficulty = Difficulty.MEDIUM


class Fault(StrEnum):
    """Why a concept is not kept."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    UNSAFE = "unsafe"
    SKILL_ITSELF = "skill_itself"
    SAME = "same"
    OFF_SUBJECT = "off_subject"


class Dropped(msgspec.Struct, frozen=True):
    """A concept that is not kept, and why."""

    draft: ConceptDraft
    fault: Fault


class Cleaned(msgspec.Struct, frozen=True):
    """A map after cleaning."""

    kept: tuple[ConceptDraft, ...]
    dropped: tuple[Dropped, ...]


class Traits(msgspec.Struct, frozen=True):
    """The words by which a concept is compared."""

    name: frozenset[str]
    tests: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        """Those of name and meaning together."""
        return self.name | self.tests

    def is_same(self, other: "Traits") -> bool:
        """Tell whether both say the same thing."""
        return (
            _share(self.name, other.name) >= SAME_NAME
            or _share(self.tests, other.tests) >= SAME_TESTS
            or _share(self.all, other.all) >= SAME_ALL
        )


def traits(concept: Named, language: str) -> Traits:
    """The words that count of a concept."""
    return Traits(_beginnings(concept.name, language), _beginnings(concept.tests, language))


def clean(drafts: Sequence[ConceptDraft], skill: str, language: str, held: Iterable[Named] = ()) -> Cleaned:
    """Keep the concepts that can be asked about; of two that say the same the first, and none that `held` has."""
    known = [traits(concept, language) for concept in held]
    kept: list[ConceptDraft] = []
    dropped: list[Dropped] = []
    for draft in drafts:
        own = traits(draft, language)
        fault = _fault(draft, own, skill, language) or (Fault.SAME if any(map(own.is_same, known)) else None)
        if fault is None:
            kept.append(draft)
            known.append(own)
        else:
            dropped.append(Dropped(draft, fault))
    strays = _strays(kept, [*kept, *held], skill, language)
    dropped += [Dropped(draft, Fault.OFF_SUBJECT) for draft in strays]
    return Cleaned(tuple(draft for draft in kept if draft not in strays), tuple(dropped))


def merged(maps: Sequence[Sequence[ConceptDraft]], language: str) -> tuple[ConceptDraft, ...]:
    """The maps of several writers as one: first what more than one of them named, then in turn from each."""
    found = [[traits(draft, language) for draft in drafts] for drafts in maps]
    shared: list[ConceptDraft] = []
    others: list[ConceptDraft] = []
    for rank in range(max(map(len, maps), default=0)):
        for writer, drafts in enumerate(maps):
            if rank < len(drafts):
                own = found[writer][rank]
                is_shared = any(own.is_same(it) for other, its in enumerate(found) if other != writer for it in its)
                (shared if is_shared else others).append(drafts[rank])
    return (*shared, *others)


def shape_fault(concept: Named) -> Fault | None:
    """What is wrong with the size or the safety of a concept, whoever wrote it."""
    if not concept.name.strip() or not concept.tests.strip():
        return Fault.EMPTY
    is_long = len(concept.name.split()) > MAX_NAME_WORDS or len(concept.tests.split()) > MAX_TESTS_WORDS
    if is_long or len(concept.name) > MAX_NAME_CHARACTERS or len(concept.tests) > MAX_TESTS_CHARACTERS:
        return Fault.TOO_LONG
    return None if _is_safe(concept) else Fault.UNSAFE


def _fault(draft: ConceptDraft, own: Traits, skill: str, language: str) -> Fault | None:
    if fault := shape_fault(draft):
        return fault
    if other_language(_as_item(draft), RuleContext((), (), language_code=language)):
        return Fault.UNSAFE
    if not own.name or own.name == _beginnings(skill, language):
        return Fault.SKILL_ITSELF
    return None


def _strays(drafts: Sequence[ConceptDraft], every: Sequence[Named], skill: str, language: str) -> list[ConceptDraft]:
    """Those that share no telling word with any other concept, nor with the skill's name."""
    if len(every) < MIN_TO_COMPARE:
        return []
    texts = [_telling(f"{concept.name} {concept.tests}", language) for concept in every]
    subject = _telling(skill, language)
    return [
        draft
        for number, draft in enumerate(drafts)
        if not texts[number] & subject
        and all(texts[number].isdisjoint(text) for other, text in enumerate(texts) if other != number)
    ]


def _is_safe(concept: Named) -> bool:
    context = RuleContext((), ())
    return not any(rule(_as_item(concept), context) for rule in _SAFETY)


def _as_item(concept: Named) -> Item:
    """So that the rules of items can judge it: it is shown to students, and goes out to writers."""
    return Item("", "", concept.name, (concept.tests,) * 4, 0)


def _telling(text: str, language: str) -> frozenset[str]:
    return content_words(text, language) - language_of(language).task_words


def _beginnings(text: str, language: str) -> frozenset[str]:
    return frozenset(word[:BEGINNING] for word in _telling(text, language))


def _share(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one | other else 0.0
