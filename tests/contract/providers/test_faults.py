"""Every fault of a vendor, over real HTTP: it ends in repair or in the next vendor, and always in time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from assessment.deadline import Deadline, SystemClock
from assessment.errors import GenerationFailed
from assessment.models import WrittenSet
from assessment.sets.rules import robots
from fakes.vendor_server import Behaviour, VendorServer
from fakes.vendor_server.failures import FAILURES
from providers.build import build_vendors, usable
from providers.check import check
from providers.config import ProvidersConfig, load
from providers.ledger import Purpose
from providers.protocol import CallOutcome
from tests.contract.vendor_server.timeline import Timeline
from tests.own_logs import own_logs
from tests.unit.delivery.fakes import ManualClock
from tests.unit.providers.fakes import ListLedger, brief
from tests.waiting import until

BUDGET_SECONDS = 20.0
KEY = "sk-should-never-be-logged"

FILE = """
questions: {{total: 10, per_call: 5, spare: 0}}
vendors:
  - {{name: first, model: openai/first, api_key: "${{KEY}}", api_base: "{first}", attempt_seconds: {attempt}}}
  - {{name: second, model: openai/second, api_key: "${{KEY}}", api_base: "{second}", attempt_seconds: 30}}
chain: [{chain}]
"""


class ShiftedClock(SystemClock):
    """The machine's clock, so many seconds ahead."""

    ahead = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead


@pytest.fixture
async def first() -> AsyncIterator[VendorServer]:
    async with VendorServer() as server:
        yield server


@pytest.fixture
async def second() -> AsyncIterator[VendorServer]:
    async with VendorServer() as server:
        yield server


@pytest.fixture
def config(first: VendorServer, second: VendorServer, tmp_path: Path) -> ProvidersConfig:
    return _config(tmp_path, first, second, "first, second")


@pytest.fixture
def impatient(first: VendorServer, second: VendorServer, tmp_path: Path) -> ProvidersConfig:
    """Waits a second for the first vendor."""
    return _config(tmp_path, first, second, "first, second", attempt_seconds=1.0)


@pytest.fixture
def alone(first: VendorServer, second: VendorServer, tmp_path: Path) -> ProvidersConfig:
    return _config(tmp_path, first, second, "first")


def _config(
    folder: Path, first: VendorServer, second: VendorServer, chain: str, attempt_seconds: float = BUDGET_SECONDS
) -> ProvidersConfig:
    path = folder / f"{len(chain)}.yaml"
    addresses = {"first": first.base_url, "second": second.base_url}
    path.write_text(FILE.format(**addresses, chain=chain, attempt=attempt_seconds), encoding="utf-8")
    return load(path, {"KEY": KEY})


async def write(config: ProvidersConfig, ledger: ListLedger | None = None) -> WrittenSet:
    return await build_vendors(config, ledger=ledger).write(brief(10), Deadline(SystemClock(), BUDGET_SECONDS))


def shares(written: WrittenSet) -> dict[str, int]:
    return {share.vendor: share.items for share in written.provenance.vendors}


async def test_items_whose_keys_are_the_longest_options_are_repaired_by_the_next_vendor(
    config: ProvidersConfig, first: VendorServer
) -> None:
    first.reset(Behaviour.LONGEST_KEYS)
    ledger = ListLedger()
    written = await write(config, ledger)
    assert not robots(written.items, "en")
    assert shares(written) == {"first": 10}
    repairs = [record for record in ledger.records if record.purpose is Purpose.REPAIR]
    assert [(it.vendor, it.outcome, it.accepted == it.wanted > 0) for it in repairs] == [
        ("second", CallOutcome.OK, True)
    ]


@pytest.mark.parametrize(
    "fault",
    [
        Behaviour.DROP,
        Behaviour.UNAUTHORIZED,
        Behaviour.NOT_FOUND,
        Behaviour.RATE_LIMITED,
        Behaviour.SERVER_ERROR,
        Behaviour.HTML,
        Behaviour.EMPTY,
        Behaviour.REFUSED,
        Behaviour.NO_JSON,
    ],
)
async def test_a_fault_that_shows_at_once_goes_to_the_next_vendor_at_once(
    config: ProvidersConfig, first: VendorServer, fault: Behaviour
) -> None:
    with suppress(GenerationFailed):
        await write(config)  # the first request of a process loads parts of LiteLLM
    first.reset(fault)
    ledger = ListLedger()
    written = await write(config, ledger)
    assert shares(written) == {"second": 10}
    assert first.calls == 2
    assert CallOutcome.TIMED_OUT not in {record.outcome for record in ledger.records}


@pytest.mark.parametrize("fault", [Behaviour.HANG, Behaviour.DRIP])
async def test_a_vendor_that_takes_for_ever_costs_its_attempt_and_no_more(
    impatient: ProvidersConfig, first: VendorServer, fault: Behaviour
) -> None:
    first.reset(fault)
    ledger = ListLedger()
    written = await write(impatient, ledger)
    assert shares(written) == {"second": 10}
    lost = [record for record in ledger.records if record.vendor == "first"]
    assert [record.outcome for record in lost] == [CallOutcome.TIMED_OUT] * 2
    assert [record.slice_seconds for record in lost] == [1.0] * 2


@pytest.mark.parametrize("fault", [Behaviour.HANG, Behaviour.HANG_MID_BODY])
async def test_the_next_sets_do_not_wait_for_a_vendor_that_hangs(
    config: ProvidersConfig, first: VendorServer, fault: Behaviour
) -> None:
    first.reset(fault)
    ledger = ListLedger()
    vendors = build_vendors(config, ledger=ledger)
    for _ in range(5):
        await vendors.write(brief(10), Deadline(SystemClock(), BUDGET_SECONDS))
    assert first.calls == 2
    await vendors.settled()
    assert [outcome for vendor, outcome in ledger.outcomes if vendor == "first"] == ["stalled"] * 2


async def test_a_vendor_that_hung_is_probed_beside_the_next_one_and_comes_back(
    impatient: ProvidersConfig, first: VendorServer
) -> None:
    clock = ShiftedClock()
    first.reset(Behaviour.HANG, Behaviour.HANG, Behaviour.GOOD)
    vendors = build_vendors(impatient, clock=clock)
    await vendors.write(brief(10), Deadline(clock, BUDGET_SECONDS))
    clock.ahead = 60.0
    assert shares(await vendors.write(brief(10), Deadline(clock, BUDGET_SECONDS)))
    await vendors.settled()
    assert shares(await vendors.write(brief(10), Deadline(clock, BUDGET_SECONDS))) == {"first": 10}


@pytest.mark.parametrize("fault", [Behaviour.HANG, Behaviour.DRIP])
async def test_when_every_vendor_takes_for_ever_the_end_comes_in_time(
    impatient: ProvidersConfig, first: VendorServer, second: VendorServer, fault: Behaviour
) -> None:
    first.reset(fault)
    second.reset(fault)
    clock = ManualClock()
    writing = asyncio.create_task(build_vendors(impatient, clock=clock).write(brief(10), Deadline(clock, 2.0)))
    await until(lambda: first.calls == 2)
    await clock.advance(1.0)
    await until(lambda: second.calls == 2)
    assert not writing.done()
    await clock.advance(1.0)
    with pytest.raises(GenerationFailed):
        async with asyncio.timeout(10):  # only so that a failure ends: its clock stands still
            await writing
    assert (first.calls, second.calls) == (2, 2)


async def test_a_slow_vendor_within_its_time_is_waited_for(config: ProvidersConfig, first: VendorServer) -> None:
    first.latency = 0.4
    assert shares(await write(config)) == {"first": 10}


@pytest.mark.parametrize("fault", [Behaviour.ONE_BROKEN, Behaviour.FEWER, Behaviour.TRUNCATED, Behaviour.PROSE])
async def test_the_good_items_of_a_poor_answer_are_kept_and_only_the_rest_is_asked_again(
    tmp_path: Path, fault: Behaviour
) -> None:
    time = Timeline(end=0.0)
    async with VendorServer([fault, fault, Behaviour.GOOD], latency=1.0, clock=time) as vendor:
        writing = asyncio.create_task(write(_config(tmp_path, vendor, vendor, "first")))
        await until(lambda: vendor.calls == 2)  # before one of them asks again
        time.goes_on.set()
        written = await writing
    assert shares(written) == {"first": 10}
    asked = [len(body["messages"][1]["content"].split("\n- skill ")) - 1 for body in vendor.requests]
    assert asked[:2] == [5, 5]
    assert sum(asked[2:]) == {"one_broken": 2, "fewer": 6, "truncated": 6, "prose": 0}[fault]


async def test_a_vendor_that_is_alone_and_often_wrong_is_asked_again_until_the_set_is_complete(
    alone: ProvidersConfig, first: VendorServer
) -> None:
    broken = Behaviour.ONE_BROKEN
    first.reset(broken, broken, broken, broken, Behaviour.GOOD)
    written = await write(alone)
    assert shares(written) == {"first": 10}


async def test_a_vendor_that_is_alone_and_refuses_the_request_ends_the_writing(
    alone: ProvidersConfig, first: VendorServer
) -> None:
    first.reset(Behaviour.NOT_FOUND)
    with pytest.raises(GenerationFailed):
        await write(alone)
    assert first.calls == 2


async def test_a_vendor_that_is_alone_and_broken_is_asked_again_later(
    alone: ProvidersConfig, first: VendorServer
) -> None:
    first.reset(Behaviour.SERVER_ERROR, Behaviour.SERVER_ERROR, Behaviour.GOOD)
    assert shares(await write(alone)) == {"first": 10}


async def test_neither_keys_nor_a_vendors_words_are_logged(config: ProvidersConfig, first: VendorServer) -> None:
    first.reset(Behaviour.UNAUTHORIZED)
    with own_logs() as logs:
        written = await write(config)
    assert first.keys == [f"Bearer {KEY}"] * 2
    assert "unauthorized" in str(logs)
    words = [FAILURES[Behaviour.UNAUTHORIZED].message, *(item.stem for item in written.items)]
    assert not [secret for secret in (KEY, *words) if secret in str(logs)]


async def test_nothing_of_the_platform_is_sent_but_short_ids(config: ProvidersConfig, first: VendorServer) -> None:
    await write(config)
    assert not any(word in str(first.requests) for word in ("skill-a", "skill-b", "source-1", "source-2", "seed"))


async def test_a_check_asks_every_vendor_once_and_says_what_is_wrong(
    config: ProvidersConfig, first: VendorServer, second: VendorServer
) -> None:
    first.reset(Behaviour.UNAUTHORIZED)
    results = await check(config)
    assert [(result.name, result.ok, result.outcome) for result in results] == [
        ("first", False, CallOutcome.UNAUTHORIZED),
        ("second", True, CallOutcome.OK),
    ]
    assert (first.calls, second.calls) == (1, 1)
    assert KEY not in str(results)


@pytest.mark.parametrize(
    ("fault", "outcome"), [(Behaviour.HANG, CallOutcome.TIMED_OUT), (Behaviour.NO_JSON, CallOutcome.UNUSABLE)]
)
async def test_a_check_names_a_vendor_that_hangs_or_rambles(
    impatient: ProvidersConfig, first: VendorServer, fault: Behaviour, outcome: CallOutcome
) -> None:
    first.reset(fault)
    assert (await check(impatient))[0].outcome is outcome


def test_a_vendor_with_a_key_makes_a_configuration_usable(config: ProvidersConfig) -> None:
    assert usable(config)
