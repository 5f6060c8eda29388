"""`retake bench` says which model should write the questions."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import structlog
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from providers.config import ConfigError, Price, ProvidersConfig

if TYPE_CHECKING:
    from bench.models.records import Record
    from bench.models.runner.plan import Request, Subject
    from bench.models.runner.results import Results
    from bench.models.runner.students import ExampleStudent

OUT = Path("benchmark")
INSTALL = "in a checkout: make install; from a wheel file: pip install 'retake-VERSION-py3-none-any.whl[bench]'"
NEEDED = ("numpy", "scipy", "matplotlib", "jinja2")


@click.group(invoke_without_command=True)
@click.option("--providers", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The vendors.")
@click.option("--vendors", default="", help="Only these, separated by commas.")
@click.option("--profiles", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Your own students.")
@click.option("--forms", type=click.IntRange(1), default=1, show_default=True, help="First sets per student.")
@click.option("--retakes", type=click.IntRange(0), default=1, show_default=True, help="Retakes after each first set.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--max-usd", type=click.FloatRange(0, min_open=True), help="Begin nothing more once so much is spent.")
@click.option(
    "--assume-price",
    type=click.FloatRange(0),
    nargs=2,
    metavar="IN OUT",
    help="US dollars per million tokens read and written, for vendors whose price is not known.",
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=OUT, show_default=True)
@click.option("--resume", is_flag=True, help="Go on with the run in --out.")
@click.option("--chains", is_flag=True, help="Measure the whole chain too.")
@click.option("--no-solvers", is_flag=True, help="Let nobody answer the questions.")
@click.option("--no-variants", is_flag=True, help="Leave out other hints at gender and country, and planted orders.")
@click.option("--at-once", type=click.IntRange(1), default=4, show_default=True, help="Students at the same time.")
@click.option("--dry-run", is_flag=True, help="Estimate calls, tokens and cost, and ask nobody.")
@click.pass_context
def bench(
    ctx: click.Context,
    *,
    file: Path | None,
    vendors: str,
    profiles: Path | None,
    forms: int,
    retakes: int,
    seed: int,
    max_usd: float | None,
    assume_price: tuple[float, float] | None,
    out: Path,
    resume: bool,
    chains: bool,
    no_solvers: bool,
    no_variants: bool,
    at_once: int,
    dry_run: bool,
) -> None:
    """Have every vendor of a provider file write sets, and report who writes the best ones for the money."""
    _require_libraries()
    if ctx.invoked_subcommand is not None:
        return
    if file is None:
        raise click.UsageError("Missing option '--providers'.")
    from bench.models.runner.plan import Request, UnknownVendor, subjects_of
    from bench.models.runner.prices import Unpriced, priced
    from bench.models.runner.results import OtherRun
    from bench.models.runner.students import PROFILES, BadProfile, load

    try:
        config = ProvidersConfig.from_file(file)
        students = load(profiles or PROFILES)
        wanted = [name.strip() for name in vendors.split(",") if name.strip()]
        subjects = subjects_of(config, wanted, has_chain=chains, has_solvers=not no_solvers)
        bound = None if dry_run else max_usd
        config = priced(config, subjects, Price(*assume_price) if assume_price else None, bound)
        request = Request(
            subjects=subjects,
            forms=forms,
            retakes=retakes,
            seed=seed,
            at_once=at_once,
            max_usd=max_usd,
            has_variants=not no_variants,
        )
        if dry_run:
            _print_estimates(config, request, students)
        else:
            _carry_out(config, request, students, out, resume=resume)
    except (ConfigError, UnknownVendor, BadProfile, OtherRun, Unpriced) as error:
        raise click.ClickException(str(error)) from error


@bench.command()
@click.argument("run_a", type=click.Path(exists=True, path_type=Path))
@click.argument("run_b", type=click.Path(exists=True, path_type=Path))
def compare(run_a: Path, run_b: Path) -> None:
    """Compare two runs (folders, or their results.jsonl) subject by subject: a new model version, a new prompt."""
    from bench.models.two_runs import compare_runs

    rows = compare_runs(*(run / "results.jsonl" if run.is_dir() else run for run in (run_a, run_b)))
    table = Table("subject", "metric", "first run", "second run", "difference (95%)", "verdict", title="Two runs")
    for row in rows:
        table.add_row(*row)
    _console().print(table if rows else "the runs have no subject in common")


class Board:
    """Tells how far a run is: bars on a terminal, a line per unit elsewhere."""

    def __init__(self, results: "Results", console: Console) -> None:
        self._results = results
        self._console = console
        self._columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*self._columns, TextColumn("{task.fields[note]}"), console=console)
        self._task: TaskID | None = None
        self._accepted, self._usd, self._done, self._units = 0, 0.0, 0, 0

    def keep(self, records: "Sequence[Record]") -> None:
        """Into the file."""
        self._results.keep(records)

    def began(self, subject: "Subject", units: int, done: int) -> None:
        """A new bar."""
        self._accepted, self._usd, self._done, self._units = 0, 0.0, done, units
        if self._console.is_terminal:
            self._progress.start()
            self._task = self._progress.add_task(subject.name, total=units, completed=done, note="")

    def ended_unit(self, subject: "Subject", records: "Sequence[Record]") -> None:
        """One further on."""
        from bench.models.records import CallRecord, ItemRecord

        self._done += 1
        self._accepted += sum(isinstance(it, ItemRecord) and it.accepted for it in records)
        self._usd += sum((it.cost or 0.0) for it in records if isinstance(it, CallRecord))
        note = f"{self._accepted} items accepted, ${self._usd:.4f}"
        if self._task is not None:
            self._progress.update(self._task, advance=1, note=note)
        else:
            self._console.print(f"{subject.name}: {self._done} of {self._units} sittings, {note}")

    def left_out(self, subject: "Subject", why: str) -> None:
        """Say so, and let the others go on."""
        self._console.print(f"{subject.name}: left out from here on: {why}")

    def close(self) -> None:
        """Let the bars stand."""
        self._progress.stop()


def _carry_out(
    config: ProvidersConfig, request: "Request", students: "Sequence[ExampleStudent]", out: Path, *, resume: bool
) -> None:
    from bench.models.runner.results import Results
    from bench.models.runner.run import Run, header

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    console = _console()
    with Results(out, header(config, request, students), resume=resume) as results:
        board = Board(results, console)
        run = Run(config, request, students, board, spent=results.spent)
        try:
            asyncio.run(run.write(results.done))
        except KeyboardInterrupt:
            console.print(f"stopped; what is finished is kept, and --resume --out {out} goes on")
        finally:
            board.close()
    _report(results.path, out, console)


def _report(path: Path, out: Path, console: Console) -> None:
    from bench.models.records import items_of
    from bench.models.report.numbers import interval, value
    from bench.models.report.write import write_report
    from bench.models.summary import summarise

    summary = summarise(path)
    write_report(summary, items_of(path), out)
    columns = ("complete_rate", "accepted_rate", "worst_robot", "form_p50", "usd_per_accepted")
    table = Table("subject", "complete", "accepted", "best robot", "set, median s", "$ per item", title="In short")
    units = ("share", "share", "share", "seconds", "usd")
    for subject in summary.subjects:
        found = [subject.figures[name] for name in columns]
        cells = [f"{value(it.value, unit)} {interval(it, unit)}" for it, unit in zip(found, units, strict=True)]
        table.add_row(subject.subject, *cells)
    console.print(table)
    if summary.chain:
        console.print(f"recommended chain: {', '.join(summary.chain)}")
    console.print(f"report: {out / 'report.html'}")


def _print_estimates(config: ProvidersConfig, request: "Request", students: "Sequence[ExampleStudent]") -> None:
    from bench.models.runner.estimate import estimates
    from bench.models.runner.prices import advice, unpriced

    table = Table("subject", "sets", "calls", "tokens", "$, at least", title="Nothing was asked; at the least")
    for found in estimates(config, request, students):
        usd = "no price known" if found.usd is None else f"{found.usd:.4f}"
        table.add_row(found.subject, str(found.sets), str(found.calls), str(found.tokens), usd)
    console = _console()
    console.print(table)
    if names := unpriced(config, request.subjects):
        console.print(f"{advice(names)}; without it --max-usd is refused", soft_wrap=True, highlight=False)


def _require_libraries() -> None:
    from importlib.util import find_spec

    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise click.ClickException(f"{', '.join(missing)}: not installed; {INSTALL}")


def _console() -> Console:
    console = Console()
    console.width = max(console.width, 120)
    return console
