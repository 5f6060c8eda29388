"""The choice of a set among candidates: every rule of sets holds, and whatever can be chosen is found."""

import tracemalloc
from collections import Counter
from collections.abc import Sequence
from itertools import combinations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessment.findings import soft
from assessment.models import Difficulty, Item, ItemConcept, Skill, Slot, SourceItem, SourceKind
from assessment.sets.assembly import ADVICE, Assembly, Shortfall, assemble, penalty
from assessment.sets.rules import coverage, cross_cues, one_verdict, robots
from fakes.item_maker import make

SKILLS = (Skill("s0", "Sailing"), Skill("s1", "Surveying"))
SOURCES = tuple(SourceItem(f"p{n}", SourceKind.PROJECT, f"Harbour map {n}") for n in range(2))


def slots(total: int) -> tuple[Slot, ...]:
    return tuple(Slot(SKILLS[n % 2], SOURCES[(n // 2) % 2]) for n in range(total))


def candidate(
    serial: int, *, skill: int = 0, source: int = 0, is_longest: bool = False, flaws: int = 0, difficulty: str = ""
) -> Item:
    made = make(f"candidate-{serial}")
    options = list(made["options"])
    if is_longest:
        options[made["key"]] += " again"
    findings = tuple(soft("vague_terms", "may") for _ in range(flaws))
    return Item(
        f"s{skill}",
        f"p{source}",
        made["stem"],
        tuple(options),
        made["key"],
        made["rationale"],
        difficulty,
        findings=findings,
    )


@st.composite
def stocks(draw: st.DrawFn, most: int = 40) -> list[Item]:
    serials = draw(st.lists(st.integers(0, 400), min_size=3, max_size=most, unique=True))
    return [
        candidate(
            serial,
            skill=draw(st.integers(0, 1)),
            source=draw(st.integers(0, 1)),
            is_longest=draw(st.integers(0, 9)) < 7,
        )
        for serial in serials
    ]


def is_fair(items: Sequence[Item]) -> bool:
    return not robots(items, "en") and not cross_cues(items) and not coverage(items, {"s0", "s1"}, {"p0", "p1"})


def some_fair_choice(slots: Sequence[Slot], stock: Sequence[Item]) -> bool:
    need = Counter(slot.skill.skill_id for slot in slots)
    return any(Counter(it.skill_id for it in chosen) == need and is_fair(chosen) for chosen in combinations(stock, 4))


@given(stocks(most=8))
def test_among_up_to_eight_candidates_a_set_is_found_exactly_when_there_is_one(stock: list[Item]) -> None:
    result = assemble(slots(4), stock)
    assert isinstance(result, Assembly) == some_fair_choice(slots(4), stock)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3)), min_size=4, max_size=9), st.integers(0, 300))
def test_the_set_has_as_few_flaws_as_the_best_of_all_fair_choices(kinds: list[tuple[bool, int]], serial: int) -> None:
    one_skill = tuple(Slot(SKILLS[0], SOURCES[0]) for _ in range(4))
    stock = [candidate(serial + n, is_longest=it, flaws=flaws) for n, (it, flaws) in enumerate(kinds)]
    fair = [it for it in combinations(stock, 4) if not robots(it, "en") and not cross_cues(it)]
    best = min((sum(map(penalty, it)) for it in fair), default=None)
    result = assemble(one_skill, stock)
    assert (sum(map(penalty, result.items)) if isinstance(result, Assembly) else None) == best


@given(stocks())
def test_what_is_chosen_is_fair_fits_its_slots_and_is_never_padded(stock: list[Item]) -> None:
    result = assemble(slots(4), stock)
    if isinstance(result, Assembly):
        assert [item.skill_id for item in result.items] == ["s0", "s1", "s0", "s1"]
        assert len({item.stem for item in result.items}) == 4
        assert {item.stem for item in result.items} <= {item.stem for item in stock}
        assert is_fair(result.items)


@given(stocks())
def test_a_shortfall_names_slots_and_why_they_need_others(stock: list[Item]) -> None:
    result = assemble(slots(4), stock)
    if isinstance(result, Shortfall):
        assert result.slots
        assert set(result.slots) <= set(range(4))
        has_enough = min(sum(it.skill_id == skill.skill_id for it in stock) for skill in SKILLS) >= 2
        assert bool(result.reasons) == has_enough


def test_the_candidates_with_the_fewest_flaws_are_chosen() -> None:
    stock = [candidate(n, skill=n % 2, source=(n // 2) % 2, flaws=n // 4) for n in range(12)]
    result = assemble(slots(4), stock)
    assert isinstance(result, Assembly)
    assert {item.stem for item in result.items} == {item.stem for item in stock[:4]}


def test_an_item_with_flaws_is_preferred_to_a_set_that_a_robot_passes() -> None:
    tempting = [candidate(n, skill=n % 2, source=(n // 2) % 2, is_longest=True) for n in range(10)]
    flawed = [candidate(100 + n, skill=n % 2, source=(n // 2) % 2, flaws=3) for n in range(10)]
    result = assemble(slots(10), tempting + flawed)
    assert isinstance(result, Assembly)
    assert not robots(result.items, "en")
    assert sum(bool(item.findings) for item in result.items) >= 6


def test_items_set_in_the_source_asked_for_come_first() -> None:
    stock = [candidate(n, skill=n % 2, source=1 - (n // 2) % 2) for n in range(4)]
    exact = [candidate(100 + n, skill=n % 2, source=(n // 2) % 2) for n in range(4)]
    result = assemble(slots(4), stock + exact)
    assert isinstance(result, Assembly)
    assert [(item.skill_id, item.source_id) for item in result.items] == [
        (slot.skill.skill_id, slot.source.source_id) for slot in slots(4)
    ]


def one_skill(total: int) -> tuple[Slot, ...]:
    return tuple(Slot(SKILLS[0], SOURCES[n % 2]) for n in range(total))


@pytest.mark.parametrize("count", [26, 60, 200])
def test_candidates_without_a_fair_choice_cost_little_memory_however_many_they_are(count: int) -> None:
    stock = [candidate(n, source=n % 2, is_longest=True) for n in range(count)]
    tracemalloc.start()
    try:
        result = assemble(one_skill(10), stock)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(result, Shortfall)
    assert result.reasons == (ADVICE["longest"],)
    assert peak < 10_000_000


@pytest.mark.parametrize("count", [26, 60, 200])
@pytest.mark.parametrize("form", [one_skill(10), slots(10)], ids=["one skill", "two skills"])
def test_the_few_fair_candidates_are_found_among_many_tempting_ones(form: Sequence[Slot], count: int) -> None:
    """Fair ones are the last, and dearer than all others, so that only their fairness speaks for them."""
    tempting = [candidate(n, skill=n % 2, source=n // 2 % 2, is_longest=True) for n in range(count)]
    fair = [candidate(1000 + n, skill=n % 2, source=n // 2 % 2, flaws=3) for n in range(20)]
    result = assemble(form, tempting + fair)
    assert isinstance(result, Assembly)
    assert not robots(result.items, "en")
    assert not cross_cues(result.items)


def test_an_item_in_another_source_is_found_among_many_better_ones_in_one() -> None:
    stock = [candidate(n, skill=n % 2, source=0) for n in range(100)]
    stock.append(candidate(1000, skill=1, source=1, flaws=5))
    result = assemble(slots(4), stock)
    assert isinstance(result, Assembly)
    assert {item.source_id for item in result.items} == {"p0", "p1"}


def test_candidates_in_one_source_alone_are_no_set_and_a_slot_of_another_source_is_asked_again() -> None:
    result = assemble(slots(4), [candidate(n, skill=n % 2, source=0) for n in range(12)])
    assert isinstance(result, Shortfall)
    assert result.reasons == (ADVICE["coverage"],)
    assert {slots(4)[index].source.source_id for index in result.slots} == {"p1"}


def test_a_source_is_paid_for_no_more_often_than_it_is_asked_for() -> None:
    stock = [candidate(n, source=0) for n in range(8)] + [candidate(100 + n, source=1, flaws=1) for n in range(8)]
    result = assemble(one_skill(8), stock)
    assert isinstance(result, Assembly)
    assert Counter(item.source_id for item in result.items) == {"p0": 4, "p1": 4}


def test_the_difficulty_of_an_item_is_its_own_also_in_a_slot_that_asked_for_another() -> None:
    hard = [candidate(n, skill=n % 2, source=n // 2, difficulty="hard") for n in range(4)]
    result = assemble(slots(4), hard)
    assert isinstance(result, Assembly)
    assert sorted(result.items, key=lambda it: it.stem) == sorted(hard, key=lambda it: it.stem)


def test_of_equally_good_items_those_as_hard_as_was_asked_for_are_chosen_and_stand_in_their_slots() -> None:
    wanted = [Slot(SKILLS[0], SOURCES[n % 2], difficulty) for n, difficulty in enumerate(Difficulty)]
    easy = [candidate(n, source=n % 2, difficulty="easy") for n in range(4)]
    others = [candidate(4, source=1, difficulty="medium"), candidate(5, source=0, difficulty="hard")]
    result = assemble(wanted, [*easy, *others])
    assert isinstance(result, Assembly)
    assert [item.difficulty for item in result.items] == ["easy", "medium", "hard"]


def test_an_item_without_a_flaw_is_preferred_to_a_flawed_one_in_its_source_whatever_its_difficulty() -> None:
    wanted = [Slot(SKILLS[0], SOURCES[0], Difficulty.EASY)]
    flawed = candidate(0, flaws=2, difficulty="easy")
    sound = candidate(1, difficulty="hard")
    result = assemble(wanted, [flawed, sound])
    assert result == Assembly((sound,))


def judging(serial: int, *, is_sound: bool) -> Item:
    """Two options say right and two say wrong."""
    it = candidate(serial, source=serial % 2)
    sound, faulty = ("right", "wrong") if is_sound else ("wrong", "right")
    words = [sound if (place - it.key) % 2 == 0 else faulty for place in range(4)]
    pairs = zip(words, it.options, strict=True)
    return msgspec.structs.replace(it, options=tuple(f"It is {word}: {option.lower()}" for word, option in pairs))


def test_of_items_that_judge_work_no_set_has_three_that_find_fault() -> None:
    stock = [
        *(judging(n, is_sound=False) for n in range(8)),
        *(candidate(100 + n, source=n % 2, flaws=3) for n in range(4)),
    ]
    result = assemble(one_skill(6), stock)
    assert isinstance(result, Assembly)
    assert one_verdict(result.items, "en") == []


def test_where_all_work_is_faulty_sound_work_is_asked_for() -> None:
    result = assemble(one_skill(4), [judging(n, is_sound=False) for n in range(4)])
    assert isinstance(result, Shortfall)
    assert ADVICE["one_verdict"] in result.reasons
    assert result.slots


def test_many_verdicts_of_both_kinds_are_a_set_although_the_choice_asks_for_fewer() -> None:
    stock = [judging(n, is_sound=n < 3) for n in range(6)]
    assert isinstance(assemble(one_skill(6), stock), Assembly)


def test_no_concept_is_chosen_twice() -> None:
    concepts = [ItemConcept(f"c{n}", f"Concept {n}") for n in range(5)]
    stock = [msgspec.structs.replace(candidate(n, source=n % 2), concept=concepts[n % 5]) for n in range(15)]
    result = assemble(one_skill(5), stock)
    assert isinstance(result, Assembly)
    assert len({item.concept for item in result.items}) == 5
    short = assemble(one_skill(6), stock)
    assert isinstance(short, Shortfall)
    assert ADVICE["one_concept"] in short.reasons
