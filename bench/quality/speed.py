"""What the gate costs: twenty candidates, two hundred items seen, one set; and the choice among many more."""

import gc
import statistics
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from random import Random
from typing import NamedTuple

import msgspec

from assessment.concepts.drawing import draw
from assessment.items.novelty import Seen, signature
from assessment.items.rules import RuleContext, examine
from assessment.models import (
    Brief,
    Concept,
    ConceptMap,
    Difficulty,
    FormPlan,
    Item,
    ItemConcept,
    Mode,
    Origin,
    OriginKind,
    SeenItem,
    Skill,
    SourceItem,
    SourceKind,
)
from assessment.sets.assembly import Assembly, Stock, assemble
from assessment.sets.blueprint import plan
from fakes.item_maker import make

CANDIDATES, SEEN, MANY_SEEN = 20, 200, 1000
CONCEPTS, SPARES = 80, 4
RUNS = 40
CHOICE_SKILLS, CHOICE_CANDIDATES, CHOICE_RUNS = (1, 3), (14, 26, 60, 200), 10

Flaw = Callable[[Item], Item]


class ChoiceSpeed(NamedTuple):
    """The choice of ten among so many candidates: milliseconds of its thread, and megabytes at most."""

    skills: int
    candidates: int
    habit: str
    found: int
    median: float
    longest: float
    peak: float


class Speed(NamedTuple):
    """Milliseconds, medians of many runs; `longest_block` is the longest piece between two chances for others."""

    gate: float
    novelty: float
    longest_block: float
    draw: float
    choices: tuple[ChoiceSpeed, ...]


def measure() -> Speed:
    """Time the gate on items it has not met before, so that nothing is remembered from the run before."""
    gates, novelties, blocks, draws = [], [], [], []
    for run in range(RUNS):
        seen = _seen(f"seen-{run}", SEEN)
        parts = [_milliseconds(step) for step in _gate(run, seen)]
        gates.append(sum(parts))
        blocks.append(max(parts))
        many = _seen(f"many-{run}", MANY_SEEN)
        item = _item(f"new-{run}", 0)
        novelties.append(_milliseconds(partial(_find, many, item)))
        draws.append(_milliseconds(partial(_draw, run)))
    choices = tuple(
        _choice(skills, candidates, habit)
        for skills in CHOICE_SKILLS
        for candidates in CHOICE_CANDIDATES
        for habit in FLAWS
    )
    return Speed(
        gate=statistics.median(gates),
        novelty=statistics.median(novelties),
        longest_block=max(blocks),
        draw=statistics.median(draws),
        choices=choices,
    )


def _choice(skills: int, candidates: int, habit: str) -> ChoiceSpeed:
    """Choose again and again, each time among others; the longest time of all counts as well as the median."""
    flaws, slots = FLAWS[habit], plan(_skills(skills), _SOURCES, FormPlan(), 0)
    times, found = [], 0
    gc.disable()  # a collection is paid for by all that was made before
    for run in range(CHOICE_RUNS):
        stock = Stock(slots)
        for number in range(candidates):
            item = _item(f"choice-{run}-{number}", number, skills)
            stock.add(flaws[number % len(flaws)](item))
        times.append(_milliseconds(stock.assemble))
        found += isinstance(stock.assemble(), Assembly)
    gc.enable()
    tracemalloc.start()
    stock.assemble()
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return ChoiceSpeed(skills, candidates, habit, found, statistics.median(times), max(times), peak)


def _plain(item: Item) -> Item:
    return item


def _longer(item: Item) -> Item:
    """The key is a little the longest option."""
    return _changed(item, item.key, " again")


def _scattered(item: Item) -> Item:
    """Key or distractor is the longest, the only precise one, the one with a word of the stem; or none is."""
    rng = Random(item.stem)  # noqa: S311 - repeatable on purpose
    for added in (" again and again", f" {rng.randrange(10)}", f" {item.stem.split()[1]}"):
        place = rng.choice((item.key, (item.key + 1) % 4, None))
        item = item if place is None else _changed(item, place, added)
    return item


def _changed(item: Item, place: int, added: str) -> Item:
    options = list(item.options)
    options[place] += added
    return msgspec.structs.replace(item, options=tuple(options))


# What the candidates of a choice are, in turn.
FLAWS: dict[str, tuple[Flaw, ...]] = {
    "six keys in ten a little the longest": (_longer, _plain, _longer, _plain, _longer),
    "every key a little the longest": (_longer,),
    "luck with several robots at random": (_scattered,),
}


def _gate(run: int, seen: tuple[SeenItem, ...]) -> list[Callable[[], object]]:
    """The steps in which a set goes through: what was seen, each item as it comes, the choice."""
    slots = plan(_skills(3), _SOURCES, FormPlan(), 0)
    brief = Brief(Mode.LIVE, slots, seen=seen)
    context = RuleContext.of(brief)
    items = [_item(f"{run}-{n}", n) for n in range(CANDIDATES)]
    known: list[Seen] = []

    def remember() -> None:
        known.append(Seen(seen))

    def judge(item: Item) -> None:
        examine(item, context)
        known[0].find(item)
        known[0].add(item)

    def choose() -> None:
        assert isinstance(assemble(slots, items), Assembly)

    return [remember, *(partial(judge, item) for item in items), choose]


_SOURCES = tuple(SourceItem(f"source-{n}", SourceKind.PROJECT, f"Harbour map {n}") for n in range(3))


def _find(seen: tuple[SeenItem, ...], item: Item) -> None:
    assert Seen(seen).find(item) is None


def _draw(run: int) -> None:
    """Draw a set of ten from one map, for a student who was asked about most of it, over and over."""
    blueprint = draw(_SLOTS, [_MAP], _ASKED, spares=SPARES, seed=str(run))
    assert all(slot.concept for slot in blueprint.slots)


def _skills(count: int) -> tuple[Skill, ...]:
    return tuple(Skill(f"skill-{n}", f"Skill {n}") for n in range(count))


def _item(serial: str, number: int, skills: int = 3) -> Item:
    made = make(serial)
    return Item(
        f"skill-{number % skills}",
        f"source-{number % 3}",
        made["stem"],
        tuple(made["options"]),
        made["key"],
        made["rationale"],
    )


def _seen(serial: str, count: int) -> tuple[SeenItem, ...]:
    items = [_item(f"{serial}-{n}", n) for n in range(count)]
    return tuple(SeenItem(item.skill_id, item.stem, signature(item)) for item in items)


def _milliseconds(step: Callable[[], object]) -> float:
    """Of this thread's processor time: what else the machine does is no cost of the gate."""
    began = time.thread_time()
    step()
    return (time.thread_time() - began) * 1000


_CONCEPTS = tuple(
    Concept(f"c{n}", f"Concept {n}", f"What follows from {n}", tuple(Difficulty)[n % 3], Origin(OriginKind.BANK))
    for n in range(CONCEPTS)
)
_MAP = ConceptMap("skill-0", "en", 1, _CONCEPTS)
_SLOTS = plan(_skills(1), _SOURCES, FormPlan(), 0)
_ASKED = tuple(
    SeenItem("skill-0", "a stem", concept=ItemConcept(f"c{n % (CONCEPTS - 5)}", f"Concept {n % (CONCEPTS - 5)}"))
    for n in range(MANY_SEEN)
)
