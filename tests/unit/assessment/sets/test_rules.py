"""What cannot be seen in one item alone."""

import pytest

from assessment.concepts.drawing import SeenConcepts
from assessment.models import Item, ItemConcept, SeenItem
from assessment.sets import rules as set_rules
from bench.quality.set_rules import SetFigures, measure_sets
from tests.factories import item, items

TEN = items(10)


def rules_of(violations: list[set_rules.Violation]) -> list[str]:
    return [violation.finding.rule for violation in violations]


def long_key(number: int) -> Item:
    return item(stem=f"Why number {number}?", options=("a considerably longer one", "b", "c", "d"))


def test_a_clean_set_breaks_no_rule() -> None:
    assert set_rules.robots(TEN, "en") == []
    assert set_rules.cross_cues(TEN) == []
    assert set_rules.count(TEN, 10) == []
    assert set_rules.coverage(TEN, {"skill-0"}, {"prj_0"}) == []


def test_a_robot_may_hit_four_of_ten_and_no_more() -> None:
    """Four certain hits and six guesses make 5.5; four certain hits and six certain misses make 4."""
    missed = [item(stem=f"Why {number}?", options=("a", "a considerably longer one", "c", "d")) for number in range(7)]
    assert set_rules.robots([*map(long_key, range(4)), *missed[:6]], "en") == []
    found = set_rules.robots([*map(long_key, range(5)), *missed[:5]], "en")
    assert rules_of(found) == ["robots"]
    assert found[0].items == (0, 1, 2, 3, 4)


def test_many_coins_are_too_lucky_although_their_sum_is_not() -> None:
    assert sum([0.5] * 8) <= set_rules.max_hits(10)
    assert set_rules.is_too_lucky([0.5] * 8 + [0.0, 0.0])
    assert not set_rules.is_too_lucky([0.25] * 10)


@pytest.mark.parametrize("total", range(1, 31))
def test_a_set_on_which_robots_only_guess_is_allowed_at_every_length(total: int) -> None:
    assert not set_rules.is_too_lucky([0.25] * total)
    assert set_rules.max_per_position(total) * 4 >= total


def test_a_stem_that_holds_four_words_of_another_key_is_named_before_the_item_it_betrays() -> None:
    told = item(stem="What is to be done?", options=("Close the inlet valve first", "Wait", "Run", "Call"))
    telling = item(
        stem="Once you close the inlet valve, how long does the pump go on?", options=("1 s", "2 s", "3 s", "4 s")
    )
    found = set_rules.cross_cues([told, telling])
    assert rules_of(found) == ["cross_cue"]
    assert found[0].items == (1, 0)


def test_a_skill_without_an_item_and_a_single_source_are_found() -> None:
    assert rules_of(set_rules.coverage(TEN, {"skill-0", "skill-1"}, {"prj_0"})) == ["coverage"]
    assert rules_of(set_rules.coverage(TEN, {"skill-0"}, {"prj_0", "prj_1"})) == ["coverage"]
    assert set_rules.coverage(TEN, {f"skill-{number}" for number in range(11)}, {"prj_0"}) == []


def test_the_count_is_exact() -> None:
    assert rules_of(set_rules.count(TEN[:9], 10)) == ["count"]


@pytest.mark.parametrize("figures", measure_sets(), ids=lambda figures: figures.rule)
def test_a_rule_finds_its_mutants_and_spares_clean_sets(figures: SetFigures) -> None:
    assert figures.found >= 0.95 * figures.mutants
    assert figures.alarms <= 0.02 * figures.clean


def judging(number: int, *, key: str, options: str) -> Item:
    """Four options with the verdicts r(ight) and w(rong), of which the key has one."""
    words = {"r": "right", "w": "wrong"}
    texts = tuple(f"It is {words[letter]}, as reason {place} says" for place, letter in enumerate(options))
    return item(stem=f"How do you judge work number {number}?", options=texts, key=options.index(key))


def test_two_items_about_one_concept_are_found_by_id_and_by_name_within_a_skill() -> None:
    joins, again = item(concept=ItemConcept("c1", "Joins")), item(concept=ItemConcept("", "joins"))
    assert [it.items for it in set_rules.one_concept([joins, item(), item(), again])] == [(3, 0)]
    other_skill = item(skill_id="skill-1", concept=ItemConcept("c1", "Joins"))
    assert set_rules.one_concept([joins, other_skill, item(concept=ItemConcept("c2", "Null"))]) == []


def test_a_concept_comes_back_only_where_it_was_drawn_to_come_back() -> None:
    joins = item(concept=ItemConcept("c1", "Joins"))
    seen = SeenConcepts([SeenItem("skill-0", "a stem", concept=ItemConcept("c1", "Outer joins"))])
    assert rules_of(set_rules.concept_again([item(), joins], seen)) == ["concept_again"]
    assert set_rules.concept_again([joins], seen, {("skill-0", "c1")}) == []
    assert set_rules.concept_again([joins], SeenConcepts()) == []


def test_a_writer_who_finds_fault_in_all_work_is_found_and_two_items_show_nothing() -> None:
    faulty = [judging(number, key="w", options="rwrw") for number in range(3)]
    sound = judging(9, key="r", options="rwrw")
    assert rules_of(set_rules.one_verdict(faulty, "en")) == ["one_verdict"]
    assert set_rules.one_verdict(faulty[:2], "en") == []
    assert set_rules.one_verdict([*faulty[:2], sound], "en") == []


def test_the_usual_verdict_may_be_right_in_half_of_the_items() -> None:
    usual = [judging(number, key="r", options="rrrw") for number in range(2)]
    rare = [judging(number, key="w", options="wrrr") for number in range(2)]
    assert set_rules.one_verdict([*usual, *rare], "en") == []
    found = set_rules.one_verdict([*usual, rare[0]], "en")
    assert [(it.finding.rule, it.items) for it in found] == [("one_verdict", (0, 1))]


def test_a_robot_that_finds_fault_lives_off_no_set() -> None:
    telling = [judging(number, key="w", options="rwrr") for number in range(4)]
    assert "critic" in set_rules.robots([*telling, *TEN[:6]], "en")[0].finding.seen
