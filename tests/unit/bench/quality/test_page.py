"""docs/item-quality.md: every rule, every goal, and what was missed said so."""

from pathlib import Path

import msgspec
import pytest

from assessment.concepts.cleaning import Fault
from assessment.items.rules import NUMBERED, Rule
from bench.quality.chains import HABITS_OF_RULES, ChainFigures
from bench.quality.concept_rules import ConceptFigures
from bench.quality.injection import ClassFigures
from bench.quality.item_rules import RuleFigures
from bench.quality.page import FAULTS, Measured, goals, page
from bench.quality.repairs import RepairFigures
from bench.quality.set_rules import SetFigures
from bench.quality.sets import SetsFigures
from bench.quality.speed import ChoiceSpeed, Speed

PAGE = (Path(__file__).parents[4] / "docs" / "item-quality.md").read_text(encoding="utf-8")
SETS = SetsFigures(
    author="longest key",
    sets=500,
    complete=499,
    written_best_robot=("longest", 0.84),
    shown_best_robot=("longest", 0.049),
    written_repeated=0.0,
    shown_repeated=0,
    written_positions=(0.25, 0.25, 0.25, 0.25),
    shown_positions=(0.25, 0.25, 0.25, 0.25),
    rejected={"key_length": 12},
    seconds_per_set=0.02,
)
MEASURED = Measured(
    facts={"sets": "500 by each author"},
    rules=[RuleFigures(3, "key_length", 40, 39, 64, 0, 1)],
    set_rules=[SetFigures(20, "robots", 90, 90, 30, 0)],
    sets=[SETS],
    chains=[ChainFigures("robots: longest", 50, 50, 100, 110, 55)],
    repairs=[
        RepairFigures(
            repairs=True, sets=50, requests=1, input_tokens=1234, output_tokens=303, seconds=4.3, repaired=450
        )
    ],
    injection=[ClassFigures("canary", 7, 6, 191, 0), ClassFigures("agreed_sign", 2, 2, 48, 33)],
    concepts=[ConceptFigures(Fault.SAME, 108, 106, 72, 0)],
    speed=Speed(9.0, 2.0, 3.0, 0.4, (ChoiceSpeed(1, 26, "every key a little the longest", 0, 1.5, 3.25, 0.5),)),
)


def test_every_goal_is_named_with_its_figure_and_one_that_was_missed_is_marked() -> None:
    missed = [goal.name for goal in goals(MEASURED) if not goal.is_reached]
    assert missed == ["the same, classes that cannot be seen"]
    assert "| the same, classes that cannot be seen | 0 | 33 | MISSED, known |" in page(MEASURED)


def test_a_rule_is_told_in_its_own_words_beside_its_figures() -> None:
    text = page(MEASURED)
    assert "| 3 | key_length | the key has at most 1.25 times the characters" in text
    assert "| 39 of 40 | 97.5% | 0 hard, 1 soft of 64 | 97.5% |" in text
    assert "| 20 | robots | no robot that goes by the text hits more than 4 of 10" in text


def test_an_author_is_shown_before_and_after() -> None:
    assert "| longest key | 499 of 500 | 84.0% (longest) | 4.9% (longest) |" in page(MEASURED)


def test_a_chain_is_shown_with_its_sets_and_what_they_took() -> None:
    assert "| robots: longest | 50 of 50 | 2.0 a set | 2.2 | 1.1 of 10 |" in page(MEASURED)
    assert all(f"| {habit} | 50 of 50 |" in PAGE for habit in HABITS_OF_RULES)


def test_what_a_repair_takes_is_shown() -> None:
    assert "| repairs | 50 | 1.0 | 1234 | 303 | 4.3 | 450 |" in page(MEASURED)


def test_a_chain_that_fails_a_set_is_a_goal_that_was_missed() -> None:
    failed = msgspec.structs.replace(MEASURED, chains=[ChainFigures("robots: longest", 50, 49, 100, 110, 55)])
    assert "| sets by a habit's author and a sound one | 50 | 49 | MISSED |" in page(failed)


def test_the_choice_is_shown_with_its_longest_time_and_its_memory() -> None:
    assert "| 1 | 26 | every key a little the longest | 0 of 10 | 1.5 ms | 3.2 ms | 0.50 MB |" in page(MEASURED)
    assert "| longest choice among up to 26 candidates | 20 ms | 3.2 ms | yes |" in page(MEASURED)


def test_a_rule_of_concept_maps_is_shown_with_both_its_rates() -> None:
    row = "| same | the map has it already, perhaps in other words | 106 of 108 | 98.1% | 0 of 72 |"
    assert row in page(MEASURED)
    assert all(f"| {fault} | {said} |" in PAGE for fault, said in FAULTS.items())


def test_the_draw_of_a_set_is_a_goal() -> None:
    assert "| draw of a set from 80 concepts, 1000 seen | 5 ms | 0.4 ms | yes |" in page(MEASURED)


def test_a_choice_that_takes_too_long_or_too_much_is_a_goal_that_was_missed() -> None:
    slow = MEASURED.speed._replace(choices=(ChoiceSpeed(1, 60, "plain", 10, 1.0, 21.0, 51.0),))
    missed = [goal.name for goal in goals(msgspec.structs.replace(MEASURED, speed=slow)) if not goal.is_reached]
    assert missed[1:] == ["longest choice among up to 60 candidates", "memory of a choice among up to 60 candidates"]


@pytest.mark.parametrize(("number", "rule"), NUMBERED, ids=lambda it: getattr(it, "__name__", str(it)))
def test_every_rule_stands_in_the_page_as_its_docstring_says_it(number: int, rule: Rule) -> None:
    first = (rule.__doc__ or "").partition("\n")[0].removeprefix(f"Rule {number}: ")
    said = first[0].lower() + first[1:]
    figures = RuleFigures(number, rule.__name__, 40, 39, 64, 0, 1)
    row = f"| {number} | {rule.__name__} | {said} |"
    assert row in page(msgspec.structs.replace(MEASURED, rules=[figures]))
    assert row in PAGE
