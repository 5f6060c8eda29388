"""Runs Retake and litellm.Router through the sixteen faults of Failover Bench and writes docs/failover-bench.md."""

import argparse
import asyncio
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import structlog

from bench.beside import beside
from bench.failover import report
from bench.failover.catalogue import CATALOGUE, Scenario
from bench.failover.ours import Ours, alone
from bench.failover.router import ByRouter
from bench.failover.runs import Entrant, Result, run
from bench.page import facts
from bench.rows import print_rows

PAGE = Path(__file__).parent.parent.parent / "docs" / "failover-bench.md"
APART_SECONDS = 0.5  # between two starts, so that building one does not hold up the first second of another
ENTRANTS = (
    Entrant(report.OURS, Ours),
    Entrant(report.ROUTER, ByRouter),
    Entrant(report.ALONE, alone, has_fallback=False),
)
WARM_UP_SECONDS = 60.0
FIRST = ("S06", "S15")  # those that take longest


def main() -> int:
    """Run it all; exits with 1 when a goal was missed."""
    arguments = _parser().parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)  # the Router logs every fault with a traceback
    began = time.monotonic()
    wanted = [it for it in CATALOGUE if not arguments.only or it.name in arguments.only]
    with beside("bench.failover.wall") as wall:
        results = asyncio.run(_run_all(wanted, wall))
    if not arguments.only or arguments.output != PAGE:
        arguments.output.write_text(report.page(facts("bench.failover", began), results))
    goals = report.goals(results)
    print_rows("Failover Bench, for lists of items", [*_rows(results), *goals])
    return 0 if all(goal[3] for goal in goals) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.failover", description=__doc__)
    names = [scenario.name for scenario in CATALOGUE]
    parser.add_argument("--only", action="append", choices=names, help="may be given again; the page is not written")
    parser.add_argument("--output", type=Path, default=PAGE)
    return parser


async def _run_all(scenarios: Sequence[Scenario], wall: str) -> list[Result]:
    """All at once, since they do little but wait; the longest begin first."""
    await asyncio.gather(*(_warm_up(entrant, wall) for entrant in ENTRANTS))
    ordered = sorted(scenarios, key=lambda scenario: scenario.name not in FIRST)
    planned = [(scenario, entrant) for scenario in ordered for entrant in ENTRANTS]
    results = await asyncio.gather(*(_later(*it, number, wall) for number, it in enumerate(planned)))
    return sorted(results, key=lambda result: (result.scenario.name, result.who))


async def _warm_up(entrant: Entrant, wall: str) -> None:
    """The first request of a process imports for seconds, which is no fault of a vendor."""
    sound = CATALOGUE[0]
    await entrant.make(f"{wall}/warm-up", sound.model, sound.fallback).probe(WARM_UP_SECONDS)


async def _later(scenario: Scenario, entrant: Entrant, number: int, wall: str) -> Result:
    await asyncio.sleep(number * APART_SECONDS)
    return await run(scenario, entrant, wall)


def _rows(results: Sequence[Result]) -> list[tuple[str, str, str, bool]]:
    return [(f"{it.scenario.name} {it.who}", f"{it.verdict}: {it.reason}", "", True) for it in results]


if __name__ == "__main__":
    sys.exit(main())
