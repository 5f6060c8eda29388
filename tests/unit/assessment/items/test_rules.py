"""When one question may be asked: every rule lets clean items pass and catches its own mutant alone."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessment.findings import Finding, Severity
from assessment.items.rules import RuleContext, examine, is_askable
from assessment.items.text import fold
from assessment.models import Item
from tests.factories import item, items

CONTEXT = RuleContext(
    skill_ids={"skill-0"},
    source_ids={"prj_0"},
    own_text=("Wrote a loader that checks each line and stores it once.", "Kestrel Logistics", "Since 2021 in Porto"),
)

LONG = "For a list of many names, which structure finds one of them fastest?"
CLEAN = [
    item(),
    *items(4),
    item(stem=f"{LONG} {'x' * 528} ?"),
    item(options=("a" * 200, "b" * 199, "c" * 198, "d" * 197)),
    item(options=("a == b", "a = b", "a != b", "a.b()")),
    item(stem="What does this line of code print?\n\tprint('ä')", rationale=""),
    item(options=("👩‍💻", "👩", "💻", "🧑")),
    item(options=("δt", "λs", "μm", "ωt")),
]

MUTANTS: list[tuple[str, dict[str, Any]]] = [
    ("structure", {"options": ("a", "b", "c")}),
    ("structure", {"options": ("a", "b", "c", "d", "e")}),
    ("structure", {"options": ()}),
    ("structure", {"options": ("a", "b", "c", " \n")}),
    ("structure", {"stem": " \t"}),
    ("structure", {"key": -1}),
    ("structure", {"key": 4}),
    ("duplicate_options", {"options": ("LEFT JOIN", "left  join ", "CROSS JOIN", "SELF JOIN")}),
    ("duplicate_options", {"options": ("ﬁle", "file", "CROSS JOIN", "SELF JOIN")}),
    ("duplicate_options", {"options": ("Straße", "STRASSE", "CROSS JOIN", "SELF JOIN")}),
    ("duplicate_options", {"options": ("a b", "a\u00a0b", "CROSS JOIN", "SELF JOIN")}),
    ("evidence", {"skill_id": "skill-1"}),
    ("evidence", {"source_id": "prj_1"}),
    ("size", {"stem": "x" * 601}),
    ("size", {"options": ("a", "b", "c", "d" * 201)}),
    ("storable_text", {"stem": "Which\x00 one?"}),
    ("storable_text", {"options": ("a", "b", "c", "\x1b[31m")}),
    ("storable_text", {"rationale": "\ud800"}),
    ("storable_text", {"stem": "Which\x85 one?"}),
    ("hidden_text", {"options": ("lower", "\u03c5\u03c1\u03c1er", "inner", "outer")}),
]


@pytest.mark.parametrize("clean", CLEAN, ids=range(len(CLEAN)))
def test_a_clean_item_is_askable_without_a_finding(clean: Item) -> None:
    assert examine(clean, CONTEXT) == ()
    assert is_askable(())


@pytest.mark.parametrize(("rule", "mutation"), MUTANTS)
def test_a_mutant_is_caught_by_its_rule_alone(rule: str, mutation: dict[str, Any]) -> None:
    findings = examine(item(**mutation), CONTEXT)
    assert [finding.rule for finding in findings if finding.severity is Severity.HARD] == [rule]
    assert not is_askable(findings)


def test_all_rules_about_what_an_item_is_made_of_report_at_once() -> None:
    broken = item(stem="x" * 601, options=("a", "A", "c"), skill_id="other", rationale="\x00")
    assert [finding.rule for finding in examine(broken, CONTEXT)] == ["structure", "evidence", "size", "storable_text"]


def test_a_soft_finding_does_not_keep_an_item_from_being_asked() -> None:
    soft, hard = Finding("any", Severity.SOFT, ""), Finding("any", Severity.HARD, "")
    assert is_askable([soft, soft])
    assert not is_askable([soft, hard])


def test_a_finding_never_quotes_the_text_it_judged() -> None:
    """Findings go into logs and into complaints to a vendor."""
    secret = "the-right-option"
    for _, mutation in MUTANTS:
        options = (secret, *mutation.get("options", ("b", "c", "d"))[1:])
        for finding in examine(item(**{**mutation, "options": options}), CONTEXT):
            assert secret not in finding.seen


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet="abcXYZ .,()=;_-", min_size=1))
def test_folding_ignores_case_and_white_space_and_keeps_punctuation(text: str) -> None:
    assert fold(f"  {text.upper()}\n ") == fold(text)
    assert [char for char in fold(text) if char in ".,()=;_-"] == [char for char in text if char in ".,()=;_-"]
