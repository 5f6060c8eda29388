"""`retake providers init` writes a file once, and `check` says what was found and what to do."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.providers import providers
from providers.preset_files import presets, provider_file

# LiteLLM's at its import
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RETAKE_PROVIDERS", raising=False)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(providers, arguments)


def test_without_a_preset_it_lists_them_and_writes_nothing() -> None:
    result = run("init")
    assert [line.split("\t")[0] for line in result.output.splitlines()] == list(presets())
    assert not list(Path().iterdir())


def test_it_writes_a_preset_and_says_what_to_set() -> None:
    result = run("init", "openai", "groq")
    assert result.exit_code == 0
    assert Path("providers.yaml").read_text() == provider_file(["openai", "groq"])
    assert "set OPENAI_API_KEY, GROQ_API_KEY" in result.output
    assert "RETAKE_PROVIDERS=providers.yaml retake providers check" in result.output


def test_it_writes_where_the_service_would_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETAKE_PROVIDERS", "of-the-service.yaml")
    assert run("init", "xai").exit_code == run("init", "xai", "--out", "given.yaml").exit_code == 0
    assert sorted(path.name for path in Path().iterdir()) == ["given.yaml", "of-the-service.yaml"]


def test_a_file_that_is_there_is_overwritten_only_when_forced() -> None:
    Path("providers.yaml").write_text("mine")
    refused = run("init", "openai")
    assert (refused.exit_code, Path("providers.yaml").read_text()) == (1, "mine")
    assert "--force overwrites it" in refused.output
    assert run("init", "openai", "--force").exit_code == 0
    assert Path("providers.yaml").read_text() == provider_file(["openai"])


@pytest.mark.parametrize(("names", "reason"), [(["opnai"], "no preset called opnai"), (["local", "vllm"], "together")])
def test_what_cannot_be_written_leaves_a_file_as_it_was(names: list[str], reason: str) -> None:
    Path("providers.yaml").write_text("mine")
    refused = run("init", *names, "--force")
    assert (refused.exit_code, Path("providers.yaml").read_text()) == (1, "mine")
    assert reason in refused.output


def test_a_folder_that_is_not_there_is_no_traceback() -> None:
    result = run("init", "openai", "--out", "nowhere/providers.yaml")
    assert result.exit_code == 1
    assert "Error: " in result.output


SANDBOX = "vendors: [{name: house, model: sandbox}]\nchain: [house]\n"


def test_a_check_says_what_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("providers.yaml").write_text(SANDBOX)
    monkeypatch.setenv("RETAKE_PROVIDERS", "providers.yaml")
    result = run("check")
    assert result.exit_code == 0
    assert "house\tsandbox\tok" in result.output
    assert "\n  price: $0 and $0 per million tokens" in result.output


def test_a_check_refuses_a_spend_limit_that_cannot_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    vendor = "{name: a, model: openai/made-up, api_base: 'http://127.0.0.1:9/v1'}"
    Path("providers.yaml").write_text(f"vendors:\n  - {vendor}\nchain: [a]\nspend: {{max_usd_per_day: 1}}\n")
    monkeypatch.setenv("RETAKE_PROVIDERS", "providers.yaml")
    result = run("check")
    assert result.exit_code == 1
    assert "providers.yaml:2: vendors[0].price: must be given" in result.output
