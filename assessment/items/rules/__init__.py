"""When one question may be asked: one small function per rule.

Every rule looks at an item in the light of its context and returns a finding, or None. The numbers are those of
docs/item-quality.md; the rules of whole sets are in `assessment.sets.rules`.
"""

from collections.abc import Callable, Collection

from assessment.findings import Finding, Severity
from assessment.items.rules.context import RuleContext
from assessment.items.rules.options import (
    absolutes,
    convergence,
    key_length,
    option_parity,
    parallelism,
    specificity,
    two_by_two,
    vague_terms,
)
from assessment.items.rules.origin import biography, copied_key
from assessment.items.rules.safety import UNSTORABLE, hidden_text, instruction, markup, other_language, storable_text
from assessment.items.rules.stem import aggregate_options, grammar_cue, negative_stem, stem_echo, unfocused_stem
from assessment.items.rules.structure import (
    MAX_OPTION_CHARACTERS,
    MAX_STEM_CHARACTERS,
    OPTIONS_PER_ITEM,
    duplicate_options,
    evidence,
    size,
    structure,
)
from assessment.models import Item

Rule = Callable[[Item, RuleContext], Finding | None]

# Rules by their number; 18 is several.
NUMBERED: tuple[tuple[int, Rule], ...] = (
    (1, structure),
    (2, duplicate_options),
    (3, key_length),
    (4, option_parity),
    (5, stem_echo),
    (6, convergence),
    (7, aggregate_options),
    (8, negative_stem),
    (9, absolutes),
    (10, grammar_cue),
    (11, parallelism),
    (12, unfocused_stem),
    (13, vague_terms),
    (14, specificity),
    (15, evidence),
    (16, copied_key),
    (17, biography),
    (18, storable_text),
    (18, hidden_text),
    (18, markup),
    (18, instruction),
    (18, other_language),
    (19, size),
    (29, two_by_two),
)
RULES: tuple[Rule, ...] = tuple(rule for _, rule in NUMBERED)

# The others take four options and a key among them for granted, and text of a sane size.
_FIRST: tuple[Rule, ...] = (structure, evidence, size, storable_text)
_REST: tuple[Rule, ...] = tuple(rule for rule in RULES if rule not in _FIRST)


def examine(item: Item, context: RuleContext) -> tuple[Finding, ...]:
    """Run every rule over an item; an item that is malformed is not looked at any further."""
    findings = _run(_FIRST, item, context)
    return findings or _run(_REST, item, context)


def is_askable(findings: Collection[Finding]) -> bool:
    """Tell whether no finding is hard."""
    return all(finding.severity is not Severity.HARD for finding in findings)


def _run(rules: Collection[Rule], item: Item, context: RuleContext) -> tuple[Finding, ...]:
    findings = (rule(item, context) for rule in rules)
    return tuple(finding for finding in findings if finding is not None)


__all__ = [
    "MAX_OPTION_CHARACTERS",
    "MAX_STEM_CHARACTERS",
    "NUMBERED",
    "OPTIONS_PER_ITEM",
    "RULES",
    "UNSTORABLE",
    "Rule",
    "RuleContext",
    "examine",
    "is_askable",
]
