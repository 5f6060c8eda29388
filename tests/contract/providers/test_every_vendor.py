"""What a question writer may expect of any vendor: the sandbox and a model over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from assessment.deadline import Deadline, SystemClock
from assessment.items.novelty import signature
from assessment.models import Brief, Mode, SeenItem, Skill, Slot
from fakes.vendor_server import VendorServer
from providers.config import Questions, VendorConfig
from providers.protocol import Flawed, Repair, RequestRejected, Vendor, VendorError
from providers.routing.chain import Chain
from providers.routing.upstream import Upstream
from providers.secret import Secret
from providers.vendors.decode import decode
from providers.vendors.litellm_vendor import LiteLLMVendor
from providers.vendors.sandbox.scenarios import ScenarioVendor
from providers.vendors.sandbox.vendor import SandboxVendor
from providers.writing.repair import read_repairs
from providers.writing.writer import Writer
from tests.unit.providers.fakes import SOURCES, answer_of, brief, order
from tests.waiting import until


def _model(server: VendorServer, model: str) -> Vendor:
    return LiteLLMVendor(VendorConfig("model", model, api_base=server.base_url), Secret("sk-test"))


VENDORS: dict[str, Callable[[VendorServer], Vendor]] = {
    "sandbox": lambda _: SandboxVendor(),
    "model with schema": lambda server: _model(server, "openai/gpt-4o-mini"),
    "model without schema": lambda server: _model(server, "openai/some-local-model"),
}


@pytest.fixture
async def server() -> AsyncIterator[VendorServer]:
    async with VendorServer() as server:
        yield server


@pytest.fixture(params=list(VENDORS))
def vendor(request: pytest.FixtureRequest, server: VendorServer) -> Vendor:
    return VENDORS[request.param](server)


def deadline(seconds: float = 20.0) -> Deadline:
    return Deadline(SystemClock(), seconds)


async def test_it_writes_one_readable_item_for_each_one_wanted(vendor: Vendor) -> None:
    asked = order(4)
    decoded = decode((await answer_of(vendor, asked, deadline()))[0])
    assert not decoded.rejects
    assert [(draft.skill, draft.source) for draft in decoded.drafts] == [
        (wanted.skill_ref, wanted.source_ref) for wanted in asked.wanted
    ]


async def test_it_repairs_what_it_is_asked_to_or_declines(vendor: Vendor) -> None:
    flawed = Flawed("Which step comes first?", "Measure the pressure in the pipe again", ("a", "b", "c"), "too long")
    try:
        text, _ = await answer_of(vendor, Repair((flawed, flawed)), deadline())
    except RequestRejected:
        assert vendor.model == "sandbox"
    else:
        assert {number: len(set(it)) for number, it in read_repairs(text, 2).items()} == {1: 3, 2: 3}


async def test_it_says_who_wrote(vendor: Vendor) -> None:
    _, ending = await answer_of(vendor, order(1), deadline())
    assert vendor.name
    assert vendor.model
    assert ending.finish_reason == "stop"


async def test_parallel_calls_repeat_no_stem(vendor: Vendor) -> None:
    orders = [order(4, part=part, parts=3) for part in range(3)]
    replies = await asyncio.gather(*(answer_of(vendor, each, deadline()) for each in orders))
    stems = [draft.stem for text, _ in replies for draft in decode(text).drafts]
    assert len(set(stems)) == 12


@pytest.mark.parametrize("mode", Mode)
async def test_a_writer_makes_complete_sets_with_it_again_and_again(vendor: Vendor, mode: Mode) -> None:
    seen: tuple[SeenItem, ...] = ()
    for _ in range(3):
        written = await _writer(vendor).write(_brief(mode, seen), deadline())
        assert len(written.items) == 10
        seen += tuple(SeenItem(item.skill_id, item.stem, signature(item)) for item in written.items)
    assert len({item.stem for item in seen}) == 30


async def test_a_cancelled_order_ends_as_cancelled(vendor: Vendor, server: VendorServer) -> None:
    server.behaviours = ["hang"]
    slow = ScenarioVendor("", "slow") if isinstance(vendor, SandboxVendor) else vendor
    task = asyncio.ensure_future(answer_of(slow, order(), deadline()))
    await until(lambda: bool(server.calls) or slow is not vendor)
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=10)
    assert done
    assert task.cancelled() or isinstance(task.exception(), VendorError)


def _writer(vendor: Vendor) -> Writer:
    return Writer(Chain([Upstream(vendor, 10, 8)]), Questions(), "hash")


def _brief(mode: Mode, seen: tuple[SeenItem, ...]) -> Brief:
    """About skills of which the sandbox has enough items for sets that do not repeat."""
    skills = Skill("python", "Python"), Skill("sql", "SQL")
    about = tuple(Slot(skills[number % 2], SOURCES[number // 2 % 2]) for number in range(10))
    return brief(slots=about, mode=mode, seen=seen)
