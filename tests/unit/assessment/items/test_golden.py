"""The golden set: every rule finds what was planted for it and leaves clean items alone."""

import pytest

from assessment.findings import Severity
from assessment.items.rules import RULES, examine
from bench.quality.item_rules import RuleFigures, measure
from fakes.golden.clean import Case, clean_cases
from fakes.golden.mutants import MUTANTS

FIGURES = measure()


def test_the_set_is_large_and_varied_enough() -> None:
    assert len(clean_cases()) >= 60
    assert len({case.context.language_code for case in clean_cases()}) >= 5
    assert set(MUTANTS) == {rule.__name__ for rule in RULES}
    assert all(len(mutations) >= 3 for mutations in MUTANTS.values())


@pytest.mark.parametrize("case", clean_cases(), ids=lambda case: case.item.stem[:30])
def test_a_clean_item_has_no_hard_finding(case: Case) -> None:
    assert [it for it in examine(case.item, case.context) if it.severity is Severity.HARD] == []


@pytest.mark.parametrize("figures", FIGURES, ids=lambda figures: figures.rule)
def test_a_rule_finds_its_mutants_and_spares_clean_items(figures: RuleFigures) -> None:
    assert figures.recall >= 0.95
    assert figures.clean_passed >= 0.98


def test_soft_rules_object_to_few_clean_items() -> None:
    assert sum(figures.soft_alarms for figures in FIGURES) <= 0.2 * len(clean_cases())
