"""`retake providers …`: the model vendors."""

import asyncio
import os
from pathlib import Path

import click

from cli.running import read_settings
from providers.build import check_spend
from providers.check import VendorCheck, check
from providers.config import ConfigError, load
from providers.preset_files import PresetError, environment_of, presets, provider_file

DEFAULT_FILE = Path("providers.yaml")


@click.group()
def providers() -> None:
    """Look after the model vendors."""


@providers.command("init")
@click.argument("names", nargs=-1, metavar="[PRESET]...")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to; without it RETAKE_PROVIDERS, or else providers.yaml.",
)
@click.option("--force", is_flag=True, help="Overwrite the file if it is there.")
def init_command(names: tuple[str, ...], out: Path | None, *, force: bool) -> None:
    """Write a provider file from a preset, or from several, in the order of preference; without one, list them."""
    if not names:
        for name, about in presets().items():
            click.echo(f"{name}\t{about}")
        return
    file = out or Path(os.environ.get("RETAKE_PROVIDERS") or DEFAULT_FILE)
    try:
        text = provider_file(names)
        with file.open("w" if force else "x", encoding="utf-8") as target:
            target.write(text)
    except FileExistsError:
        raise click.ClickException(f"{file} is there already; --force overwrites it") from None
    except (PresetError, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"wrote {file}; read its first lines, and set {', '.join(environment_of(text))}")
    click.echo(f"then: RETAKE_PROVIDERS={file} retake providers check")


@providers.command("check")
def check_command() -> None:
    """Validate the provider file, show the chain and send each vendor one tiny request."""
    settings = read_settings()
    try:
        config = load(settings.jobs.providers_file)
        check_spend(config)
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"configuration {settings.jobs.providers_file or 'built in (sandbox only)'}, hash {config.hash}")
    click.echo("chain: " + " > ".join(vendor.name for vendor in config.chain))
    checks = asyncio.run(check(config))
    for vendor in checks:
        click.echo("\n".join(_lines(vendor)))
    if not all(vendor.ok for vendor in checks):
        raise click.exceptions.Exit(1)


def _lines(vendor: VendorCheck) -> list[str]:
    verdict = "ok" if vendor.ok else f"FAILED {vendor.outcome}"
    found = [f"{vendor.name}\t{vendor.model}\t{verdict}\t{vendor.seconds:.1f} s\t{vendor.message}".rstrip()]
    found += [f"  {line}" for line in (*vendor.findings, *(f"to do: {it}" for it in vendor.remedies))]
    return found
