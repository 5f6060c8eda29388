"""Measures Retake and litellm.Router under every fault and writes docs/fault-matrix.md."""

import argparse
import asyncio
import logging
import sys
import time
from pathlib import Path

import httpx
import structlog
from rich.console import Console

from bench.chaos import report, stalls, wire
from bench.chaos.farm import Lane, farm, lanes_of
from bench.chaos.figures import OURS, ROUTER, Result, Run
from bench.chaos.plan import FAULTS, QUICK_FAULTS, TRUE_BUDGET_FAULTS, VENDORS, Cell, Scale, cells
from bench.chaos.runs import jobs, run_all, run_one
from bench.page import facts

PAGE = Path(__file__).parent.parent.parent / "docs" / "fault-matrix.md"
LANES = 6
STALL_CLOCK = 3  # the stalls are measured on a slower clock: a tail of 1.5 is lost in what a call costs on this machine
WIRE_CLOCK = 1.5  # the wire cases are measured on a slower clock: their pauses are short


def main() -> int:
    """Run it all; exits with 1 when a goal was missed."""
    arguments = _parser().parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)  # the Router logs every fault with a traceback
    began = time.monotonic()
    if arguments.wire_cases:
        return _wire_cases(Scale(arguments.budget * WIRE_CLOCK / 90))
    with farm(max(LANES, arguments.true_budget)) as ports:
        measured = asyncio.run(_measure(arguments, ports))
    header = report.Header(_facts(arguments, began), arguments.budget)
    if not arguments.quick or arguments.output != PAGE:
        arguments.output.write_text(report.page(header, measured))
    found = measured.goals(arguments.budget)
    console = Console(width=120)
    console.print(report.goal_table(found))
    for result in measured.results:
        if result.who == OURS and report.is_missed(result):
            console.print(f"missed: {result.cell}, seed {result.seed}: {result.run.seconds:.2f} s, {result.run.note}")
    return 0 if all(goal.is_reached for goal in found) else 1


def _wire_cases(scale: Scale) -> int:
    """Print their section; exits with 1 when one was missed."""
    results = asyncio.run(wire.run_all(scale))
    print(report.wire_section(results))  # noqa: T201 - what was asked for
    return int(any(result.is_missed for result in results))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few faults, one seed; the page is not written")
    parser.add_argument("--seeds", type=int, default=2, help="runs of Retake per cell")
    parser.add_argument("--router-seeds", type=int, default=1, help="runs of the Router per cell; it is slow")
    parser.add_argument("--router-faults", choices=("few", "all"), default="few", help="which faults the Router meets")
    parser.add_argument("--budget", type=float, default=4.0, help="seconds that stand for 90")
    parser.add_argument("--stall-sets", type=int, default=200, help="sets of the hedging scenario")
    parser.add_argument("--true-budget", type=int, default=5, metavar="N", help="N runs at once with the true 90 s")
    parser.add_argument("--fault", action="append", choices=FAULTS, help="only this one; may be given again")
    parser.add_argument("--wire-cases", action="store_true", help="these alone; the page is not written")
    parser.add_argument("--output", type=Path, default=PAGE)
    return parser


async def _measure(arguments: argparse.Namespace, ports: list[list[int]]) -> report.Measured:
    async with httpx.AsyncClient(timeout=30) as client:
        with lanes_of(ports, client) as lanes:
            results = await _matrix(arguments, lanes[:LANES])
            stalled = await _stalls(arguments, lanes)
            real = [] if arguments.quick else await _true_budget(lanes[: arguments.true_budget])
    return report.Measured(results, stalled, real, await wire.run_all(Scale(arguments.budget * WIRE_CLOCK / 90)))


async def _matrix(arguments: argparse.Namespace, lanes: list[Lane]) -> list[Result]:
    faults = arguments.fault or (QUICK_FAULTS if arguments.quick else FAULTS)
    seeds = range(1 if arguments.quick else arguments.seeds)
    router_seeds = range(0 if arguments.quick else arguments.router_seeds)
    planned = list(cells(faults))
    beside = [cell for cell in planned if arguments.router_faults == "all" or cell.fault in QUICK_FAULTS]
    results: list[Result] = []
    work = jobs(planned, seeds, (OURS,)) + jobs(beside, router_seeds, (ROUTER,))
    await run_one(lanes[0], Cell("good", 1, stream=True), 0, OURS, Scale(arguments.budget / 90))  # imports LiteLLM
    await run_all(lanes, work, Scale(arguments.budget / 90), results.append)
    order = {cell: number for number, cell in enumerate(planned)}
    return sorted(results, key=lambda result: (order[result.cell], result.who, result.seed))


async def _stalls(arguments: argparse.Namespace, lanes: list[Lane]) -> tuple[stalls.Stalls, stalls.Stalls]:
    scale = Scale(STALL_CLOCK * arguments.budget / 90)
    sets = min(arguments.stall_sets, 40) if arguments.quick else arguments.stall_sets
    ours = await stalls.measure_ours(lanes[0], sets, scale)
    return ours, await stalls.measure_router(lanes[1], max(1, sets // 4), scale)


async def _true_budget(lanes: list[Lane]) -> list[Run]:
    """All at once: they do nothing but wait."""
    faults = [TRUE_BUDGET_FAULTS[number % len(TRUE_BUDGET_FAULTS)] for number in range(len(lanes))]
    planned = [Cell(fault, VENDORS, stream=number % 2 == 0) for number, fault in enumerate(faults)]
    work = [run_one(lane, cell, 1, OURS, Scale(1.0)) for lane, cell in zip(lanes, planned, strict=True)]
    return list(await asyncio.gather(*work))


def _facts(arguments: argparse.Namespace, began: float) -> dict[str, str]:
    return facts(
        "bench.chaos",
        began,
        seeds=f"Retake 0 to {arguments.seeds - 1}, Router 0 to {arguments.router_seeds - 1}",
        clock=f"{arguments.budget:g} s stand for 90 s ({STALL_CLOCK} times as long for the stalls), all else alike",
    )


if __name__ == "__main__":
    sys.exit(main())
