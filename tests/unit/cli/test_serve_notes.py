"""What is missing for live mode, told by what is set."""

from pathlib import Path

import pytest

from api.settings import Settings
from cli.serve.notes import Findings, _missing, _policy_remarks, _remarks, greeting
from jobs.settings import JobSettings
from serving.limits import Limits

LIVE = Settings(jobs=JobSettings(providers_file=Path("providers.yaml"), smtp_url="smtp://mail.example.com"))


def test_where_nothing_is_missing_nothing_is_said() -> None:
    findings = Findings(_missing(LIVE, can_generate=True, has_live_key=True), ())
    assert findings.missing == ()
    assert greeting("http://a", findings, Limits(), 20_000).splitlines()[1:] == ["API documentation: http://a/docs"]


def test_a_file_whose_vendors_have_no_key_is_missing_something_else_than_a_file() -> None:
    (line,) = _missing(LIVE, can_generate=False, has_live_key=True)
    assert line == "no usable vendor: none in the chain of providers.yaml has its API key"
    (line,) = _missing(Settings(jobs=JobSettings(smtp_url="smtp://a")), can_generate=False, has_live_key=True)
    assert "RETAKE_PROVIDERS" in line


@pytest.mark.parametrize(("user", "embedded", "said"), [(0, True, True), (0, False, False), (1000, True, False)])
def test_root_is_told_what_the_embedded_database_does(
    monkeypatch: pytest.MonkeyPatch, user: int, *, embedded: bool, said: bool
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: user)
    assert bool(_remarks(is_embedded=embedded)) is said


def test_platforms_without_a_policy_are_named_in_one_line_of_bounded_length() -> None:
    assert _policy_remarks([]) == ()
    (line,) = _policy_remarks(["acme"])
    assert line.startswith("No retake policy: acme. ")
    (line,) = _policy_remarks([f"platform-{number}" for number in range(100)])
    assert "platform-4, …." in line
    assert "platform-5" not in line
    said = greeting("http://a", Findings((), (line,)), Limits(), 20_000)
    assert said.count("No retake policy") == 1
