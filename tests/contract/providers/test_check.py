"""What a check finds out about a vendor over the wire, and what it says is to be done."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fakes.vendor_server import VendorServer
from fakes.vendor_server.asked import Form
from fakes.vendor_server.pace import Pace
from providers.check import REMEDIES, VendorCheck, check
from providers.config import Price, ProvidersConfig, ProvidersFile, VendorConfig, Verify
from providers.protocol import CallOutcome, VendorError
from tests.unit.providers.fake_clock import FakeClock
from tests.unit.providers.fakes import ScriptedVendor

PAGE = (Path(__file__).parents[3] / "docs" / "providers.md").read_text(encoding="utf-8")

# LiteLLM's at its import
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")


@pytest.fixture
async def server() -> AsyncIterator[VendorServer]:
    async with VendorServer() as server:
        yield server


def vendor(server: VendorServer, **changes: object) -> VendorConfig:
    return VendorConfig(**{"name": "one", "model": "openai/gpt-4.1-mini", "api_base": server.base_url, **changes})  # type: ignore[arg-type]  # of the fields


def alone(*vendors: VendorConfig, verify: Verify | None = None) -> ProvidersConfig:
    """The first of them is the chain."""
    return ProvidersConfig(ProvidersFile(vendors, (vendors[0].name,), verify=verify), {})


async def found(*vendors: VendorConfig, verify: Verify | None = None) -> list[VendorCheck]:
    return await check(alone(*vendors, verify=verify))


async def test_it_says_format_streaming_seconds_and_price(server: VendorServer) -> None:
    server.pace = Pace(tokens_per_second=2_000)
    (one,) = await found(vendor(server))
    answer, price = one.findings[1:]
    assert (one.ok, one.findings[0], one.remedies) == (True, "format: json_schema", ())
    assert answer.startswith("answer: streamed in ")
    assert "first text after " in answer
    assert "all after " in answer
    assert price == "price: $0.4 and $1.6 per million tokens read and written (LiteLLM 1.106.2)"


async def test_it_says_which_formats_were_refused(server: VendorServer) -> None:
    server.refuses = frozenset({Form.JSON_SCHEMA, Form.TOOLS})
    (one,) = await found(vendor(server))
    assert one.findings[0] == "format: json_object, after it refused json_schema and tool"


async def test_an_answer_in_one_piece_is_said_and_with_a_setting_that_fits_nothing_is_to_do(
    server: VendorServer,
) -> None:
    (one,) = await found(vendor(server, stream=False))
    assert one.findings[1].startswith("answer: in one piece, ")
    assert one.remedies == ()


@pytest.mark.parametrize(("seconds", "stream", "is_told"), [(2.0, True, True), (2.0, False, False), (0.5, True, False)])
async def test_a_slow_answer_in_one_piece_although_it_was_to_be_streamed_is_told(
    server: VendorServer, monkeypatch: pytest.MonkeyPatch, *, seconds: float, stream: bool, is_told: bool
) -> None:
    monkeypatch.setattr("providers.check.make_vendor", lambda *_: ScriptedVendor("one", seconds))
    (one,) = await check(alone(vendor(server, stream=stream)), FakeClock())
    assert one.ok
    assert one.remedies == ("set stream: false, since the answer comes in one piece all the same",) * is_told


async def test_a_price_of_the_file_is_said_to_be_from_there_and_a_missing_one_is_to_be_given(
    server: VendorServer,
) -> None:
    (given,) = await found(vendor(server, price=Price(1.5, 2.5)))
    assert given.findings[-1] == "price: $1.5 and $2.5 per million tokens read and written (the provider file)"
    (missing,) = await found(vendor(server, model="openai/made-up"))
    assert (missing.ok, missing.findings[-1]) == (True, "price: not known")
    assert missing.remedies == ("give price, or its costs are not known and no spend limit can be set",)


@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [
        ("unauthorized", CallOutcome.UNAUTHORIZED),
        ("server_error", CallOutcome.VENDOR_BROKEN),
        ("rate_limited", CallOutcome.RATE_LIMITED),
        ("html", CallOutcome.MALFORMED),
        ("drop", CallOutcome.UNREACHABLE),
    ],
)
async def test_what_failed_has_a_remedy(server: VendorServer, behaviour: str, outcome: CallOutcome) -> None:
    server.reset(behaviour)
    (one,) = await found(vendor(server))
    assert (one.ok, one.outcome, one.remedies) == (False, outcome, (REMEDIES[outcome],))
    assert len(one.findings) == 1  # the price is known all the same


@pytest.mark.parametrize("key", [None, "the-makers-own"])
async def test_an_own_server_that_asks_for_no_key_needs_none_and_gets_none(
    server: VendorServer, key: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    if key:
        monkeypatch.setenv("OPENAI_API_KEY", key)
    (one,) = await found(vendor(server))
    assert one.ok
    assert server.keys == ["Bearer none"]


async def test_nor_does_a_server_that_stands_in_for_anthropics(
    server: VendorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "the-makers-own")
    (one,) = await found(vendor(server, model="anthropic/claude-sonnet-4-5", api_base=server.root_url))
    assert one.ok
    assert server.keys == ["none"]


async def test_who_only_checks_keys_is_asked_too(server: VendorServer) -> None:
    checks = await found(vendor(server), vendor(server, name="solver"), verify=Verify(("solver",)))
    assert [(it.name, it.ok) for it in checks] == [("one", True), ("solver", True)]


def test_every_way_a_call_can_fail_has_a_remedy_and_it_is_the_one_of_the_docs() -> None:
    failures = {error.outcome for error in _all(VendorError)} - {CallOutcome.SPEND_LIMIT} | {CallOutcome.UNUSABLE}
    assert set(REMEDIES) == failures
    rows = {cells[1].strip(): cells[-2].strip() for line in PAGE.splitlines() if len(cells := line.split("|")) == 5}
    for outcome, remedy in REMEDIES.items():
        assert rows[f"`{outcome}`"].replace("`", "") == remedy


def _all(kind: type[VendorError]) -> set[type[VendorError]]:
    return {kind, *(error for below in kind.__subclasses__() for error in _all(below))}
