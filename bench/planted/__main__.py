"""Runs `retake bench` on the planted vendors and compares what it finds: python -m bench.planted [--out DIR]."""

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from bench.models.report.numbers import interval, value
from bench.models.runner.students import PROFILES
from bench.models.summary import summarise
from bench.planted.check import Recovered, recovered
from bench.planted.vendors import ORACLE, PLANTED, Habits, PlantedVendor
from bench.real_model.__main__ import served
from providers.writing.own_loop import OwnLoop

KEY = "PLANTED_KEY"
REAL_MODEL_PROFILES = ("data-analyst", "nurse")


def main() -> int:
    """Run it; exits with 1 when a planted rate lies outside its interval more often than one time in twenty allows."""
    parser = argparse.ArgumentParser(prog="python -m bench.planted", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("benchmark"))
    parser.add_argument("--forms", type=int, default=2)
    parser.add_argument("--retakes", type=int, default=2)
    parser.add_argument("--real-model", action="store_true", help="afterwards a small real model, for two students")
    arguments = parser.parse_args()
    options = ["--forms", str(arguments.forms), "--retakes", str(arguments.retakes), "--out", str(arguments.out)]
    with planted() as file:
        _bench("--providers", str(file), *options)
    found = recovered(summarise(arguments.out / "results.jsonl"), arguments.out / "results.jsonl")
    Console(width=110).print(_table(found))
    if arguments.real_model:
        _measure_real_model(arguments.out / "smollm2")
    outside = sum(not it.is_inside for it in found)
    return 0 if outside <= max(2, len(found) // 10) else 1


def _bench(*options: str) -> None:
    """Run the command as its user would."""
    subprocess.run((sys.executable, "-m", "cli", "bench", *options), check=True)  # noqa: S603 - our own command


def _measure_real_model(out: Path) -> None:
    """It writes twenty tokens a second, so it gets one student at a time, small calls, and nothing more."""
    os.environ.setdefault(KEY, "made-up-for-loopback")
    with tempfile.TemporaryDirectory(prefix="smollm2-") as name, served() as base_url:
        folder = Path(name)
        for profile in REAL_MODEL_PROFILES:
            shutil.copy(PROFILES / f"{profile}.json", folder)
        vendor = {"name": "smollm2", "model": "openai/smollm2-135m", "api_base": base_url, "api_key": f"${{{KEY}}}"}
        limits = {"attempt_seconds": 45, "max_concurrency": 1, "params": {"max_tokens": 500}}
        questions = {"total": 10, "per_call": 2, "spare": 0}
        file = folder / "providers.yaml"
        file.write_text(yaml.safe_dump({"vendors": [vendor | limits], "chain": ["smollm2"], "questions": questions}))
        options = ("--retakes", "0", "--no-variants", "--no-solvers", "--at-once", "1", "--out", str(out))
        _bench("--providers", str(file), "--profiles", name, *options)


@contextmanager
def planted(only: tuple[str, ...] = ()) -> Iterator[Path]:
    """Serve the planted vendors, or some of them, and write a provider file for them, the sandbox and the oracle."""
    os.environ.setdefault(KEY, "made-up-for-loopback")
    loop = OwnLoop()
    loop.start()
    wanted = {name: habits for name, habits in PLANTED.items() if not only or name in only}
    servers = {
        name: PlantedVendor(habits, seed) for seed, (name, habits) in enumerate({**wanted, ORACLE: Habits()}.items())
    }
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        asyncio.run(_each(loop, servers, "start"))
        try:
            file = Path(folder) / "providers.yaml"
            file.write_text(yaml.safe_dump(_settings(servers, has_sandbox=not only)))
            yield file
        finally:
            asyncio.run(_each(loop, servers, "close"))
            asyncio.run(loop.close())


async def _each(loop: OwnLoop, servers: dict[str, PlantedVendor], what: str) -> None:
    for server in servers.values():
        await loop.run(getattr(server, what)())


def _settings(servers: dict[str, PlantedVendor], *, has_sandbox: bool) -> dict[str, Any]:
    vendors: list[dict[str, Any]] = [
        {
            "name": name,
            "model": f"openai/planted-{name}",
            "api_key": f"${{{KEY}}}",
            "api_base": server.base_url,
            "price": {"input_per_million": server.habits.price, "output_per_million": server.habits.price},
        }
        for name, server in servers.items()
    ]
    if has_sandbox:
        vendors.append({"name": "sandbox", "model": "sandbox"})
    names = [vendor["name"] for vendor in vendors if vendor["name"] != ORACLE]
    return {"vendors": vendors, "chain": names, "verify": {"solvers": [ORACLE]}}


def _table(found: list[Recovered]) -> Table:
    table = Table("vendor", "rate", "planted", "found", "95% interval", "", title="Planted and found again")
    for it in found:
        mark = "" if it.is_inside else "OUTSIDE"
        cells = (f"{it.planted:.1%}", value(it.found.value, "share"), interval(it.found, "share"))
        table.add_row(it.subject, it.rate, *cells, mark)
    return table


if __name__ == "__main__":
    sys.exit(main())
