"""Runs cells on lanes, a bounded number at a time."""

import asyncio
from collections.abc import Callable, Sequence

from bench.chaos import ours, router
from bench.chaos.farm import Lane
from bench.chaos.figures import OURS, ROUTER, Result, Run
from bench.chaos.plan import Cell, Scale
from bench.kept_attempts import KeptAttempts

Job = tuple[Cell, int, str]


async def run_all(lanes: Sequence[Lane], jobs: Sequence[Job], scale: Scale, tell: Callable[[Result], None]) -> None:
    """Do every job once; a lane takes the next as soon as it is free."""
    waiting = iter(jobs)

    async def work(lane: Lane) -> None:
        for cell, seed, who in waiting:
            tell(Result(cell, seed, who, await run_one(lane, cell, seed, who, scale)))

    async with asyncio.TaskGroup() as group:
        for lane in lanes:
            group.create_task(work(lane))


async def run_one(lane: Lane, cell: Cell, seed: int, who: str, scale: Scale) -> Run:
    """One set from a cold start: nothing is learned, nobody rests."""
    await lane.prepare(cell.behaviours, scale.pace, seed)
    if who == ROUTER:
        return await router.write_set(router.router(lane, cell, seed, scale), cell, lane, scale)
    attempts = KeptAttempts()
    writer = ours.snapshot(lane, cell, seed, scale, attempts)
    return await ours.write_set(writer, attempts, lane, scale)


def jobs(cells: Sequence[Cell], seeds: Sequence[int], whom: Sequence[str] = (OURS, ROUTER)) -> list[Job]:
    """Every cell with every seed, both contestants next to each other in time."""
    return [(cell, seed, who) for seed in seeds for cell in cells for who in whom]
