"""One file is made of one preset, or of several that go together, with the comments of all."""

from itertools import pairwise
from pathlib import Path

import pytest

from providers.config import ProvidersConfig
from providers.preset_files import FOLDER, PresetError, environment_of, presets, provider_file


def read(tmp_path: Path, text: str) -> ProvidersConfig:
    path = tmp_path / "providers.yaml"
    path.write_text(text, encoding="utf-8")
    return ProvidersConfig.from_file(path, dict.fromkeys(environment_of(text), "made-up"))


@pytest.mark.parametrize("name", presets())
def test_one_preset_is_written_as_it_is(name: str) -> None:
    assert provider_file([name]) == (FOLDER / f"{name}.yaml").read_text()


ALONE = [name for name in presets() if name not in ("cheapest-first", "local", "openai-anthropic-gemini")]


def test_presets_of_one_maker_make_one_chain_in_the_order_in_which_they_were_named(tmp_path: Path) -> None:
    text = provider_file(ALONE)
    config = read(tmp_path, text)
    chains = [read(tmp_path, provider_file([name])).chain for name in ALONE]
    assert [*config.chain] == [vendor for chain in chains for vendor in chain]
    assert config.settings.questions == read(tmp_path, provider_file(ALONE[:1])).settings.questions
    assert environment_of(text) == list(
        dict.fromkeys(name for preset in ALONE for name in environment_of(provider_file([preset])))
    )


def test_the_comments_of_all_presets_stand_before_the_settings() -> None:
    above, _, _ = provider_file(["groq", "openai"]).partition("\n\nbudget_seconds")
    assert all(line.startswith("#") for line in above.splitlines())
    assert [line for line in above.splitlines() if "Set in the environment" in line] == [
        "# Set in the environment: GROQ_API_KEY.",
        "# Set in the environment: OPENAI_API_KEY.",
    ]


@pytest.mark.parametrize("pair", [*pairwise(presets()), ("openai", "openai"), ("local", "vllm")])
def test_two_presets_go_together_unless_both_have_a_vendor_of_one_name(tmp_path: Path, pair: tuple[str, str]) -> None:
    names = [vendor.name for name in pair for vendor in read(tmp_path, provider_file([name])).chain]
    if len(set(names)) == len(names):
        assert [vendor.name for vendor in read(tmp_path, provider_file(pair)).chain] == names
    else:
        with pytest.raises(PresetError, match="do not go together"):
            provider_file(pair)


def test_a_preset_that_there_is_not_is_named_with_those_there_are() -> None:
    with pytest.raises(PresetError, match=r"no preset called opnai; there are anthropic, .*, openai, "):
        provider_file(["openai", "opnai"])
