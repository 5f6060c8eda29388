"""`retake person …`: all that is stored of a person, and its erasure."""

from pathlib import Path
from typing import Any

import click
import msgspec

from cli.running import command_user, read_settings, with_database
from db.engine import RetakeEngine
from db.persons import Persons


@click.group()
def person() -> None:
    """Export or erase what is stored of a person, named by its record user id (usr_…)."""


@person.command()
@click.argument("record_user_id")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), default=None, help="[default: print it]")
def export(record_user_id: str, output: Path | None) -> None:
    """Give all that is stored of a person as one JSON document."""
    read_settings()

    async def work(engine: RetakeEngine) -> dict[str, Any] | None:
        return await Persons(engine).export(None, record_user_id, by=command_user())

    found = with_database(work)
    if found is None:
        raise _unknown(record_user_id)
    text = msgspec.json.format(msgspec.json.encode(found))
    if output is None:
        click.echo(text)
    else:
        output.write_bytes(text)


@person.command()
@click.argument("record_user_id")
@click.option("--yes", is_flag=True, help="Do not ask whether this is meant.")
def erase(record_user_id: str, *, yes: bool) -> None:  # click passes options by name
    """Erase a person with all that belongs to it, for good."""
    if not yes:
        click.confirm(f"Erase {record_user_id} for good?", abort=True)
    read_settings()

    async def work(engine: RetakeEngine) -> dict[str, int] | None:
        return await Persons(engine).erase(None, record_user_id, by=command_user())

    erased = with_database(work)
    if erased is None:
        raise _unknown(record_user_id)
    for kind, count in erased.items():
        click.echo(f"{count}\t{kind}")


def _unknown(record_user_id: str) -> click.ClickException:
    return click.ClickException(f"no student has the id {record_user_id!r}")
