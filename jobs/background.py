"""Work that goes on beside the requests, for as long as the server runs, whatever goes wrong in it."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog
from prometheus_client import Counter

from assessment.places import place_of

FAILURES = Counter("retake_background_failures", "Background work that ended with an error", ("job",))

log = structlog.get_logger(__name__)

Job = Callable[[], Awaitable[None]]


async def for_ever(name: str, job: Job, pause_seconds: float, stop: asyncio.Event) -> None:
    """Do a job again and again, with a pause after each time, until `stop` is set.

    A job that is itself a loop is begun anew when it breaks.
    """
    while not stop.is_set():
        await attempted(name, job)
        await pause(pause_seconds, stop)


async def attempted(name: str, job: Job) -> None:
    """Do a job once. Whatever it raises is logged with its place and counted, and goes no further."""
    try:
        await job()
    except Exception as error:  # noqa: BLE001  # nobody awaits background work: it would end without a word
        FAILURES.labels(name).inc()
        log.error("background_failure", job=name, error=type(error).__name__, at=place_of(error))  # noqa: TRY400  # a message may quote data


async def pause(seconds: float, stop: asyncio.Event) -> None:
    """Wait, but not beyond `stop`."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
