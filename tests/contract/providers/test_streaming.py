"""Streams over real HTTP in both dialects: salvage, the ladder, the bill, and what is left behind."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from assessment.deadline import Deadline, SystemClock
from assessment.models import WrittenSet
from fakes.vendor_server import Behaviour, VendorServer
from fakes.vendor_server.asked import Form
from providers.build import build_vendors
from providers.config import ProvidersConfig, load
from providers.ledger import VendorCallRecord
from tests.unit.providers.fakes import ListLedger, brief
from tests.waiting import until

FILE = """
questions: {{total: 10, per_call: 5, spare: 0}}
vendors:
  - {{name: first, model: {model}, api_key: "${{KEY}}", api_base: "{first}", attempt_seconds: 2.0, stream: {stream}}}
  - {{name: second, model: {model}, api_key: "${{KEY}}", api_base: "{second}", attempt_seconds: 30}}
chain: [first, second]
hedge: {{max_extra_share: 0.0}}
"""
LADDER = (Form.JSON_SCHEMA, Form.TOOLS, Form.JSON_OBJECT, Form.TEXT)
DIALECTS = {"openai": ("openai/gpt-4o-mini", "/v1"), "anthropic": ("anthropic/claude-sonnet-4-5", "")}


@pytest.fixture
async def first() -> AsyncIterator[VendorServer]:
    async with VendorServer() as server:
        yield server


@pytest.fixture
async def second() -> AsyncIterator[VendorServer]:
    async with VendorServer() as server:
        yield server


@pytest.fixture(params=list(DIALECTS))
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def config(first: VendorServer, second: VendorServer, dialect: str, tmp_path: Path) -> ProvidersConfig:
    return _config(tmp_path, first, second, dialect, "true")


@pytest.fixture
def unstreamed(first: VendorServer, second: VendorServer, dialect: str, tmp_path: Path) -> ProvidersConfig:
    return _config(tmp_path, first, second, dialect, "false")


def _config(folder: Path, first: VendorServer, second: VendorServer, dialect: str, stream: str) -> ProvidersConfig:
    model, path = DIALECTS[dialect]
    text = FILE.format(model=model, first=first.root_url + path, second=second.root_url + path, stream=stream)
    (folder / "providers.yaml").write_text(text, encoding="utf-8")
    return load(folder / "providers.yaml", {"KEY": "sk-test"})


async def write(config: ProvidersConfig, sets: int = 1) -> tuple[WrittenSet, list[VendorCallRecord]]:
    ledger = ListLedger()
    writer = build_vendors(config, ledger=ledger)
    for _ in range(sets):
        written = await writer.write(brief(10), Deadline(SystemClock(), 20))
    await writer.settled()
    return written, ledger.records


def shares(written: WrittenSet) -> dict[str, int]:
    return {share.vendor: share.items for share in written.provenance.vendors}


def outcomes(records: list[VendorCallRecord], vendor: str) -> set[str]:
    return {record.outcome.value for record in records if record.vendor == vendor}


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Behaviour.HANG_MID_BODY, "stalled"),
        (Behaviour.STALL, "stalled"),
        (Behaviour.CLOSE_MID_BODY, "unreachable"),
        (Behaviour.RESET_MID_BODY, "unreachable"),
        (Behaviour.STREAM_ERROR, "vendor_broken"),
        (Behaviour.BROKEN_STREAM, "malformed"),
        (Behaviour.TRUNCATED, "truncated"),
        (Behaviour.FILTERED, "content_refused"),
    ],
)
async def test_what_came_before_a_stream_went_wrong_is_kept(
    config: ProvidersConfig, first: VendorServer, second: VendorServer, fault: Behaviour, outcome: str
) -> None:
    first.reset(fault)
    written, records = await write(config)
    assert shares(written) == {"first": 4, "second": 6}
    assert outcomes(records, "first") == {outcome}
    asked = sum(len(str(body).split("- skill ")) - 1 for body in second.requests)
    assert asked == 6


@pytest.mark.parametrize("refusals", range(4))
async def test_a_vendor_is_asked_in_the_strictest_form_it_accepts(
    config: ProvidersConfig, first: VendorServer, dialect: str, refusals: int
) -> None:
    first.refuses = frozenset(LADDER[:refusals])
    written, records = await write(config, sets=2)
    assert shares(written) == {"first": 10}
    second_set = [record for record in records if record.writing_id == records[-1].writing_id]
    assert outcomes(second_set, "first") == {"ok"}
    if dialect == "openai":  # for Claude LiteLLM turns one form into another
        assert first.bills[-1].form == LADDER[refusals]


async def test_an_answer_in_one_piece_makes_the_same_set(unstreamed: ProvidersConfig, first: VendorServer) -> None:
    written, records = await write(unstreamed)
    assert shares(written) == {"first": 10}
    assert not any(bill.streamed for bill in first.bills)
    assert outcomes(records, "first") == {"ok"}


@pytest.mark.parametrize("behaviour", [Behaviour.GOOD, Behaviour.CLOSE_MID_BODY, Behaviour.TRUNCATED, Behaviour.FEWER])
async def test_the_ledger_agrees_with_the_vendors_bill(
    config: ProvidersConfig, first: VendorServer, behaviour: Behaviour
) -> None:
    first.reset(behaviour)
    _, records = await write(config)
    await until(lambda: not first.totals.in_flight)
    tokens = sum(record.output_tokens for record in records if record.vendor == "first")
    assert tokens == pytest.approx(first.totals.completion_tokens, rel=0.01)


async def test_with_spare_items_too_every_bill_of_a_complete_answer_is_the_vendors(
    first: VendorServer, second: VendorServer, dialect: str, tmp_path: Path
) -> None:
    """At the pace of a real vendor a set stands while its last spare item is still being written."""
    first.pace.tokens_per_second = 1500
    _config(tmp_path, first, second, dialect, "true")
    path = tmp_path / "providers.yaml"
    path.write_text(
        path.read_text().replace("spare: 0", "spare: 2").replace("attempt_seconds: 2.0", "attempt_seconds: 30")
    )
    _, records = await write(load(path, {"KEY": "sk-test"}), sets=2)
    assert [record.is_estimated for record in records] == [False] * 4
    assert sum(record.input_tokens for record in records) == first.totals.prompt_tokens
    assert sum(record.output_tokens for record in records) == first.totals.completion_tokens


async def test_connections_are_used_again(config: ProvidersConfig, first: VendorServer) -> None:
    await write(config, sets=5)
    assert (first.calls, first.totals.connections) == (10, 2)


@pytest.mark.parametrize("fault", [Behaviour.HANG, Behaviour.HANG_MID_BODY, Behaviour.STALL, Behaviour.DRIP])
async def test_no_connection_and_no_task_of_a_broken_off_stream_is_left_behind(
    config: ProvidersConfig, first: VendorServer, fault: Behaviour
) -> None:
    before = _tasks()
    first.reset(fault)
    await write(config)
    await until(lambda: not first.totals.open_connections)
    await until(lambda: not _tasks() - before)


def _tasks() -> set[str]:
    """By name, without those of the job queue of an app in this process, which come and go."""
    running = [task.get_coro() for task in asyncio.all_tasks() if not task.done()]
    return {getattr(coro, "__qualname__", "?") for coro in running if not _is_of_the_queue(coro)}


def _is_of_the_queue(coro: Any) -> bool:
    return "pgqueuer" in coro.cr_code.co_filename or coro.__qualname__ == "Queue.get"


@pytest.mark.parametrize("stream", ["true", "false"])
@pytest.mark.parametrize("fault", [Behaviour.DROP, Behaviour.RESET, Behaviour.CLOSE_MID_BODY, Behaviour.SERVER_ERROR])
async def test_one_attempt_is_one_request_whatever_breaks(
    first: VendorServer, second: VendorServer, dialect: str, stream: str, fault: Behaviour, tmp_path: Path
) -> None:
    """Also where the library would repeat a request by itself."""
    first.reset(fault)
    _, records = await write(_config(tmp_path, first, second, dialect, stream))
    assert first.calls == sum(record.vendor == "first" for record in records)


async def test_more_than_a_hundred_calls_are_under_way_at_once_where_the_configuration_allows_it(
    first: VendorServer, second: VendorServer, dialect: str, tmp_path: Path
) -> None:
    """HTTP clients have limits of their own; calls that wait for a connection would look like a slow vendor."""
    _config(tmp_path, first, second, dialect, "false")
    path = tmp_path / "providers.yaml"
    path.write_text(path.read_text().replace("attempt_seconds: 2.0", "attempt_seconds: 30, max_concurrency: 200"))
    first.reset(Behaviour.HANG)
    writer = build_vendors(load(path, {"KEY": "sk-test"}))
    sets = [asyncio.create_task(writer.write(brief(10), Deadline(SystemClock(), 60))) for _ in range(60)]
    await until(lambda: first.calls == 120)
    for one in sets:
        one.cancel()
    await asyncio.wait(sets)
