"""`retake keys …`: the platforms' credentials."""

import click

from assessment.models import Mode
from assessment.notices import iso
from cli.running import command_user, read_settings, with_database
from db.accounts import Accounts, KeyInfo, NewKey
from db.engine import RetakeEngine


@click.group()
def keys() -> None:
    """Create, list and revoke API keys."""


@keys.command()
@click.option("--mode", type=click.Choice([mode.value for mode in Mode]), required=True)
@click.option("--name", required=True, help="What the key is for, to tell it from others.")
@click.option("--platform", default="default", show_default=True, help="Keys of one platform share its data.")
def create(mode: str, name: str, platform: str) -> None:
    """Make a key; prints its webhook secret and, on the last line, the key. Neither is shown again."""
    read_settings()

    async def work(engine: RetakeEngine) -> NewKey:
        return await Accounts(engine).create_key(Mode(mode), name, platform, by=command_user())

    made = with_database(work)
    click.echo(made.webhook_secret)
    click.echo(made.api_key)


@keys.command("list")
def list_keys() -> None:
    """List all keys, one a line: id, mode, platform, name, when made, whether revoked."""
    read_settings()

    async def work(engine: RetakeEngine) -> list[KeyInfo]:
        return list(await Accounts(engine).list_keys())

    for key in with_database(work):
        revoked = f"revoked {iso(key.revoked_at)}" if key.revoked_at else "in force"
        click.echo("\t".join((key.key_id, key.mode, key.platform, key.name, iso(key.created_at), revoked)))


@keys.command()
@click.argument("key_id")
def revoke(key_id: str) -> None:
    """Revoke a key by its id, and with it every session it opened."""
    read_settings()

    async def work(engine: RetakeEngine) -> bool:
        return await Accounts(engine).revoke_key(key_id, by=command_user())

    if not with_database(work):
        raise click.ClickException(f"no key in force has the id {key_id}")
    click.echo(f"{key_id} is revoked")
