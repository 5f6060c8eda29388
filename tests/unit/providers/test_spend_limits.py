"""A spend limit that could not be kept is refused when the file is read, with the line that is to be changed."""

from pathlib import Path

import pytest

from providers.build import build_vendors, check_spend, max_output_tokens
from providers.config import ConfigError, ProvidersConfig, Spend, VendorConfig, load
from tests.unit.providers.writing.test_money import Day

# LiteLLM's at its import
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")

FILE = """\
vendors:
  - name: priced
    model: openai/gpt-4.1-mini
    params: {max_tokens: 4000}
  - name: unknown
    model: openai/made-up
    price: {input_per_million: 1, output_per_million: 10}
    params: {max_completion_tokens: 4000}
  - name: house
    model: sandbox
  - name: local
    model: openai/made-up-too
    price: {input_per_million: 0, output_per_million: 0}
  - name: not-asked
    model: openai/made-up-as-well
chain: [priced, unknown, house, local]
spend:
  max_usd_per_day: 25
  max_usd_per_set: 0.10
"""


def read(tmp_path: Path, old: str = "", new: str = "") -> ProvidersConfig:
    assert old in FILE
    path = tmp_path / "providers.yaml"
    path.write_text(FILE.replace(old, new, 1), encoding="utf-8")
    return load(path)


def test_limits_are_read_and_every_vendor_that_is_asked_is_looked_at(tmp_path: Path) -> None:
    config = read(tmp_path)
    check_spend(config)
    assert config.settings.spend == Spend(25, 0.10)


@pytest.mark.parametrize(
    ("old", "new", "place", "reason"),
    [
        ("    price: {input_per_million: 1, output_per_million: 10}\n", "", "5: vendors[1].price", "must be given"),
        ("max_completion_tokens: 4000", "top_p: 1", "8: vendors[1].params.max_tokens", "must be given"),
        ("max_completion_tokens: 4000", "max_tokens: 20000", "19: spend.max_usd_per_set", "allows no call: one answer"),
        ("max_usd_per_day: 25", "max_usd_per_day: 0.001", "18: spend.max_usd_per_day", "allows no call: one answer"),
        ("max_usd_per_day: 25", "max_usd_per_day: 0", "18: spend.max_usd_per_day", ""),
        ("max_usd_per_day: 25", "max_usd_per_month: 9", "18: spend.max_usd_per_month", "unknown key"),
        ("chain: [priced, unknown, house, local]", "chain: [not-asked]", "14: vendors[4].price", "must be given"),
        ("chain: [", "verify: {solvers: [not-asked]}\nchain: [", "14: vendors[4].price", "must be given"),
    ],
)
def test_a_limit_that_bounds_nothing_or_allows_nothing_is_refused(
    tmp_path: Path, old: str, new: str, place: str, reason: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        build_vendors(read(tmp_path, old, new), day_spend=Day())
    assert str(refused.value).startswith(f"{tmp_path}/providers.yaml:{place}")
    assert reason in str(refused.value)


def test_without_a_limit_nobody_needs_a_price(tmp_path: Path) -> None:
    build_vendors(read(tmp_path, "spend:\n  max_usd_per_day: 25\n  max_usd_per_set: 0.10\n"))


@pytest.mark.parametrize(
    ("vendor", "longest"),
    [
        (VendorConfig("a", "openai/gpt-4.1-mini"), 32_768),
        (VendorConfig("a", "openai/gpt-4.1-mini", params={"max_tokens": 500}), 500),
        (VendorConfig("a", "openai/gpt-5-mini", params={"max_completion_tokens": 9_000}), 9_000),
        (VendorConfig("a", "openai/made-up"), None),
        (VendorConfig("a", "sandbox"), None),
    ],
)
def test_the_longest_answer_is_what_its_parameters_allow_or_else_the_model(
    vendor: VendorConfig, longest: int | None
) -> None:
    assert max_output_tokens(vendor) == longest


def test_a_benchmark_of_the_vendors_has_a_bound_of_its_own(tmp_path: Path) -> None:
    assert read(tmp_path).with_chain(["priced"]).settings.spend is None
