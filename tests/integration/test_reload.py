"""SIGHUP swaps the vendors whole or not at all, and what was learned about their pace outlives the process."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import structlog
from litestar import Litestar

from api.services import Services
from api.settings import Settings
from api.wiring import _read_again
from assessment.deadline import SystemClock
from jobs.settings import JobSettings
from jobs.vendors import Vendors
from piccolo_conf import DB
from providers.ledger import NoLedger
from providers.routing.pace import MIN_SAMPLES, Latencies
from providers.writing.own_loop import OwnLoop
from tests.integration.deployment import client_of
from tests.integration.live_server import LiveServer, live_deployment
from tests.waiting import until

WORKERS = 2
SANDBOX = "vendors: [{name: rehearsal, model: sandbox}]\nchain: [rehearsal]\n"


@pytest.fixture
async def vendor_loop() -> AsyncIterator[OwnLoop]:
    loop = OwnLoop()
    loop.start()
    yield loop
    await loop.close()


@pytest.fixture
async def live(app: object, tmp_path: Path) -> AsyncIterator[LiveServer]:
    async with live_deployment(DB, tmp_path / "providers.yaml") as live:
        yield live


async def _hash_of_a_set(live: LiveServer) -> str:
    await live.take_set()
    (last,) = await live.deployment.rows("SELECT provenance FROM question_set ORDER BY created_at DESC LIMIT 1")
    found: str = json.loads(last["provenance"])["config_hash"]
    return found


async def _hash_changed(live: LiveServer, old: str) -> str:
    """Take sets until one is of another configuration."""
    found = ""

    async def changed() -> bool:
        nonlocal found
        found = await _hash_of_a_set(live)
        return found != old

    await until(changed, 20)
    return found


async def test_a_swap_under_load_fails_no_request_and_a_bad_file_changes_nothing(live: LiveServer) -> None:
    async with live.started():
        old = await _hash_of_a_set(live)
        live.first.latency = live.second.latency = 0.2
        enough = asyncio.Event()
        load = [asyncio.create_task(_take_sets_until(enough, live)) for _ in range(8)]
        live.configure("breaker: {failures: 5, open_seconds: 20}")
        await asyncio.sleep(0.5)
        live.hang_up()
        new = await _hash_changed(live, old)
        live.configure("breaker: {failures: none}")
        live.hang_up()
        await asyncio.sleep(1.0)
        enough.set()
        assert sum(await asyncio.gather(*load)) >= 16  # none of them raised
        assert await _hash_of_a_set(live) == new
        rows = await live.rows_when_settled(everything=True)
    assert {row["config_hash"] for row in rows} == {old, new}
    by_writing: dict[str, set[str]] = {}
    for row in rows:
        by_writing.setdefault(row["writing_id"], set()).add(row["config_hash"])
    assert all(len(hashes) == 1 for hashes in by_writing.values())


async def _take_sets_until(enough: asyncio.Event, live: LiveServer) -> int:
    taken = 0
    while not enough.is_set():
        await live.take_set()
        taken += 1
    return taken


async def test_a_vendor_that_was_out_gets_its_chance_with_the_next_configuration(live: LiveServer) -> None:
    live.first.reset("not_found")
    async with live.started():

        async def states() -> list[tuple[str, str | None]]:
            answer = (await live.client.get(f"{live.server.root_url}/health/ready")).json()
            return [(vendor["state"], vendor["reason"]) for vendor in answer["vendors"]]

        async def first_is_out() -> bool:
            return await states() == [("out", "model_not_found"), ("closed", None)]

        await live.take_set()
        await until(first_is_out)
        live.first.reset("good")
        live.hang_up()

        async def all_closed() -> bool:
            return await states() == [("closed", None), ("closed", None)]

        await until(all_closed)
        await live.take_set()
        assert live.first.calls > 0


async def test_every_worker_takes_the_new_configuration_and_none_is_replaced(live: LiveServer) -> None:
    async with live.started("--workers", str(WORKERS)):
        old = await _hash_of_a_set(live)
        workers = _children_of(live.server.process.pid)
        assert len(workers) >= WORKERS
        live.configure("breaker: {failures: 5, open_seconds: 20}")
        live.hang_up()
        new = await _hash_changed(live, old)
        hashes = await _hashes_of_sets(live)
        while set(hashes) != {new}:  # the workers read one after the other
            hashes = await _hashes_of_sets(live)
        assert _children_of(live.server.process.pid) == workers


async def _hashes_of_sets(live: LiveServer) -> list[str]:
    """Of six sets over new connections, which go to any of the workers."""
    before = await live.deployment.rows("SELECT id FROM question_set")
    for _ in range(6):
        async with client_of(live.server) as client:
            journey = await live.deployment.journey(client).prepared()
            (await journey.generate(**{"x-test": "live"})).raise_for_status()
    rows = await live.deployment.rows(
        "SELECT provenance FROM question_set WHERE id <> ALL($1)", [row["id"] for row in before]
    )
    return [json.loads(row["provenance"])["config_hash"] for row in rows]


def _children_of(pid: int) -> list[str]:
    return sorted(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


async def test_what_was_learned_about_the_pace_survives_a_restart(live: LiveServer) -> None:
    live.first.latency = 0.05
    async with live.started():
        await asyncio.gather(*(live.take_set() for _ in range(MIN_SAMPLES)))
    first = await _learned(live)
    assert len(first["seconds"]) >= MIN_SAMPLES
    assert min(first["seconds"]) >= 0.05
    async with live.started():
        await live.take_set()
    again = await _learned(live)
    assert len(again["seconds"]) > len(first["seconds"])
    assert again["seconds"][: len(first["seconds"])] == first["seconds"]


async def _learned(live: LiveServer) -> dict[str, Any]:
    await until(lambda: live.server.process.returncode is not None)
    (row,) = await live.deployment.rows("SELECT learned FROM vendor_latency WHERE vendor LIKE 'first:%'")
    learned: dict[str, Any] = json.loads(row["learned"])
    return learned


@pytest.fixture
def vendors_of(vendor_loop: OwnLoop) -> Callable[[Path | None], Vendors]:
    """Make the vendors of a worker whose provider file this is."""
    return lambda file: Vendors(file, clock=SystemClock(), ledger=NoLedger(), latencies=Latencies(), loop=vendor_loop)


async def _ask(vendors: Vendors, event: str) -> dict[str, Any]:
    """Have the vendors read again, and give the log entry that tells how it went."""
    with structlog.testing.capture_logs() as entries:
        task = asyncio.create_task(vendors.reload_for_ever())
        vendors.ask()
        await until(lambda: any(entry["event"] == event for entry in entries))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    return next(dict(entry) for entry in entries if entry["event"] == event)


async def test_a_mistake_in_the_file_is_logged_with_file_line_and_key(
    tmp_path: Path, vendors_of: Callable[[Path | None], Vendors]
) -> None:
    file = tmp_path / "providers.yaml"
    file.write_text(SANDBOX)
    vendors = vendors_of(file)
    vendors.read()
    before = vendors.current
    file.write_text(f"{SANDBOX}budget_seconds: soon\n")
    entry = await _ask(vendors, "providers_not_reloaded")
    assert entry["log_level"] == "error"
    assert entry["reason"].startswith(f"{file}:3: budget_seconds: ")
    assert vendors.current is before


async def test_a_new_file_brings_its_own_vendors_and_number_of_questions(
    tmp_path: Path, vendors_of: Callable[[Path | None], Vendors]
) -> None:
    file = tmp_path / "providers.yaml"
    file.write_text(SANDBOX)
    vendors = vendors_of(file)
    vendors.read()
    before = vendors.current
    file.write_text(f"{SANDBOX}questions: {{total: 4}}\n")
    entry = await _ask(vendors, "providers_reloaded")
    assert (vendors.current.form.total, vendors.current.serves_live) == (4, True)
    assert vendors.current.writer is not before.writer
    assert entry["config_hash"] == vendors.current.snapshot.config.hash


async def test_a_new_file_brings_its_own_budget_to_the_web_process(
    app: Litestar, services: Services, tmp_path: Path
) -> None:
    file = tmp_path / "providers.yaml"
    file.write_text(f"{SANDBOX}budget_seconds: 30\nreserve_seconds: 1\n")
    settings = Settings(jobs=JobSettings(providers_file=file))
    _read_again(app, settings, None)
    new: Services = app.state.services
    assert (new.budget_seconds, new.reserve_seconds, new.store) == (30, 1, services.store)
    file.write_text("budget_seconds: soon\n")
    _read_again(app, settings, None)
    assert app.state.services is new


async def test_a_reader_that_breaks_leaves_the_vendors_in_place(
    monkeypatch: pytest.MonkeyPatch, vendors_of: Callable[[Path | None], Vendors]
) -> None:
    def broken(file: Path | None) -> None:
        raise RuntimeError("quotes a key")

    vendors = vendors_of(None)
    vendors.read()
    before = vendors.current
    monkeypatch.setattr("jobs.vendors.load", broken)
    entry = await _ask(vendors, "providers_not_reloaded")
    assert entry["reason"] == "RuntimeError"
    assert vendors.current is before
