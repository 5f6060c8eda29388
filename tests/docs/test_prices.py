"""Every model that the documents or the presets name as an example has a price, so that costs can be told."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import yaml

from providers.build import price_of
from providers.config import VendorConfig

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
