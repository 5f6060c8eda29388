"""Replacing the configuration of a process at work."""

from pathlib import Path

from assessment.deadline import Deadline
from assessment.models import Mode
from providers.build import build_vendors, latency_key
from providers.config import ProvidersConfig, Questions, VendorConfig, load
from providers.protocol import CallOutcome
from providers.routing.breaker import State
from providers.routing.chain import Chain
from providers.routing.pace import MIN_SAMPLES
from providers.routing.upstream import Upstream
from providers.snapshot import Snapshot
from providers.writing.key_check import KeyChecker
from providers.writing.writer import Writer
from tests.unit.providers.fake_clock import FakeClock
from tests.unit.providers.fakes import ListLedger, ScriptedVendor, brief

FILE = """\
vendors: [{{name: house, model: sandbox}}, {{name: other, model: sandbox}}]
chain: [{chain}]
"""


def config(folder: Path, chain: str = "house, other") -> ProvidersConfig:
    path = folder / f"{len(chain)}.yaml"
    path.write_text(FILE.format(chain=chain), encoding="utf-8")
    return load(path)


def chain_of(snapshot: Snapshot) -> list[str]:
    return [status.name for status in snapshot.status()]


async def test_a_new_snapshot_has_fresh_breakers_and_keeps_the_latencies_of_unchanged_vendors(
    tmp_path: Path,
) -> None:
    old = build_vendors(config(tmp_path))
    live = old._live
    assert live is not None
    live.chain.upstreams[0].breaker.end(CallOutcome.MODEL_NOT_FOUND, 0, is_probe=False)
    for _ in range(MIN_SAMPLES):
        live.chain.upstreams[0].pace.note(3.0, 6)
    new = build_vendors(config(tmp_path), latencies=old.latencies)
    assert [status.state for status in old.status()] == [State.OUT, State.CLOSED]
    assert [status.state for status in new.status()] == [State.CLOSED, State.CLOSED]
    assert set(new.latencies.export()) == {latency_key(new.config.chain[0])}


async def test_the_status_shows_the_live_chain_in_order_of_preference(tmp_path: Path) -> None:
    assert chain_of(build_vendors(config(tmp_path, "other, house"))) == ["other", "house"]


async def test_vendors_that_only_solve_have_a_status_of_their_own(tmp_path: Path) -> None:
    solver, both = (Upstream(ScriptedVendor(name), 30, 8) for name in ("solver", "both"))
    solver.end(CallOutcome.MODEL_NOT_FOUND, 1000.0, solves=True, is_probe=False)
    writer = Writer(Chain([both]), Questions(), "hash", checker=KeyChecker([solver, both], 2))
    built = build_vendors(config(tmp_path))
    snapshot = Snapshot(built.config, clock=FakeClock(), latencies=built.latencies, test=writer, live=writer, maps={})
    assert [(status.name, status.state) for status in snapshot.status()] == [("both", State.CLOSED)]
    assert [(status.name, status.state, status.reason) for status in snapshot.solver_status()] == [
        ("solver", State.OUT, CallOutcome.MODEL_NOT_FOUND)
    ]


async def test_attempts_of_both_modes_reach_the_ledger(tmp_path: Path) -> None:
    ledger = ListLedger()
    snapshot = build_vendors(config(tmp_path), ledger=ledger)
    for mode in (Mode.TEST, Mode.LIVE):
        await snapshot.write(brief(mode=mode), Deadline(FakeClock(), 87))
    assert {(record.mode, record.vendor, record.cost) for record in ledger.records} == {
        (Mode.TEST, "sandbox", 0.0),
        (Mode.LIVE, "house", 0.0),
    }


def test_a_vendor_with_another_model_or_address_is_another_vendor() -> None:
    keys = {
        latency_key(VendorConfig("mini", model, api_base=base))
        for model in ("openai/a", "openai/b")
        for base in (None, "http://x")
    }
    assert len(keys) == 4
