import subprocess
import sys
from pathlib import Path

import pytest

from assessment.deadline import Deadline
from assessment.errors import GenerationFailed
from assessment.models import Mode
from providers.build import build_vendors, usable
from providers.check import check
from providers.config import ProvidersConfig, built_in, load
from providers.protocol import CallOutcome
from tests.unit.providers.fake_clock import FakeClock
from tests.unit.providers.fakes import brief

ONLY_SANDBOX = "vendors: [{name: house, model: sandbox}]\nchain: [house]\n"

IMPORT_ALL_BUT_THE_ADAPTER = """
import sys
from pathlib import Path
from providers.config import load
from providers.build import build_vendors, usable
config = load(Path(sys.argv[1]))
build_vendors(config)
assert usable(config)
assert "litellm" not in sys.modules
assert "openai" not in sys.modules
"""


def sandbox_config(tmp_path: Path) -> ProvidersConfig:
    path = tmp_path / "providers.yaml"
    path.write_text(ONLY_SANDBOX, encoding="utf-8")
    return load(path)


async def test_test_mode_is_served_by_the_sandbox_also_without_a_file() -> None:
    written = await build_vendors(built_in()).write(brief(mode=Mode.TEST), Deadline(FakeClock(), 87))
    assert written.provenance.vendors[0].vendor == "sandbox"


async def test_live_mode_without_a_file_fails() -> None:
    with pytest.raises(GenerationFailed):
        await build_vendors(built_in()).write(brief(mode=Mode.LIVE), Deadline(FakeClock(), 87))


async def test_live_mode_is_served_by_the_configured_chain(tmp_path: Path) -> None:
    config = sandbox_config(tmp_path)
    written = await build_vendors(config).write(brief(mode=Mode.LIVE), Deadline(FakeClock(), 87))
    assert written.provenance.vendors[0].vendor == "house"
    assert written.provenance.config_hash == config.hash


async def test_checking_the_sandbox_finds_it_well(tmp_path: Path) -> None:
    result = (await check(sandbox_config(tmp_path), FakeClock()))[0]
    assert (result.name, result.model, result.ok, result.outcome) == ("house", "sandbox", True, CallOutcome.OK)


def test_the_built_in_configuration_is_usable() -> None:
    assert usable(built_in())


def test_without_a_model_vendor_litellm_is_not_imported(tmp_path: Path) -> None:
    sandbox_config(tmp_path)
    command = [sys.executable, "-c", IMPORT_ALL_BUT_THE_ADAPTER, str(tmp_path / "providers.yaml")]
    subprocess.run(command, check=True, timeout=60)
