"""Every model that the documents or the presets name as an example has a price, so that costs can be told."""

import re
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import msgspec
import pytest
import yaml

from providers.build import check_spend, price_of
from providers.config import ProvidersConfig, ProvidersFile, VendorConfig
from providers.preset_files import environment_of, presets, provider_file

ROOT = Path(__file__).parent.parent.parent
YAML_BLOCK = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PRESETS = sorted((ROOT / "providers" / "presets").glob("*.yaml"))


def vendors() -> Iterator[tuple[str, VendorConfig]]:
    """Every vendor of an example, and where it stands."""
    texts = [(page.name, text) for page in DOCUMENTS for text in YAML_BLOCK.findall(page.read_text())]
    texts += [(preset.name, preset.read_text()) for preset in PRESETS]
    for name, text in texts:
        for vendor in (yaml.safe_load(text) or {}).get("vendors", ()):
            yield name, msgspec.convert(vendor, VendorConfig)


EXAMPLES = list(vendors())


def test_the_readme_and_the_page_on_providers_have_examples() -> None:
    assert {"README.md", "providers.md"} <= {name for name, _ in EXAMPLES}


@pytest.mark.parametrize(("vendor"), [vendor for _, vendor in EXAMPLES], ids=[f"{n}-{v.name}" for n, v in EXAMPLES])
def test_an_example_has_a_price(vendor: VendorConfig) -> None:
    assert price_of(vendor) is not None


def test_the_spend_limits_of_the_readme_can_be_kept_with_its_vendors() -> None:
    (example,) = [text for text in YAML_BLOCK.findall((ROOT / "README.md").read_text()) if "spend:" in text]
    settings = msgspec.convert(yaml.safe_load(example), ProvidersFile)
    assert settings.spend is not None
    check_spend(ProvidersConfig(settings, {}))


PAGE = (ROOT / "docs" / "providers-presets.md").read_text()
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| `")]


def test_the_page_on_presets_has_every_preset_with_what_it_takes_from_the_environment() -> None:
    rows = {row[0].strip("`"): row[2] for row in ROWS if "`" in row[2]}
    assert sorted(rows) == sorted(presets())
    for name, variables in rows.items():
        assert all(f"`{variable}`" in variables for variable in environment_of(provider_file([name])))


def test_the_page_on_presets_has_the_price_of_every_model_by_litellms_table_and_names_its_version() -> None:
    listed = {row[0].strip("`"): (float(row[1]), float(row[2])) for row in ROWS if "`" not in row[2]}
    prices = {vendor.model: price_of(vendor) for name, vendor in EXAMPLES if name.removesuffix(".yaml") in presets()}
    assert listed == {
        model: (price.input_per_million, price.output_per_million)
        for model, price in prices.items()
        if price is not None and price.output_per_million
    }
    assert f"LiteLLM {version('litellm')}, the installed version" in PAGE
