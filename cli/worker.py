"""`retake worker`: a process that runs jobs and nothing else."""

import asyncio
import signal
from collections.abc import Callable

import click
import msgspec

from assessment.deadline import SystemClock
from cli.running import explained, read_settings
from db.opening import open_database
from jobs.memory import put_off_collections, settle_memory
from jobs.process import working
from jobs.settings import GRACE_SECONDS, JobSettings
from jobs.signals import hangups_to
from piccolo_conf import DB


@click.command()
@click.option(
    "--grace",
    type=click.FloatRange(min=0),
    default=GRACE_SECONDS,
    show_default=True,
    help="Seconds after SIGTERM until what is under way is handed back.",
)
def worker(grace: float) -> None:
    """Run jobs: write sets, deliver notices, sweep. Any number of workers, on any machine, share one database."""
    settings = msgspec.structs.replace(read_settings().jobs, grace_seconds=grace)
    explained(lambda: run_jobs(settings, lambda: click.echo("Retake runs jobs")))


async def run_jobs(settings: JobSettings, started: Callable[[], None]) -> None:
    """Run jobs until SIGTERM or SIGINT; calls `started` when the first may be taken.

    It ends by itself, in the same way, when it is worn out: whoever supervises it starts another one.
    """
    put_off_collections()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    engine = DB
    await open_database(engine)
    try:
        async with working(engine, settings, SystemClock()) as vendors:
            settle_memory()
            with hangups_to(vendors.ask):
                started()
                await _first_of(stop, vendors.worn_out)
    finally:
        await engine.disconnect()


async def _first_of(*events: asyncio.Event) -> None:
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
