"""Which skill and which source each question is about."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from assessment.models import Difficulty, FormPlan, Slot
from assessment.sets.blueprint import plan, spread
from tests.factories import skills, sources

counts = st.integers(1, 15)
totals = st.integers(1, 30)
turns = st.integers(0, 50)


def skill_counts(slots: tuple[Slot, ...]) -> Counter[str]:
    return Counter(slot.skill.skill_id for slot in slots)


def source_counts(slots: tuple[Slot, ...]) -> Counter[str]:
    return Counter(slot.source.source_id for slot in slots)


def pairs(slots: tuple[Slot, ...]) -> list[tuple[str, str]]:
    return [(slot.skill.skill_id, slot.source.source_id) for slot in slots]


@given(counts, counts, totals, turns)
def test_every_skill_is_asked_while_there_are_no_more_skills_than_questions(
    skill_count: int, source_count: int, total: int, turn: int
) -> None:
    slots = plan(skills(skill_count), sources(source_count), FormPlan(total), turn)
    assert len(slots) == total
    assert len(skill_counts(slots)) == min(skill_count, total)


@given(counts, counts, totals, turns)
def test_questions_are_even_over_skills_and_over_sources(
    skill_count: int, source_count: int, total: int, turn: int
) -> None:
    slots = plan(skills(skill_count), sources(source_count), FormPlan(total), turn)
    for tally, available in ((skill_counts(slots), skill_count), (source_counts(slots), source_count)):
        assert max(tally.values()) - min(tally.values()) <= 1
        assert len(tally) == min(available, total)


@given(counts, counts, totals, turns)
def test_no_pair_of_skill_and_source_comes_again_before_all_were_used(
    skill_count: int, source_count: int, total: int, turn: int
) -> None:
    tally = Counter(pairs(plan(skills(skill_count), sources(source_count), FormPlan(total), turn)))
    assert len(tally) == min(total, skill_count * source_count)


@given(st.integers(2, 12), totals)
def test_a_retake_pairs_skills_with_other_sources_while_there_are_pairs_left(count: int, total: int) -> None:
    first = plan(skills(count), sources(count), FormPlan(min(total, count)), turn=0)
    second = plan(skills(count), sources(count), FormPlan(min(total, count)), turn=1)
    assert set(pairs(first)).isdisjoint(pairs(second))


@given(st.integers(1, 30), st.integers(1, 10), counts)
def test_turns_go_through_all_skills_before_one_is_asked_again(skill_count: int, total: int, source_count: int) -> None:
    asked: Counter[str] = Counter()
    for turn in range(4):
        asked += skill_counts(plan(skills(skill_count), sources(source_count), FormPlan(total), turn))
        assert len(asked) == min(skill_count, total * (turn + 1))


weights = st.integers(0, 100)
mixes = st.fixed_dictionaries(dict.fromkeys(Difficulty, weights)).filter(lambda mix: any(mix.values()))


@given(totals, mixes)
def test_difficulties_are_dealt_out_by_weight_to_within_one_question(total: int, mix: dict[Difficulty, int]) -> None:
    tally = Counter(spread(FormPlan(total, mix=mix)))
    for difficulty, weight in mix.items():
        assert abs(tally[difficulty] - total * weight / sum(mix.values())) < 1


def test_a_usual_set_of_ten_has_three_easy_five_medium_and_two_hard_questions() -> None:
    assert Counter(spread(FormPlan())) == {Difficulty.EASY: 3, Difficulty.MEDIUM: 5, Difficulty.HARD: 2}


@given(st.integers(2, 8), counts)
def test_a_set_mixes_tasks_and_a_retake_gives_a_pair_another_one(skill_count: int, source_count: int) -> None:
    first = plan(skills(skill_count), sources(source_count), FormPlan(), turn=0)
    second = plan(skills(skill_count), sources(source_count), FormPlan(), turn=1)
    assert len({slot.task for slot in first}) >= 3
    assert first[0].task != second[0].task


@given(st.integers(1, 5), st.integers(0, 9))
def test_every_skill_gets_its_share_of_the_difficulties_to_within_one_question(skill_count: int, turn: int) -> None:
    form = FormPlan()
    slots = plan(skills(skill_count), sources(3), form, turn)
    assert Counter(slot.difficulty for slot in slots) == Counter(spread(form))
    for skill in skills(skill_count):
        own = [slot.difficulty for slot in slots if slot.skill == skill]
        for difficulty, weight in form.mix.items():
            assert abs(own.count(difficulty) - len(own) * weight / form.total) <= 1
