"""Measures the gate and writes docs/item-quality.md: python -m bench.quality [--quick]."""

import argparse
import asyncio
import logging
import sys
import time
from pathlib import Path

import structlog
from rich.console import Console
from rich.table import Table

from bench.page import facts
from bench.quality import chains, concept_rules, injection, item_rules, repairs, set_rules, sets, speed
from bench.quality.habits import HABITS
from bench.quality.page import Measured, goals, page

PAGE = Path(__file__).parent.parent.parent / "docs" / "item-quality.md"


def main() -> int:
    """Measure it all; exits with 1 when a goal was missed, known gaps apart."""
    parser = argparse.ArgumentParser(prog="python -m bench.quality", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few sets; the page is not written")
    parser.add_argument("--sets", type=int, default=500, help="sets by each author")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    measured = _measure(40 if arguments.quick else arguments.sets)
    if not arguments.quick:
        PAGE.write_text(page(measured))
    _print(measured)
    return 0 if all(goal.is_reached or goal.is_known_gap for goal in goals(measured)) else 1


def _measure(number: int) -> Measured:
    began = time.monotonic()
    of_chains = [asyncio.run(chains.measure(habit)) for habit in chains.HABITS_OF_RULES]
    of_repairs = [asyncio.run(repairs.measure(repairs=it)) for it in (False, True)]
    figures = [asyncio.run(sets.measure(author, number)) for author in (sets.SANDBOX, *HABITS)]
    gate = speed.measure()
    rules, of_sets, hostile = item_rules.measure(), set_rules.measure_sets(), injection.measure()
    where = facts("bench.quality", began, sets=f"{number} by each author")
    return Measured(
        where, rules, of_sets, figures, of_chains, of_repairs, hostile, concept_rules.measure_concepts(), gate
    )


def _print(measured: Measured) -> None:
    console = Console(width=120)
    found = Table("goal", "wanted", "measured", "", title="Item quality")
    for goal in goals(measured):
        found.add_row(goal.name, goal.wanted, goal.figure, goal.mark)
    console.print(found)
    authors = Table(
        "author", "complete", "best robot, written", "best robot, shown", "old items shown", title="Authors"
    )
    for it in measured.sets:
        written, shown = f"{it.written_best_robot[1]:.1%}", f"{it.shown_best_robot[1]:.1%}"
        authors.add_row(it.author, f"{it.complete} of {it.sets}", written, shown, str(it.shown_repeated))
    console.print(authors)


if __name__ == "__main__":
    sys.exit(main())
