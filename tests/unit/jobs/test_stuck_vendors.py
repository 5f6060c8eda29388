"""A worker that a vendor's calls do not let go is replaced."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

import cli.worker
from assessment.deadline import SystemClock
from jobs.settings import JobSettings
from jobs.vendors import RECYCLED, Vendors
from providers.ledger import NoLedger
from providers.routing.pace import Latencies
from providers.routing.places import MIN_STUCK, Places
from providers.writing.own_loop import OwnLoop
from tests.own_logs import own_logs

FILE = "vendors: [{name: house, model: sandbox, max_concurrency: 1}]\nchain: [house]\n"


@pytest.fixture
async def vendors(tmp_path: Path) -> AsyncIterator[Vendors]:
    file = tmp_path / "providers.yaml"
    file.write_text(FILE)
    loop = OwnLoop()
    loop.start()
    made = Vendors(file, clock=SystemClock(), ledger=NoLedger(), latencies=Latencies(), loop=loop)
    made.read()
    yield made
    await loop.close()


@pytest.mark.parametrize(("stuck", "is_worn_out"), [(MIN_STUCK - 1, False), (MIN_STUCK, True)])
async def test_a_worker_is_worn_out_by_so_many_stuck_calls_and_says_so_once(
    vendors: Vendors, monkeypatch: pytest.MonkeyPatch, *, stuck: int, is_worn_out: bool
) -> None:
    monkeypatch.setattr(Places, "stuck", lambda *_: stuck)
    before = RECYCLED.labels("house")._value.get()
    with own_logs() as logs:
        vendors.look_for_stuck()
        vendors.look_for_stuck()
    said = [(entry["vendor"], entry["calls"]) for entry in logs if entry["event"] == "worker_worn_out"]
    assert said == [("house", stuck)] * is_worn_out
    assert RECYCLED.labels("house")._value.get() - before == is_worn_out
    assert vendors.worn_out.is_set() is is_worn_out


async def test_a_worker_that_is_worn_out_ends_as_after_a_signal(
    vendors: Vendors, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    begun = asyncio.Event()

    @asynccontextmanager
    async def working(*_: object) -> AsyncIterator[Vendors]:
        yield vendors
        told.append("what was under way has ended")

    class Database:
        async def disconnect(self) -> None:
            told.append("disconnected")

    async def opened(_: object) -> None:
        """There is nothing to open."""

    monkeypatch.setattr(cli.worker, "working", working)
    monkeypatch.setattr(cli.worker, "open_database", opened)
    monkeypatch.setattr(cli.worker, "settle_memory", lambda: None)
    monkeypatch.setattr(cli.worker, "put_off_collections", lambda: None)
    monkeypatch.setattr(cli.worker, "DB", Database())
    running = asyncio.create_task(cli.worker.run_jobs(JobSettings(), begun.set))
    await begun.wait()
    await asyncio.sleep(0)
    assert not running.done()
    vendors.worn_out.set()
    await running
    assert told == ["what was under way has ended", "disconnected"]
