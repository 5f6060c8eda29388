"""`retake stats`: how the questions of the archive behave."""

from collections.abc import Sequence
from functools import partial

import click
import msgspec
from rich.table import Table
from rich.text import Text

from assessment.models import Mode
from assessment.scoring.statistics import MIN_ANSWERS, Distractors, Estimate, GroupReport, KeyPositions
from cli.ledger import Span
from cli.printing import harmless, print_found
from cli.running import read_settings, with_database
from db.engine import RetakeEngine
from db.item_statistics import item_statistics
from db.platforms import UnknownPlatform

FEWEST = 10  # under so many answers no interval is of use, and a group could be one student
SMALLEST_P = 0.001
UNKNOWN = "unknown"


@click.command()
@click.option("--since", type=Span(), default="30d", show_default=True, help="How far to look back: 90s, 15m, 1h, 7d.")
@click.option("--mode", type=click.Choice([mode.value for mode in Mode]), default="live", show_default=True)
@click.option("--platform", default=None, help="Only this platform's students.  [default: all]")
@click.option(
    "--min-n",
    type=click.IntRange(min=FEWEST),
    default=MIN_ANSWERS,
    show_default=True,
    help="Answers a group needs, and takers a repeated item needs, to be judged.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list instead of a table.")
def stats(*, since: int, mode: str, platform: str | None, min_n: int, as_json: bool) -> None:  # click passes by name
    """Judge the questions of submitted attempts by skill, model, prompt version and difficulty."""
    read_settings()

    async def work(engine: RetakeEngine) -> tuple[GroupReport, ...]:
        return await item_statistics(engine, mode=Mode(mode), platform=platform, seconds=since, min_answers=min_n)

    try:
        found = with_database(work)
    except UnknownPlatform as error:
        raise click.ClickException(f"no platform is named {platform!r}") from error
    nothing = f"no attempt was submitted in {mode} mode in this time"
    print_found(found, partial(_table, mode), nothing, as_json=as_json)


def _table(mode: str, found: Sequence[GroupReport]) -> Table:
    table = Table("skill", "model", "prompt", "difficulty", title=f"Questions of {mode} attempts, 95% intervals")
    for name in ("answers", "facility", "discrimination", "non-functioning\ndistractors", "key at\nA / B / C / D", "p"):
        table.add_column(name, justify="right")
    for report in found:
        # a skill's id may hold brackets, which a plain string would have read as markup
        names = [Text(harmless(name or UNKNOWN)) for name in msgspec.structs.astuple(report.group)]
        table.add_row(*names, f"{report.answers}\nin {report.attempts} attempts", *_figures(report))
    return table


def _figures(report: GroupReport) -> tuple[str, ...]:
    figures = report.figures
    if figures is None:
        return (f"too few ({report.answers})",)
    return (
        _estimate(figures.facility),
        _estimate(figures.discrimination),
        _distractors(figures.distractors),
        *_key_positions(figures.key_positions),
    )


def _estimate(estimate: Estimate | None) -> str:
    return f"{estimate.value:.2f}\n{estimate.low:.2f} to {estimate.high:.2f}" if estimate else "n/a"


def _distractors(distractors: Distractors | None) -> str:
    if distractors is None:
        return "n/a"
    return f"{distractors.share:.0%}\n{distractors.non_functioning} of {distractors.total}"


def _key_positions(positions: KeyPositions) -> tuple[str, str]:
    shares = " / ".join(f"{share:.0%}" for share in positions.shares)
    return shares, _p_value(positions.p_value)


def _p_value(p_value: float | None) -> str:
    if p_value is None:
        return "n/a"
    return f"{p_value:.3f}" if p_value >= SMALLEST_P else f"<{SMALLEST_P}"
