"""What the pages that benchmarks write have in common: where the figures come from, and tables."""

import os
import platform
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from bench.rows import Row


def facts(module: str, began: float, **more: str) -> dict[str, str]:
    """Date, machine, command and time of a run that began at a moment of the monotonic clock."""
    machine = f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "machine": f"{machine}, load {os.getloadavg()[0]:.1f} at the end",
        "command": " ".join((f"python -m {module}", *sys.argv[1:])),
        **more,
        "took": f"{time.monotonic() - began:.0f} s",
    }


def facts_table(facts: Mapping[str, str]) -> str:
    """The facts of a run, one a line."""
    return table(("", ""), facts.items())


def goals_table(goals: Iterable[Row]) -> str:
    """What was wanted, what was measured, and whether that is reached."""
    rows = [(name, wanted, figure, "yes" if is_reached else "MISSED") for name, figure, wanted, is_reached in goals]
    return table(("goal", "wanted", "figure", "reached"), rows)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines) + "\n"
