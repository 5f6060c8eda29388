"""Which concept each question is about: none twice, none that this student had while there are others."""

from collections import Counter
from collections.abc import Sequence

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from assessment.concepts.drawing import Blueprint, SeenConcepts, asked, draw
from assessment.models import Concept, ConceptMap, Difficulty, FormPlan, ItemConcept, Origin, OriginKind, SeenItem
from assessment.sets.blueprint import plan
from tests.factories import skills, sources

LEVELS = list(Difficulty)
BANK = Origin(OriginKind.BANK)


def concept_map(skill_id: str, levels: Sequence[Difficulty], retired: Sequence[int] = ()) -> ConceptMap:
    concepts = [
        Concept(f"c{number}", f"Concept {number}", f"It tests {number}", level, BANK, number in retired)
        for number, level in enumerate(levels)
    ]
    return ConceptMap(skill_id, "en", 1, tuple(concepts))


def even_map(skill_id: str, size: int) -> ConceptMap:
    return concept_map(skill_id, [LEVELS[number % 3] for number in range(size)])


def seen_of(blueprint: Blueprint) -> list[SeenItem]:
    return [
        SeenItem(slot.skill.skill_id, "a stem", concept=asked(slot.concept)) for slot in blueprint.slots if slot.concept
    ]


def ids(blueprint: Blueprint, skill_id: str) -> list[str]:
    """The concepts of slots and spares."""
    slots = [slot.concept.concept_id for slot in blueprint.slots if slot.skill.skill_id == skill_id and slot.concept]
    return slots + [pick.concept.concept_id for pick in blueprint.spares.get(skill_id, ())]


sizes = st.integers(0, 40)
histories = st.lists(st.integers(0, 39), max_size=60)


@given(sizes, st.integers(1, 3), st.integers(1, 15), st.integers(0, 5), histories, st.text(max_size=5))
def test_slots_and_spares_never_share_a_concept_and_take_unseen_ones_first(
    size: int, skill_count: int, total: int, spares: int, history: list[int], seed: str
) -> None:
    chosen = skills(skill_count)
    seen = [SeenItem(chosen[0].skill_id, "a stem", concept=ItemConcept(f"c{it}", f"Concept {it}")) for it in history]
    slots = plan(chosen, sources(2), FormPlan(total))
    drawn = draw(slots, [even_map(skill.skill_id, size) for skill in chosen], seen, spares=spares, seed=seed)
    for skill in chosen:
        found = ids(drawn, skill.skill_id)
        own = sum(slot.skill == skill for slot in slots)
        assert len(found) == len(set(found)) == min(size, own + spares if own else 0)
        again = {
            slot.concept.concept_id for slot in drawn.slots if slot.concept and slot.is_again and slot.skill == skill
        } | {pick.concept.concept_id for pick in drawn.spares[skill.skill_id] if pick.is_again}
        had = {f"c{it}" for it in history if it < size} if skill == chosen[0] else set()
        assert again == had & set(found)
        assert len(again) == max(0, len(found) - (size - len(had)))


@given(sizes, histories)
def test_what_comes_again_was_asked_longest_ago(size: int, history: list[int]) -> None:
    chosen = skills(1)
    seen = [SeenItem("skill-0", "a stem", concept=ItemConcept(f"c{it}", f"Concept {it}")) for it in history]
    drawn = draw(plan(chosen, sources(1), FormPlan()), [even_map("skill-0", size)], seen, seed="x")
    again = [slot.concept.concept_id for slot in drawn.slots if slot.concept and slot.is_again]
    last = {f"c{it}": place for place, it in enumerate(history) if it < size}
    assert again == sorted(last, key=lambda it: last[it])[: len(again)]


@given(st.integers(0, 9), st.integers(1, 3), st.text(max_size=5))
def test_slots_get_the_difficulties_that_were_planned_while_the_map_has_them(
    turn: int, skill_count: int, seed: str
) -> None:
    slots = plan(skills(skill_count), sources(2), FormPlan(), turn)
    drawn = draw(slots, [even_map(it.skill_id, 60) for it in skills(skill_count)], (), spares=2, seed=seed)
    assert [slot.difficulty for slot in drawn.slots] == [slot.difficulty for slot in slots]
    assert all(slot.concept and slot.concept.level is slot.difficulty for slot in drawn.slots)


@given(st.text(max_size=5))
def test_the_same_seed_draws_the_same_and_a_map_is_used_up_before_anything_comes_again(seed: str) -> None:
    concepts, seen, rounds = even_map("skill-0", 45), list[SeenItem](), list[list[str]]()
    for turn in range(5):
        slots = plan(skills(1), sources(1), FormPlan(), turn)
        drawn = draw(slots, [concepts], seen, seed=f"{seed}{turn}")
        assert drawn == draw(slots, [concepts], seen, seed=f"{seed}{turn}")
        seen += seen_of(drawn)
        rounds.append(ids(drawn, "skill-0"))
    asked_before_the_end = Counter(it for each in rounds for it in each)
    assert len(asked_before_the_end) == 45
    assert set(rounds[4]) & set(rounds[0]), "the last five are those of the first set"


def test_other_seeds_draw_other_concepts() -> None:
    slots = plan(skills(1), sources(1), FormPlan())
    assert len({tuple(ids(draw(slots, [even_map("skill-0", 45)], (), seed=f"{it}"), "skill-0")) for it in range(9)}) > 7


def test_where_a_level_is_used_up_the_nearest_one_serves() -> None:
    slots = [msgspec.structs.replace(plan(skills(1), sources(1), FormPlan())[0], difficulty=Difficulty.EASY)] * 3
    levels = [Difficulty.EASY, Difficulty.MEDIUM, Difficulty.HARD, Difficulty.HARD]
    drawn = draw(slots, [concept_map("skill-0", levels)], (), seed="x")
    assert [slot.difficulty for slot in drawn.slots] == [Difficulty.EASY, Difficulty.MEDIUM, Difficulty.HARD]


def test_retired_concepts_are_not_drawn_and_slots_behind_the_end_of_a_map_have_none() -> None:
    slots = plan(skills(1), sources(1), FormPlan(3))
    drawn = draw(slots, [concept_map("skill-0", LEVELS, retired=[1])], (), seed="x")
    assert sorted(ids(drawn, "skill-0")) == ["c0", "c2"]
    assert drawn.slots[2] == slots[2]


def test_a_skill_without_a_map_keeps_its_slots_as_they_were() -> None:
    slots = plan(skills(2), sources(1), FormPlan(4))
    drawn = draw(slots, [even_map("skill-0", 9)], (), seed="x")
    assert [slot.concept is not None for slot in drawn.slots] == [True, False, True, False]
    assert [slot for slot in drawn.slots if slot.concept is None] == [slots[1], slots[3]]


def test_a_concept_that_its_writer_named_is_known_by_its_name() -> None:
    seen = SeenConcepts([SeenItem("sql", "a stem", concept=ItemConcept("", "Outer  Joins"))])
    assert seen.place("sql", ItemConcept("c7", "outer joins")) == 0
    assert seen.place("python", ItemConcept("c7", "outer joins")) is None


def test_a_concept_that_was_renamed_is_known_by_its_id() -> None:
    seen = SeenConcepts([SeenItem("sql", "a stem"), SeenItem("sql", "a stem", concept=ItemConcept("c7", "Joins"))])
    assert seen.place("sql", ItemConcept("c7", "Outer joins")) == 1


def test_what_was_asked_before_is_no_spare_beside_what_was_not() -> None:
    (skill,) = skills(1)
    slots = plan((skill,), sources(2), FormPlan(10))
    first = draw(slots, [even_map(skill.skill_id, 20)], [], spares=4)
    assert len(first.spare_slots) == 4
    last = draw(slots, [even_map(skill.skill_id, 20)], seen_of(first), spares=4)
    assert last.spare_slots == ()
    again = draw(slots, [even_map(skill.skill_id, 20)], [*seen_of(first), *seen_of(last)], spares=4)
    assert [slot.is_again for slot in again.spare_slots] == [True] * 4
