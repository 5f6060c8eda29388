from pathlib import Path

import msgspec
import pytest

from providers.config import ConfigError, ProvidersConfig, built_in, load

EXAMPLE = """\
budget_seconds: 90          # the client's limit
reserve_seconds: 3
questions: {total: 10, per_call: 5, spare: 2}
vendors:
  - name: mini
    model: openai/gpt-4o-mini
    api_key: ${OPENAI_API_KEY}
    api_base: https://api.example/v1
    attempt_seconds: 30
    max_concurrency: 64
    price: {input_per_million: 0.15, output_per_million: 0.60}
    params: {temperature: 0.7}
  - name: local
    model: sandbox
chain: [mini, local]
hedge: {after: p95, min_seconds: 2.0, max_extra_share: 0.1}
breaker: {failures: 3, open_seconds: 20}
"""
ENVIRON = {"OPENAI_API_KEY": "sk-very-secret"}


def read(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> ProvidersConfig:
    path = tmp_path / "providers.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path, ENVIRON if environ is None else environ)


def refusal(tmp_path: Path, old: str, new: str) -> str:
    assert old in EXAMPLE
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, EXAMPLE.replace(old, new))
    return str(caught.value).removeprefix(f"{tmp_path}/")


def test_the_documented_example_is_accepted(tmp_path: Path) -> None:
    config = read(tmp_path, EXAMPLE)
    key = config.key_of(config.chain[0])
    assert [vendor.name for vendor in config.chain] == ["mini", "local"]
    assert config.settings.hedge.after == "p95"
    assert key is not None
    assert key.reveal() == "sk-very-secret"
    assert not config.is_built_in


def test_without_a_file_the_sandbox_serves_alone() -> None:
    config = built_in()
    assert [vendor.model for vendor in config.chain] == ["sandbox"]
    assert (config.settings.budget_seconds, config.settings.reserve_seconds) == (90, 3)
    assert (config.settings.questions.total, config.is_built_in) == (10, True)
    assert load(None).hash == config.hash


def test_the_hash_follows_every_setting_but_no_secret(tmp_path: Path) -> None:
    config = read(tmp_path, EXAMPLE)
    assert read(tmp_path, EXAMPLE, {"OPENAI_API_KEY": "other"}).hash == config.hash
    assert read(tmp_path, EXAMPLE.replace("0.7", "0.8")).hash != config.hash


def test_a_key_never_shows_itself(tmp_path: Path) -> None:
    config = read(tmp_path, EXAMPLE)
    shown = f"{config.settings!r}{config.key_of(config.chain[0])!r}{config.__dict__!r}"
    assert "sk-very-secret" not in shown


def test_a_snapshot_cannot_be_changed(tmp_path: Path) -> None:
    with pytest.raises(AttributeError):
        read(tmp_path, EXAMPLE).settings.budget_seconds = 5  # type: ignore[misc]  # the very thing that must not work


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("total: 10", "totl: 10", "providers.yaml:3: questions.totl: unknown key"),
        ("    max_concurrency", "    speed", "providers.yaml:10: vendors[0].speed: unknown key"),
        ("attempt_seconds: 30", "attempt_seconds: soon", ":9: vendors[0].attempt_seconds: Expected `float`, got `str`"),
        ("attempt_seconds: 30", "attempt_seconds: 0", ":9: vendors[0].attempt_seconds: Expected `float` > 0.0"),
        ("budget_seconds: 90", "budget_seconds: .inf", ":1: budget_seconds: Expected `float` <= 3600.0"),
        ("budget_seconds: 90", "budget_seconds: 3", ":2: reserve_seconds: must be less than budget_seconds"),
        ("name: local", "name: mini", ":13: vendors[1].name: 'mini' stands here twice"),
        ("[mini, local]", "[mini, mini]", ":15: chain[1]: 'mini' stands here twice"),
        ("[mini, local]", "[mini, nobody]", ":15: chain[1]: no vendor is called 'nobody'"),
        ("[mini, local]", "[]", ":15: chain: Expected `array` of length >= 1"),
        ("chain: [mini, local]\n", "", ":1: the file: Object missing required field `chain`"),
        ("openai/gpt-4o-mini", "gpt-4o-mini", ":6: vendors[0].model: must be provider/model"),
        ("after: p95", "after: soon", ":16: hedge.after: Expected `str` matching regex"),
        ("failures: 3", "failures: 0", ":17: breaker.failures: Expected `int` >= 1"),
        ("    max_concurrency: 64", "    model: x/y", ":10: vendors[0].model: this key stands here twice"),
        ("temperature: 0.7", "api_key: abc", ":12: vendors[0].params.api_key: is set by Retake"),
        (
            "temperature: 0.7",
            "stop: '${SECRET}'",
            ":12: vendors[0].params.stop: only api_key may refer to the environment",
        ),
        ("temperature: 0.7", "since: 2024-01-01", ":12: vendors[0].params.since: this YAML tag is not"),
        ("[mini, local]", "[mini, local", ": is not valid YAML"),
        (
            "temperature: 0.7",
            "a: !!python/object/apply:os.getcwd []",
            ":12: vendors[0].params.a: this YAML tag is not supported",
        ),
        ("temperature: 0.7", "a: &x [*x]", ": is not valid YAML"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert message in refusal(tmp_path, old, new)


@pytest.mark.parametrize("literal", ["sk-literal", "${OPENAI_API_KEY}x", "$OPENAI_API_KEY", "${}", "'${A B}'"])
def test_a_literal_secret_is_refused_and_not_repeated(tmp_path: Path, literal: str) -> None:
    message = refusal(tmp_path, "${OPENAI_API_KEY}", literal)
    assert "providers.yaml:7: vendors[0].api_key: must be a reference like ${OPENAI_API_KEY}" in message
    assert "sk-literal" not in message


@pytest.mark.parametrize("environ", [{}, {"OPENAI_API_KEY": ""}])
def test_a_missing_environment_variable_is_named(tmp_path: Path, environ: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"yaml:7: vendors\[0\].api_key: .* variable OPENAI_API_KEY is not set"):
        read(tmp_path, EXAMPLE, environ)


@pytest.mark.parametrize("text", ["", "- 1\n", "5\n", "\x00", "a: b: c"])
def test_what_is_no_configuration_at_all_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"providers\.yaml"):
        read(tmp_path, text)


def test_a_file_that_is_missing_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "none.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\xfd")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load(tmp_path / "binary.yaml")


def test_settings_are_plain_values(tmp_path: Path) -> None:
    assert b"${OPENAI_API_KEY}" in msgspec.json.encode(read(tmp_path, EXAMPLE).settings)
