"""What the gate costs: twenty candidates, two hundred items seen, one set."""

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from assessment.assembly import Assembly, assemble
from assessment.blueprint import plan
from assessment.item_rules import Grounds, examine
from assessment.models import Brief, FormPlan, Item, Mode, SeenItem, Skill, SourceItem, SourceKind
from assessment.novelty import Seen, signature
from tests.item_maker import make

CANDIDATES, SEEN, MANY_SEEN = 20, 200, 1000
RUNS = 40


class Speed(NamedTuple):
    """Milliseconds, medians of many runs; `longest_block` is the longest piece between two chances for others."""

    gate: float
    novelty: float
    longest_block: float


def measure() -> Speed:
    """Time the gate on items it has not met before, so that nothing is remembered from the run before."""
    gates, novelties, blocks = [], [], []
    for run in range(RUNS):
        seen = _seen(f"seen-{run}", SEEN)
        parts = [_milliseconds(step) for step in _gate(run, seen)]
        gates.append(sum(parts))
        blocks.append(max(parts))
        many = _seen(f"many-{run}", MANY_SEEN)
        item = _item(f"new-{run}", 0)
        novelties.append(_milliseconds(partial(_find, many, item)))
    return Speed(statistics.median(gates), statistics.median(novelties), max(blocks))


def _gate(run: int, seen: tuple[SeenItem, ...]) -> list[Callable[[], object]]:
    """The steps in which a set goes through: what was seen, each item as it comes, the choice."""
    skills = tuple(Skill(f"skill-{n}", f"Skill {n}") for n in range(3))
    sources = tuple(SourceItem(f"source-{n}", SourceKind.PROJECT, f"Harbour map {n}") for n in range(3))
    slots = plan(skills, sources, FormPlan(), 0)
    brief = Brief(Mode.LIVE, slots, seen=seen)
    grounds = Grounds.of(brief)
    items = [_item(f"{run}-{n}", n) for n in range(CANDIDATES)]
    known: list[Seen] = []

    def remember() -> None:
        known.append(Seen(seen))

    def judge(item: Item) -> None:
        examine(item, grounds)
        known[0].find(item)
        known[0].add(item)

    def choose() -> None:
        assert isinstance(assemble(slots, items), Assembly)

    return [remember, *(partial(judge, item) for item in items), choose]


def _find(seen: tuple[SeenItem, ...], item: Item) -> None:
    assert Seen(seen).find(item) is None


def _item(serial: str, number: int) -> Item:
    made = make(serial)
    return Item(
        f"skill-{number % 3}",
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
    began = time.perf_counter()
    step()
    return (time.perf_counter() - began) * 1000
