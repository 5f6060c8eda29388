"""How well the rules find what was planted, and how often they cry over clean items."""

from collections import Counter

import msgspec

from assessment.findings import Severity
from assessment.items.rules import NUMBERED, Rule
from fakes.golden.clean import Case, clean_cases, english_cases
from fakes.golden.mutants import MUTANTS


class RuleFigures(msgspec.Struct, frozen=True):
    """Of one rule: how many of its mutants it found, and how many clean items it objected to, hard or soft.

    Precision is over its own mutants and the clean items.
    """

    number: int
    rule: str
    mutants: int
    found: int
    clean: int
    hard_alarms: int
    soft_alarms: int

    @property
    def recall(self) -> float:
        """Share of the mutants that were found."""
        return self.found / self.mutants

    @property
    def precision(self) -> float:
        """Share of what was found that had been planted."""
        return self.found / (self.found + self.hard_alarms + self.soft_alarms)

    @property
    def clean_passed(self) -> float:
        """Share of the clean items that the rule does not keep out."""
        return 1 - self.hard_alarms / self.clean


def measure() -> list[RuleFigures]:
    """Put every mutation on every clean English item, and look at every clean item."""
    clean, english = clean_cases(), english_cases()
    return [_figures(number, rule, clean, english) for number, rule in NUMBERED]


def _figures(number: int, rule: Rule, clean: list[Case], english: list[Case]) -> RuleFigures:
    mutations = MUTANTS[rule.__name__]
    mutants = [Case(mutation(case.item), case.context) for mutation in mutations for case in english]
    alarms = Counter(finding.severity for case in clean if (finding := rule(case.item, case.context)))
    return RuleFigures(
        number=number,
        rule=rule.__name__,
        mutants=len(mutants),
        found=sum(rule(case.item, case.context) is not None for case in mutants),
        clean=len(clean),
        hard_alarms=alarms[Severity.HARD],
        soft_alarms=alarms[Severity.SOFT],
    )
