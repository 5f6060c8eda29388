"""`retake db …`: the schema."""

import click

from cli.running import explained, read_settings
from db.migrations import MigrationStatus, status, upgrade
from piccolo_conf import DB


@click.group()
def db() -> None:
    """Bring the database up to date, or say what it lacks."""


@db.command("upgrade")
def upgrade_command() -> None:
    """Apply pending migrations and the skill catalogue; safe to run again."""
    read_settings()
    _tell(_on_engine(change=True))


@db.command("status")
def status_command() -> None:
    """Say which migrations are applied; exits with 1 when some are pending or unknown to this version."""
    read_settings()
    found = _on_engine(change=False)
    _tell(found)
    if not found.is_current:
        raise click.exceptions.Exit(1)


def _on_engine(*, change: bool) -> MigrationStatus:
    async def run() -> MigrationStatus:
        engine = DB
        await engine.connect()
        try:
            return await upgrade(engine) if change else await status(engine)
        finally:
            await engine.disconnect()

    return explained(run)


def _tell(found: MigrationStatus) -> None:
    for name in found.applied:
        click.echo(f"applied  {name}")
    for name in found.pending:
        click.echo(f"pending  {name}")
    for name in found.unknown:
        click.echo(f"unknown  {name}")
    click.echo(_verdict(found))


def _verdict(found: MigrationStatus) -> str:
    if found.unknown:
        return "newer than this version of Retake: run the version that upgraded it"
    return "up to date" if found.is_current else "not up to date: run `retake db upgrade`"
