"""What a question writer may expect of any vendor: the sandbox, a model over HTTP, and a chain."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from assessment.deadline import Deadline, SystemClock
from assessment.models import Brief, Mode
from providers.base import RateLimited, Vendor, VendorError
from providers.chain import Chain, Rung
from providers.config import Questions, VendorConfig
from providers.decode import decode
from providers.litellm_vendor import LiteLLMVendor
from providers.sandbox import SandboxVendor
from providers.secret import Secret
from providers.writer import Writer
from tests.unit.providers.fakes import ScriptedVendor, brief, order
from tests.vendor_server import VendorServer


def _model(server: VendorServer, model: str) -> Vendor:
    return LiteLLMVendor(VendorConfig("model", model, api_base=server.base_url), Secret("sk-test"))


def _chain(server: VendorServer) -> Vendor:
    broken = ScriptedVendor("broken", RateLimited("broken"))
    return Chain([Rung(broken, 10, 8), Rung(_model(server, "openai/gpt-4o-mini"), 10, 8)])


VENDORS: dict[str, Callable[[VendorServer], Vendor]] = {
    "sandbox": lambda _: SandboxVendor(),
    "model with schema": lambda server: _model(server, "openai/gpt-4o-mini"),
    "model without schema": lambda server: _model(server, "openai/some-local-model"),
    "chain": _chain,
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
    decoded = decode((await vendor.write(asked, deadline())).text)
    assert not decoded.rejects
    assert [(draft.skill, draft.source) for draft in decoded.drafts] == [
        (wanted.skill_ref, wanted.source_ref) for wanted in asked.wanted
    ]


async def test_it_says_who_wrote(vendor: Vendor) -> None:
    reply = await vendor.write(order(1), deadline())
    assert reply.vendor
    assert reply.model
    assert reply.finish_reason == "stop"


async def test_parallel_calls_repeat_no_stem(vendor: Vendor) -> None:
    orders = [order(4, part=part, parts=3) for part in range(3)]
    replies = await asyncio.gather(*(vendor.write(each, deadline()) for each in orders))
    stems = [draft.stem for reply in replies for draft in decode(reply.text).drafts]
    assert len(set(stems)) == 12


@pytest.mark.parametrize("mode", Mode)
async def test_a_writer_makes_complete_sets_with_it_again_and_again(vendor: Vendor, mode: Mode) -> None:
    seen: tuple[str, ...] = ()
    for turn in range(3):
        written = await _writer(vendor).write(_brief(mode, seen, turn), deadline())
        assert len(written.items) == 10
        seen += tuple(item.stem for item in written.items)
    assert len(set(seen)) == 30


async def test_a_cancelled_order_ends_as_cancelled(vendor: Vendor, server: VendorServer) -> None:
    server.behaviours = ["hang"]
    task = asyncio.ensure_future(vendor.write(order(scenario="slow"), deadline()))
    await asyncio.sleep(0.3)
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=1)
    assert done
    assert task.cancelled() or isinstance(task.exception(), VendorError)


def _writer(vendor: Vendor) -> Writer:
    return Writer(vendor, Questions(), "hash")


def _brief(mode: Mode, seen: tuple[str, ...], turn: int) -> Brief:
    return brief(10, mode=mode, seen=seen, seed=f"turn {turn}")
