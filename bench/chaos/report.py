"""The fault matrix as a page, and the summary on the terminal."""

from collections.abc import Mapping, Sequence

import msgspec
from rich.table import Table

from bench.chaos.figures import OURS, ROUTER, Figures, Result, Run, select, summarize
from bench.chaos.plan import WHO
from bench.chaos.stalls import Stalls
from bench.chaos.wire import WireResult, WireRun
from bench.page import facts_table, table

HOW_TO_READ = """\
Every fault that the scripted vendor of the tests knows is put on the first vendor, on two, and on all three vendors of
a chain, with answers as a stream and whole, in both dialects (OpenAI and Anthropic, alternating along the chain). Each
run writes one set of ten from a cold start: nothing is learned, no breaker is open. Retake runs as the server builds
it, over LiteLLM. Beside it `litellm.Router` meets the same faults: one deployment per vendor, ordered fallbacks (also
for content policy and context length), two retries, a timeout per attempt, cooldowns, the schema in `response_format`.
Its answer counts as complete when Retake's own item rules accept ten items of it.

- **inside**: share of requests that ended within `budget_seconds`; a Router call is ended from outside after two.
- **complete**: share that gave ten valid items. With all three vendors faulty, 0% is right for most faults.
- **p50 / p99**: seconds of the scaled clock. With few runs per cell p99 is the slowest.
- **extra**: requests that reached a vendor beyond the least possible (two for Retake's split set, one for the Router).
- **wasted**: valid items that no student got, over all runs; spare ones of a complete set are bought on purpose.
  For the Router only those of its last answer can be seen.

The Router meets only a selection of the faults unless `--router-faults all` is given: a row without it shows "-", and
its figures among the goals are those of its own rows. Six runs share one process, so that building one can hold up
another: an overrun that is missed here is to be repeated alone, with `--fault`, before it is believed.
"""

WIRE = """\
What vendors, proxies and models were seen to send, by public reports (`fakes/wire_cases`). Each case is the only vendor
of a chain, and then the first one before a sound vendor: how many questions the set got, in how many seconds of the
scaled clock, and how the calls to the vendor of the case ended.
"""


class Header(msgspec.Struct, frozen=True):
    """Where the figures come from."""

    facts: Mapping[str, str]
    budget: float


class Measured(msgspec.Struct, frozen=True):
    """All that a page is made of."""

    results: Sequence[Result]
    stalls: tuple[Stalls, Stalls] | None
    real: Sequence[Run]
    wire: Sequence[WireResult] = ()

    def goals(self, budget: float) -> "list[Goal]":
        """Every goal beside its figure."""
        return goals(self.results, self.stalls, budget) + (wire_goals(self.wire) if self.wire else [])


class Goal(msgspec.Struct, frozen=True):
    """What was promised, and what was measured."""

    name: str
    wanted: str
    figure: str
    is_reached: bool
    router: str = ""


def goals(results: Sequence[Result], stalls: tuple[Stalls, Stalls] | None, budget: float) -> list[Goal]:
    """Every goal beside its figure."""
    ours, theirs = summarize(select(results, OURS)), _summary(select(results, ROUTER))
    sound = summarize(select(results, OURS, sound=True))
    their_sound = _summary(select(results, ROUTER, sound=True))
    found = [
        Goal(
            "inside the budget",
            "100%",
            _share(ours.inside),
            ours.inside == 1.0,
            _share(theirs.inside) if theirs else "",
        ),
        Goal(
            "complete set whenever a vendor is sound",
            "100%",
            _share(sound.complete),
            sound.complete == 1.0,
            _share(their_sound.complete) if their_sound else "",
        ),
        Goal(
            "worst overrun of the writer's deadline (budget less reserve)",
            "50 ms",
            f"{ours.worst_overrun_ms:.0f} ms",
            ours.worst_overrun_ms <= 50,
            f"{theirs.worst_overrun_ms:.0f} ms" if theirs else "",
        ),
        _all_dead(results, budget),
    ]
    return found + (_stall_goals(*stalls) if stalls else [])


def page(header: Header, measured: Measured) -> str:
    """The whole page."""
    results, real = measured.results, measured.real
    parts = [
        "# Fault matrix\n\nWritten by `make chaos`; do not edit.\n",
        facts_table(header.facts),
        "## Goals\n",
        table(
            ("goal", "wanted", "Retake", "reached", "Router"),
            [_goal_row(goal) for goal in measured.goals(header.budget)],
        ),
        "## How to read it\n\n" + HOW_TO_READ,
        "## By fault\n\nRetake | Router in every column.\n",
        table(("fault", "at", "inside", "complete", "p50 s", "p99 s", "extra", "wasted"), _rows(results)),
    ]
    if measured.wire:
        parts.append(wire_section(measured.wire))
    if real:
        parts.append(_true_budget(summarize(real)))
    if missed := _missed(results):
        parts.append("## Where a goal was missed\n\n" + missed)
    return "\n".join(parts)


def wire_goals(results: Sequence[WireResult]) -> list[Goal]:
    """What the wire cases were to come to."""
    alone = sum(result.alone.keeps_to(result.case, alone=True) for result in results)
    before = sum(result.before_sound.keeps_to(result.case, alone=False) for result in results)
    return [
        Goal("wire cases alone: as their files say", str(len(results)), str(alone), alone == len(results)),
        Goal(
            "wire cases before a sound vendor: a complete set",
            str(len(results)),
            str(before),
            before == len(results),
        ),
    ]


def wire_section(results: Sequence[WireResult]) -> str:
    """A row per case."""
    head = ("case", "what is sent", "alone", "before a sound vendor", "as it should be")
    return f"## Wire cases\n\n{WIRE}\n{table(head, map(_wire_row, results))}"


def _wire_row(result: WireResult) -> tuple[str, ...]:
    case = result.case
    verdict = "MISSED" if result.is_missed else "yes"
    return case.name, case.sent.replace("|", "\\|"), _came(result.alone), _came(result.before_sound), verdict


def _came(run: WireRun) -> str:
    calls = ", ".join(f"{count} {outcome}" for outcome, count in run.outcomes.items())
    return f"{run.items} in {run.seconds:g} s ({calls})"


def goal_table(found: Sequence[Goal]) -> Table:
    """The goals for the terminal."""
    shown = Table("goal", "wanted", "Retake", "", "Router", title="Fault matrix")
    for goal in found:
        shown.add_row(*_goal_row(goal))
    return shown


def _all_dead(results: Sequence[Result], budget: float) -> Goal:
    """Vendors that decline leave nothing to wait for; those that are broken may come back, and are waited for."""
    runs = select(results, OURS, fault="refused", bad=3)
    slowest = max((run.seconds for run in runs), default=0.0)
    router = select(results, ROUTER, fault="refused", bad=3)
    return Goal(
        "all three decline to write: fails as soon as nobody is left (a third of the budget at most)",
        "1/3 budget",
        f"{slowest:.2f} s",
        slowest <= budget / 3 and not any(run.is_complete for run in runs),
        f"{max(run.seconds for run in router):.2f} s" if router else "",
    )


def _stall_goals(ours: Stalls, theirs: Stalls) -> list[Goal]:
    return [
        Goal("p99 / p50 with 5% stalls", "1.5", f"{ours.ratio:.2f}", ours.ratio <= 1.5, f"{theirs.ratio:.2f}"),
        Goal(
            "extra calls with 5% stalls",
            "10%",
            _share(ours.extra_calls),
            ours.extra_calls <= 0.1,
            _share(theirs.extra_calls),
        ),
        Goal("complete with 5% stalls", "100%", _share(ours.complete), ours.complete == 1.0, _share(theirs.complete)),
    ]


def _summary(runs: Sequence[Run]) -> Figures | None:
    return summarize(runs) if runs else None


def _goal_row(goal: Goal) -> tuple[str, ...]:
    return goal.name, goal.wanted, goal.figure, "yes" if goal.is_reached else "MISSED", goal.router


def _rows(results: Sequence[Result]) -> list[tuple[str, ...]]:
    keys = dict.fromkeys((result.cell.fault, result.cell.bad) for result in results)
    return [_row(fault, bad, results) for fault, bad in keys]


def _row(fault: str, bad: int, results: Sequence[Result]) -> tuple[str, ...]:
    both = [_summary(select(results, who, fault=fault, bad=bad)) for who in (OURS, ROUTER)]
    shown = [_cells(figures) for figures in both]
    return fault, WHO[bad] if fault != "good" else "none", *(" \\| ".join(pair) for pair in zip(*shown, strict=True))


def _cells(figures: Figures | None) -> tuple[str, ...]:
    if figures is None:
        return ("-",) * 6
    seconds = f"{figures.p50:.2f}", f"{figures.p99:.2f}"
    counts = f"{figures.extra_calls:.1f}", str(figures.wasted_items)
    return _share(figures.inside), _share(figures.complete), *seconds, *counts


def _true_budget(figures: Figures) -> str:
    return (
        f"## With the true 90 seconds\n\n{figures.runs} runs whose vendors all hang, drip or stall: inside the budget "
        f"{_share(figures.inside)}, worst overrun {figures.worst_overrun_ms:.0f} ms, slowest {figures.p99:.2f} s.\n"
    )


def _missed(results: Sequence[Result]) -> str:
    rows = [
        (str(it.cell), str(it.seed), f"{it.run.seconds:.2f}", "yes" if it.run.is_complete else "no", it.run.note)
        for it in results
        if it.who == OURS and is_missed(it)
    ]
    return table(("cell", "seed", "seconds", "complete", "attempts"), rows) if rows else ""


def is_missed(result: Result) -> bool:
    """Whether one run by itself breaks a promise."""
    run = result.run
    is_short = result.cell.has_sound_vendor and not run.is_complete
    return is_short or not run.is_inside or run.overrun > 0.05


def _share(value: float) -> str:
    return f"{100 * value:.1f}%".replace(".0%", "%")
