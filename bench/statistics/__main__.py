"""Run with `make bench-stats`; `--attempts` says how large the archive is, which is deleted afterwards."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import asyncpg
import click

from bench.statistics.archive import write_archive
from db.embedded import EmbeddedServer

SPANS = ("30d", "365d")
TEMPORARY = "SELECT temp_bytes FROM pg_stat_database WHERE datname = current_database()"


class Cost(NamedTuple):
    """What one run took; memory and disk in MB."""

    seconds: float
    memory: float
    disk: float


@click.command()
@click.option("--attempts", type=click.IntRange(min=1_000), default=100_000, show_default=True)
def main(attempts: int) -> None:
    """Measure `retake stats` over an archive of so many attempts, spread over a year."""
    with tempfile.TemporaryDirectory(prefix="rtb-") as folder:
        environment = {**os.environ, "RETAKE_DATA_DIR": folder, "RETAKE_LOG_FORMAT": "json"}
        _retake(environment, "db", "upgrade")
        postgres = EmbeddedServer(Path(folder) / "postgres")
        try:
            asyncio.run(_measured(postgres.uri(), environment, attempts))
        finally:
            postgres.close()


async def _measured(uri: str, environment: Mapping[str, str], attempts: int) -> None:
    database = await asyncpg.connect(uri)
    await write_archive(database, attempts)
    click.echo(f"{attempts} attempts over a year")
    click.echo("  since   seconds   memory MB   temporary files MB")
    for span in SPANS:
        before = await database.fetchval(TEMPORARY)
        seconds, memory = await asyncio.to_thread(_retake, environment, "stats", "--since", span, "--json")
        disk = (await database.fetchval(TEMPORARY) - before) / 1e6
        cost = Cost(seconds, memory, disk)
        click.echo(f"  {span:>5}   {cost.seconds:7.1f}   {cost.memory:9.0f}   {cost.disk:18.0f}")
    await database.close()


def _retake(environment: Mapping[str, str], *arguments: str) -> tuple[float, float]:
    """Run a command; give its seconds and the most memory it had."""
    begun = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603  # our own command
        (sys.executable, "-m", "cli", *arguments), env=dict(environment), stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise click.ClickException(f"retake {' '.join(arguments)} ended with {os.waitstatus_to_exitcode(status)}")
    return time.perf_counter() - begun, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
