"""How well the rules of sets find what was planted in a set, and what they say of clean ones."""

from collections.abc import Callable, Sequence
from random import Random

import msgspec

from assessment.items.novelty import Seen, signature
from assessment.models import Item, SeenItem
from assessment.sets import rules as set_rules
from fakes.item_maker import make

SETS = 30
SKILLS = ("s0", "s1", "s2")
SOURCES = ("p0", "p1")
Judge = Callable[[Sequence[Item], Sequence[Item]], bool]


class SetFigures(msgspec.Struct, frozen=True):
    """Of one rule: mutants planted and found, clean sets and those it objected to."""

    number: int
    rule: str
    mutants: int
    found: int
    clean: int
    alarms: int


def clean_set(seed: int) -> list[Item]:
    """Ten items about three skills in two sources; no robot is better off than by guessing."""
    return [
        Item(SKILLS[n % 3], SOURCES[n % 2], it["stem"], tuple(it["options"]), _place(seed, n), it["rationale"])
        for n, it in enumerate(make(f"golden-{seed}-{n}") for n in range(10))
    ]


def _place(seed: int, number: int) -> int:
    return (seed + number) % 4


def _with(item: Item, **changes: object) -> Item:
    return msgspec.structs.replace(item, **changes)


def _keyed(item: Item, text: str) -> Item:
    options = list(item.options)
    options[item.key] = text
    return _with(item, options=tuple(options))


def _longest(items: list[Item], rng: Random) -> list[Item]:
    chosen = set(rng.sample(range(10), 6))
    return [_keyed(it, it.options[it.key] + " again") if n in chosen else it for n, it in enumerate(items)]


def _echoing(items: list[Item], rng: Random) -> list[Item]:
    chosen = set(rng.sample(range(10), 6))
    return [_keyed(it, f"Check the {it.stem.split()[1]} once") if n in chosen else it for n, it in enumerate(items)]


def _specific(items: list[Item], rng: Random) -> list[Item]:
    chosen = set(rng.sample(range(10), 6))
    return [_keyed(it, f"{it.options[it.key][:-2]} {n}") if n in chosen else it for n, it in enumerate(items)]


def _keys_at_b(items: list[Item], rng: Random) -> list[Item]:
    chosen = set(rng.sample(range(10), 6))
    return [_with(it, key=1) if n in chosen else it for n, it in enumerate(items)]


def _cue(items: list[Item], rng: Random) -> list[Item]:
    told, telling = rng.sample(range(10), 2)
    key = items[told].options[items[told].key]
    changed = list(items)
    changed[telling] = _with(items[telling], stem=f"After you {key.lower()}, what would you look at next in the yard?")
    return changed


def _missing_skill(items: list[Item], rng: Random) -> list[Item]:
    gone = rng.choice(SKILLS)
    other = next(skill for skill in SKILLS if skill != gone)
    return [_with(it, skill_id=other) if it.skill_id == gone else it for it in items]


def _one_source(items: list[Item], rng: Random) -> list[Item]:
    only = rng.choice(SOURCES)
    return [_with(it, source_id=only) for it in items]


def _one_less(items: list[Item], rng: Random) -> list[Item]:
    return items[: rng.randrange(1, 10)]


def _one_more(items: list[Item], rng: Random) -> list[Item]:
    return [*items, rng.choice(items)]


def _padded_short(items: list[Item], rng: Random) -> list[Item]:
    return items[:8]


def _repeated(items: list[Item], rng: Random) -> list[Item]:
    """Word for word, in another setting."""
    old = rng.choice(items)
    return [_with(old, stem=f"In your job at the ferry, {old.stem[0].lower()}{old.stem[1:]}")]


def _two_words_changed(items: list[Item], rng: Random) -> list[Item]:
    old = rng.choice(items)
    found = old.stem.split()
    for place in rng.sample(range(1, len(found) - 1), 2):
        found[place] = rng.choice(("rusty", "second", "quiet", "useful"))
    return [_with(old, stem=" ".join(found))]


def _same_key(items: list[Item], rng: Random) -> list[Item]:
    old = rng.choice(items)
    scene = old.stem.partition(":")[0]
    return [_with(old, stem=f"{scene}, as it was last week, and now the crew asks you: what shall they begin with?")]


def _is_known(items: Sequence[Item], before: Sequence[Item]) -> bool:
    seen = Seen(SeenItem(it.skill_id, it.stem, signature(it)) for it in before)
    return any(seen.find(item) for item in items)


# Number, name, how to tell, and what it has to find.
PLANTED: tuple[tuple[int, str, Judge, tuple[Callable[[list[Item], Random], list[Item]], ...]], ...] = (
    (20, "robots", lambda items, _: bool(set_rules.robots(items, "en")), (_longest, _echoing, _specific)),
    (21, "key_positions", lambda items, _: bool(set_rules.key_positions(items)), (_keys_at_b,) * 3),
    (22, "cross_cues", lambda items, _: bool(set_rules.cross_cues(items)), (_cue,) * 3),
    (
        23,
        "coverage",
        lambda items, _: bool(set_rules.coverage(items, SKILLS, SOURCES)),
        (_missing_skill, _one_source) * 2,
    ),
    (24, "novelty", _is_known, (_repeated, _two_words_changed, _same_key)),
    (25, "count", lambda items, _: bool(set_rules.count(items, 10)), (_one_less, _one_more, _padded_short)),
)


def measure_sets() -> list[SetFigures]:
    """Plant every fault into every clean set, and look at the clean sets; earlier sets are what a student has seen."""
    sets = [clean_set(seed) for seed in range(SETS)]
    figures = []
    for number, rule, judge, mutations in PLANTED:
        found = sum(
            judge(mutation(items, Random(f"{rule}-{seed}")), items)  # noqa: S311 - repeatable on purpose
            for seed, items in enumerate(sets)
            for mutation in mutations
        )
        alarms = sum(judge(items, sets[seed - 1]) for seed, items in enumerate(sets))
        figures.append(SetFigures(number, rule, SETS * len(mutations), found, SETS, alarms))
    return figures
