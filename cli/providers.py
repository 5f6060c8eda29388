"""`retake providers …`: the model vendors."""

import asyncio

import click

from cli.running import read_settings
from providers.check import VendorCheck, check
from providers.config import ConfigError, load


@click.group()
def providers() -> None:
    """Look after the model vendors."""


@providers.command("check")
def check_command() -> None:
    """Validate the provider file, show the chain and send each vendor one tiny request."""
    settings = read_settings()
    try:
        config = load(settings.jobs.providers_file)
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"configuration {settings.jobs.providers_file or 'built in (sandbox only)'}, hash {config.hash}")
    click.echo("chain: " + " > ".join(vendor.name for vendor in config.chain))
    checks = asyncio.run(check(config))
    for vendor in checks:
        click.echo(_line(vendor))
    if not all(vendor.ok for vendor in checks):
        raise click.exceptions.Exit(1)


def _line(vendor: VendorCheck) -> str:
    verdict = "ok" if vendor.ok else f"FAILED {vendor.outcome}"
    return f"{vendor.name}\t{vendor.model}\t{verdict}\t{vendor.seconds:.1f} s\t{vendor.message}".rstrip()
