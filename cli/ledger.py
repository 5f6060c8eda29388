"""`retake ledger`: what the vendors did, and what it cost."""

import re
from collections.abc import Sequence

import click
from rich.table import Table

from cli.printing import print_found
from cli.running import read_settings, with_database
from db.ahead import AheadSummary, summary
from db.engine import RetakeEngine
from db.ledger import VendorSummary, summaries

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class Span(click.ParamType[int]):
    """A number and a unit, as in 90s, 15m, 1h or 7d; gives seconds."""

    name = "span"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        match = re.fullmatch(r"([1-9][0-9]{0,5})([smhd])", str(value), re.ASCII)
        if match is None:
            self.fail(f"{value!r} is no number with s, m, h or d behind it, such as 90s or 7d", param, ctx)
        return int(match[1]) * UNITS[match[2]]


@click.command()
@click.option("--since", type=Span(), default="1h", show_default=True, help="How far to look back: 90s, 15m, 1h, 7d.")
@click.option("--ahead", "is_ahead", is_flag=True, help="What became of the sets that were written ahead.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list instead of a table.")
def ledger(since: int, is_ahead: bool, as_json: bool) -> None:  # click passes options by name
    """Sum up the requests to each vendor: outcomes, seconds, items, tokens and cost in US dollars."""
    read_settings()

    async def work(engine: RetakeEngine) -> list[VendorSummary]:
        return await summaries(engine, since)

    if is_ahead:
        print_found([with_database(lambda engine: summary(engine, since))], _ahead_table, "", as_json=as_json)
        return
    found = with_database(work)
    print_found(found, _table, "no request to a vendor in this time", as_json=as_json)


def _table(found: Sequence[VendorSummary]) -> Table:
    table = Table("vendor", "outcomes", "items accepted / rejected / mended", title="Requests to vendors")
    for name in ("attempts", "p50 s", "p95 s", "tokens in", "tokens out", "cost $"):
        table.add_column(name, justify="right")
    for vendor in found:
        table.add_row(
            vendor.vendor,
            _counts(vendor.outcomes),
            _items(vendor),
            f"{vendor.attempts}" + (f"\n{vendor.hedges} hedged" if vendor.hedges else ""),
            f"{vendor.p50_seconds:.2f}",
            f"{vendor.p95_seconds:.2f}",
            f"{vendor.input_tokens}",
            f"{vendor.output_tokens}",
            _cost(vendor),
        )
    return table


def _ahead_table(found: Sequence[AheadSummary]) -> Table:
    table = Table("sets written ahead", title="Written ahead")
    table.add_column("", justify="right")
    for it in found:
        for name in ("prepared", "taken", "joined", "discarded", "expired", "failed"):
            table.add_row(name, str(getattr(it, name)))
        for reason, times in sorted(it.reasons.items()):
            table.add_row(f"  {reason}", str(times))
        table.add_row("cost $", f"{it.cost:.4f}")
        table.add_row("of that nobody took $", f"{it.unused_cost:.4f}")
        table.add_row("seconds saved", f"{it.seconds_saved:.1f}")
    return table


def _items(vendor: VendorSummary) -> str:
    mended = "mended:\n" + _counts(vendor.mended) if vendor.mended else ""
    return "\n".join(filter(None, (f"{vendor.accepted} accepted", _counts(vendor.rejected), mended)))


def _counts(counts: dict[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return "\n".join(f"{count} {name}" for name, count in ordered)


def _cost(vendor: VendorSummary) -> str:
    """The sum, and under it what of it is not certain."""
    notes = [f"{vendor.cost:.4f}"]
    if vendor.estimated_cost:
        notes.append(f"{vendor.estimated_cost:.4f} estimated")
    if vendor.unpriced:
        notes.append(f"{vendor.unpriced} without a price")
    return "\n".join(notes)
