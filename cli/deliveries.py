"""`retake deliveries …`: what became of the webhooks, and sending them again."""

from collections.abc import Sequence

import click
from rich.table import Table

from assessment.notices import Delivery, iso
from cli.ledger import Span
from cli.printing import print_found
from cli.running import command_user, read_settings, with_database
from db.deliveries import MOST_REPLAYS, Deliveries
from db.engine import RetakeEngine

STATES = click.Choice(["pending", "delivered", "undeliverable"])
PER_MINUTE = 600


@click.group()
def deliveries() -> None:
    """Show the webhooks that were sent, and send them again."""


@deliveries.command("list")
@click.option("--since", type=Span(), default="1h", show_default=True, help="How far to look back: 90s, 15m, 1h, 7d.")
@click.option("--state", type=STATES, default=None, help="Only those in this state.  [default: all]")
@click.option("--platform", default=None, help="Only this platform's.  [default: all]")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list instead of a table.")
def list_deliveries(since: int, state: str | None, platform: str | None, *, as_json: bool) -> None:  # click's names
    """List the webhooks stored in this time, newest first."""
    found = _recent(since, state, platform)
    print_found(found, _table, "no webhook in this time", as_json=as_json)


@deliveries.command()
@click.argument("delivery_ids", nargs=-1)
@click.option("--since", type=Span(), default=None, help="All that were stored in this time, instead of ids.")
@click.option("--state", type=STATES, default="undeliverable", show_default=True, help="With --since: in this state.")
@click.option("--platform", default=None, help="With --since: of this platform.  [default: all]")
@click.option(
    "--per-minute", type=click.IntRange(1, 60_000), default=PER_MINUTE, show_default=True, help="How fast, at most."
)
def replay(
    *, delivery_ids: tuple[str, ...], since: int | None, state: str, platform: str | None, per_minute: int
) -> None:
    """Send webhooks again under their ids, oldest first: those named, or all of some time and state."""
    if bool(delivery_ids) == (since is not None):
        raise click.UsageError("name deliveries by their ids, or give --since")
    chosen = list(delivery_ids)
    if since is not None:
        chosen = [each.delivery_id for each in reversed(_recent(since, state, platform))]
    read_settings()

    async def work(engine: RetakeEngine) -> int:
        return await Deliveries(engine).replay_many(chosen, per_minute, by=command_user())

    sent = with_database(work)
    if sent < len(delivery_ids):
        raise click.ClickException(f"{len(delivery_ids) - sent} of these are no webhooks that are kept")
    click.echo(f"{sent} webhooks will be sent again, {per_minute} a minute")
    if len(chosen) == MOST_REPLAYS:
        click.echo("more may be left: run it again")


def _recent(since: int, state: str | None, platform: str | None) -> list[Delivery]:
    read_settings()

    async def work(engine: RetakeEngine) -> list[Delivery]:
        return await Deliveries(engine).recent(platform, state, since)

    return with_database(work)


def _table(found: Sequence[Delivery]) -> Table:
    table = Table("id", "event", "verification", "state", "tries", "status", "reason", "stored")
    for each in found:
        table.add_row(
            each.delivery_id,
            each.event.value,
            each.verification_id,
            each.state,
            str(each.tries),
            str(each.last_status or ""),
            each.last_reason or "",
            iso(each.created_at),
        )
    return table
