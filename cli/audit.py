"""`retake audit …`: who did what, and whether the log was tampered with."""

import re
from collections.abc import Sequence

import click
from rich.table import Table
from rich.text import Text

from assessment.notices import iso
from cli.printing import print_found
from cli.running import read_settings, with_database
from db.audit import AuditEntry, Verdict, newest, verify
from db.engine import RetakeEngine


class Digest(click.ParamType[str]):
    """A digest in hexadecimal digits."""

    name = "digest"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not re.fullmatch("[0-9a-f]{64}", value):
            self.fail("is no digest of 64 hexadecimal digits", param, ctx)
        return value


@click.group()
def audit() -> None:
    """Show the audit log, or check that nothing in it was changed."""


@audit.command()
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="How many of the last.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list instead of a table.")
def show(limit: int, *, as_json: bool) -> None:  # click passes options by name
    """Show the last entries, newest first."""
    read_settings()

    async def work(engine: RetakeEngine) -> list[AuditEntry]:
        return await newest(engine, limit)

    print_found(with_database(work), _table, "nothing was written down yet", as_json=as_json)


@audit.command("verify")
@click.option("--head", type=Digest(), default=None, help="The digest of the last entry, as an earlier run printed it.")
def verify_command(head: str | None) -> None:
    """Recompute the chain; exits with 1 where an entry was changed, removed or put in.

    What was cut off at the end shows only beside an earlier head, so keep what this prints in another place.
    """
    read_settings()

    async def work(engine: RetakeEngine) -> Verdict:
        return await verify(engine, bytes.fromhex(head) if head else None)

    verdict = with_database(work)
    if verdict.broken_at is not None:
        raise click.ClickException(f"entry {verdict.broken_at} does not fit the one before it, or its own digest")
    if not verdict.knows_head:
        raise click.ClickException("no entry has this digest: the end of the log was cut off, or it is another log")
    click.echo(f"{verdict.entries} entries fit; head {verdict.head.hex() or 'none'}")


def _table(found: Sequence[AuditEntry]) -> Table:
    table = Table("number", "when", "who", "from", "what", "of what", "details")
    for each in found:
        who = f"{each.actor_kind} {each.actor}"
        texts = (who, each.source, each.action, each.subject, each.details)
        table.add_row(str(each.id), iso(each.at), *(Text(text) for text in texts))
    return table
