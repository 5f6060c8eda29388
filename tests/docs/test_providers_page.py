"""docs/providers.md says what the code does, where it gives figures and lists."""

import re
from pathlib import Path

import pytest

from providers import prompts
from providers.config import BreakerLimits, HedgeLimits, ProvidersFile, Questions, VendorConfig, Verify
from providers.protocol import CallOutcome, VendorError
from providers.vendors.error_bodies import error_of_status
from providers.vendors.sandbox import bank
from providers.vendors.sandbox.scenarios import SCENARIOS

PAGE = (Path(__file__).parents[2] / "docs" / "providers.md").read_text(encoding="utf-8")
ROWS = {
    cells[0]: cells[1:]
    for line in PAGE.splitlines()
    if line.startswith("| `") and (cells := [cell.strip() for cell in line.strip("|").split("|")])
}


def test_every_outcome_of_a_call_has_a_row() -> None:
    assert {f"`{outcome.value}`" for outcome in CallOutcome} <= ROWS.keys()


@pytest.mark.parametrize("status", [401, 402, 403, 404, 408, 429])
def test_a_status_stands_beside_the_outcome_it_leads_to_and_no_other(status: int) -> None:
    error: type[VendorError] = error_of_status(status)
    named = {key for key, cells in ROWS.items() if re.search(rf"\b{status}\b", cells[0])}
    assert named == {f"`{error.outcome.value}`"}


def test_every_scenario_has_a_row() -> None:
    assert {f"`{name}`" for name in SCENARIOS} <= ROWS.keys()


def test_every_bank_is_named_with_its_number_of_items() -> None:
    for name in bank.names():
        assert name.casefold().replace("email", "e-mail") in " ".join(PAGE.split()).casefold()
    assert len(bank.names()) == 12
    assert "For twelve skills" in PAGE


def test_what_is_sent_is_bounded_as_the_page_says() -> None:
    assert f"at most {prompts.MAX_SEEN} questions" in PAGE
    assert f"({prompts.MAX_SEEN_CHARACTERS} characters" in PAGE


VENDOR = VendorConfig("name", "provider/model")
FILE = ProvidersFile((VENDOR,), ("name",))
DEFAULTS: dict[str, float] = {
    "`budget_seconds`": FILE.budget_seconds,
    "`reserve_seconds`": FILE.reserve_seconds,
    "`questions.total`": Questions().total,
    "`questions.per_call`": Questions().per_call,
    "`questions.spare`": Questions().spare,
    "`vendors[].attempt_seconds`": VENDOR.attempt_seconds,
    "`vendors[].max_concurrency`": VENDOR.max_concurrency,
    "`hedge.max_extra_share`": HedgeLimits().max_extra_share,
}


@pytest.mark.parametrize("key", DEFAULTS)
def test_the_default_of_a_setting_is_the_one_in_the_table(key: str) -> None:
    assert float(ROWS[key][-1]) == DEFAULTS[key]


def test_the_defaults_that_stand_in_one_row_are_those_of_the_code() -> None:
    breaker, hedge = BreakerLimits(), HedgeLimits()
    assert ROWS["`breaker.failures`, `breaker.open_seconds`"][-1] == f"{breaker.failures}, {breaker.open_seconds:g}"
    assert ROWS["`hedge.after`, `hedge.min_seconds`"][-1] == f"`{hedge.after}`, {hedge.min_seconds:g}"
    assert ROWS["`verify.solvers`, `verify.rotations`"][-1] == f"none, {Verify(('name',)).rotations}"
