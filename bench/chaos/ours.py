"""The question writer as the server builds it: from a file, over LiteLLM, with everything at its default."""

import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from assessment.deadline import Deadline, SystemClock
from assessment.errors import GenerationFailed
from assessment.models import Brief, Mode, Skill, Slot, SourceItem, SourceKind
from bench.chaos.farm import Lane
from bench.chaos.figures import Run
from bench.chaos.plan import VENDORS, Cell, Scale, dialects
from bench.kept_attempts import KeptAttempts
from providers.build import build_vendors
from providers.config import ProvidersConfig
from providers.snapshot import Snapshot

TOTAL = 10
MINIMUM_CALLS = 2  # a set of ten is two calls of five
SPARE = 2
MODELS = {"openai": "openai/scripted", "anthropic": "anthropic/claude-3-5-sonnet-20241022"}
KEY = {"CHAOS_KEY": "made-up-for-loopback"}
_SKILLS = tuple(Skill(f"skill-{name}", name) for name in ("SQL", "Statistics", "Dashboards"))
_SOURCES = (
    SourceItem("source-1", SourceKind.PROJECT, "Sales report", (("description", "A weekly report."),)),
    SourceItem("source-2", SourceKind.EXPERIENCE, "Analyst", (("description", "Kept the warehouse."),)),
)
BRIEF = Brief(Mode.LIVE, tuple(Slot(_SKILLS[number % 3], _SOURCES[number % 2]) for number in range(TOTAL)))


def snapshot(lane: Lane, cell: Cell, seed: int, scale: Scale, attempts: KeptAttempts) -> Snapshot:
    """Write the configuration, read it back as the server does, and build from it."""
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        file = Path(folder) / "providers.yaml"
        file.write_text(yaml.safe_dump(_settings(lane, cell, seed, scale)))
        return build_vendors(ProvidersConfig.from_file(file, KEY), ledger=attempts)


async def write_set(writer: Snapshot, attempts: KeptAttempts, lane: Lane, scale: Scale) -> Run:
    """One set on vendors that are prepared; the calls are counted from zero."""
    seconds, is_complete = await timed(writer, scale)
    await writer.settled()
    accepted = sum(record.accepted for record in attempts.records)
    return Run(
        seconds=seconds,
        is_complete=is_complete,
        is_inside=seconds <= scale.budget,
        overrun=max(0.0, seconds - (scale.budget - scale.reserve)),
        extra_calls=max(0, await lane.calls() - MINIMUM_CALLS),
        wasted_items=max(0, accepted - TOTAL - SPARE) if is_complete else accepted,
        note=str(attempts),
    )


async def timed(writer: Snapshot, scale: Scale) -> tuple[float, bool]:
    """Seconds that a set took, and whether it came; one that did not has raised the promised error."""
    began = time.monotonic()
    deadline = Deadline(SystemClock(), scale.budget, began).shortened(scale.reserve)
    try:
        written = await writer.write(BRIEF, deadline)
        is_complete = len(written.items) == TOTAL
    except GenerationFailed:
        is_complete = False
    return time.monotonic() - began, is_complete


def _settings(lane: Lane, cell: Cell, seed: int, scale: Scale) -> dict[str, Any]:
    names = [f"v{number + 1}" for number in range(VENDORS)]
    vendors = [
        {
            "name": name,
            "model": MODELS[dialect],
            "api_key": "${CHAOS_KEY}",
            "api_base": lane.api_base(cell, number, dialect),
            "attempt_seconds": scale.attempt,
            "stream": cell.stream,
        }
        for number, (name, dialect) in enumerate(zip(names, dialects(seed), strict=True))
    ]
    return {
        "budget_seconds": scale.budget,
        "reserve_seconds": scale.reserve,
        "vendors": vendors,
        "chain": names,
        "hedge": {"min_seconds": scale.hedge_min},
        "breaker": {"open_seconds": scale.rest},
    }
