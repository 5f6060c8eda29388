"""How well the rules of sets find what was planted in a set, and what they say of clean ones."""

from collections.abc import Callable, Sequence
from random import Random

import msgspec

from assessment.concepts.drawing import SeenConcepts
from assessment.items.novelty import Seen, signature
from assessment.models import Item, ItemConcept, SeenItem
from assessment.sets import rules as set_rules
from fakes.item_maker import make

SETS = 30
SKILLS = ("s0", "s1", "s2")
SOURCES = ("p0", "p1")
JUDGING = (1, 4, 7)
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
    """Ten items about three skills in two sources, each about something else; no robot does better than by guessing.

    Three have the student judge work, which is sound in one of them.
    """
    items = [_item(seed, n) for n in range(10)]
    return [_judging(it, is_sound=n == JUDGING[0]) if n in JUDGING else it for n, it in enumerate(items)]


def _item(seed: int, n: int) -> Item:
    it = make(f"golden-{seed}-{n}")
    concept = ItemConcept(f"c{seed}-{n}", f"Concept {n} of {seed}")
    return Item(
        SKILLS[n % 3],
        SOURCES[n % 2],
        it["stem"],
        tuple(it["options"]),
        _place(seed, n),
        it["rationale"],
        concept=concept,
    )


def _judging(item: Item, *, is_sound: bool, alike: int = 2) -> Item:
    """Have the options begin with a verdict, which so many share with the key."""
    places = [item.key, *(place for place in range(4) if place != item.key)]
    same, other = ("right", "wrong") if is_sound else ("wrong", "right")
    options = list(item.options)
    for number, place in enumerate(places):
        options[place] = f"It is {same if number < alike else other}: {options[place].lower()}"
    return _with(item, options=tuple(options))


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


def _one_concept_twice(items: list[Item], rng: Random) -> list[Item]:
    one, other = rng.sample((0, 3, 6, 9), 2)  # of one skill
    return [_with(it, concept=items[one].concept) if n == other else it for n, it in enumerate(items)]


def _one_concept_by_name(items: list[Item], rng: Random) -> list[Item]:
    changed = _one_concept_twice(items, rng)
    return [
        _with(it, concept=ItemConcept("", it.concept.name.upper())) if it.concept and n % 2 else it
        for n, it in enumerate(changed)
    ]


def _old_concept(items: list[Item], rng: Random) -> list[Item]:
    """New words about what was asked before."""
    return [
        _with(_item(999, 3 * rng.randrange(3)), skill_id=it.skill_id, concept=it.concept) for it in [rng.choice(items)]
    ]


def _always_faulty(items: list[Item], rng: Random) -> list[Item]:
    return [_judging(it, is_sound=False) if n in JUDGING else it for n, it in enumerate(_unjudged(items))]


def _always_usual(items: list[Item], rng: Random) -> list[Item]:
    return [
        _judging(it, is_sound=rng.random() < 0.5, alike=3) if n in JUDGING else it
        for n, it in enumerate(_unjudged(items))
    ]


def _unjudged(items: list[Item]) -> list[Item]:
    return [_with(it, options=tuple(option.rpartition(": ")[2] for option in it.options)) for it in items]


def _asked_again(items: Sequence[Item], before: Sequence[Item]) -> bool:
    seen = SeenConcepts(SeenItem(it.skill_id, it.stem, concept=it.concept) for it in before)
    return bool(set_rules.concept_again(items, seen))


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
    (
        26,
        "one_concept",
        lambda items, _: bool(set_rules.one_concept(items)),
        (_one_concept_twice, _one_concept_by_name, _one_more),
    ),
    (27, "concept_again", _asked_again, (_old_concept, _repeated, _two_words_changed)),
    (28, "one_verdict", lambda items, _: bool(set_rules.one_verdict(items, "en")), (_always_faulty, _always_usual) * 2),
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
