"""From single runs to the figures of a cell."""

import math
from collections.abc import Iterable, Sequence

import msgspec

from bench.chaos.plan import Cell

OURS, ROUTER = "ours", "router"


class Run(msgspec.Struct, frozen=True):
    """One request for a set of ten, and what came of it; `overrun` is in seconds."""

    seconds: float
    is_complete: bool
    is_inside: bool
    overrun: float = 0.0
    extra_calls: int = 0
    wasted_items: int = 0
    note: str = ""


class Figures(msgspec.Struct, frozen=True):
    """What all runs of a cell, or of several, have in common."""

    runs: int
    inside: float
    complete: float
    worst_overrun_ms: float
    p50: float
    p99: float
    extra_calls: float
    wasted_items: int


class Result(msgspec.Struct, frozen=True):
    """One run of one cell with one seed by one of the two."""

    cell: Cell
    seed: int
    who: str
    run: Run


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share stays within (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def summarize(runs: Sequence[Run]) -> Figures:
    """Put at least one run into figures."""
    count = len(runs)
    seconds = [run.seconds for run in runs]
    return Figures(
        runs=count,
        inside=sum(run.is_inside for run in runs) / count,
        complete=sum(run.is_complete for run in runs) / count,
        worst_overrun_ms=max(run.overrun for run in runs) * 1000,
        p50=percentile(seconds, 0.5),
        p99=percentile(seconds, 0.99),
        extra_calls=sum(run.extra_calls for run in runs) / count,
        wasted_items=sum(run.wasted_items for run in runs),
    )


def select(
    results: Iterable[Result],
    who: str,
    *,
    fault: str | None = None,
    bad: int | None = None,
    sound: bool | None = None,
) -> list[Run]:
    """The runs of one of the two, narrowed down."""
    return [
        result.run
        for result in results
        if result.who == who
        and fault in (None, result.cell.fault)
        and bad in (None, result.cell.bad)
        and sound in (None, result.cell.has_sound_vendor)
    ]
