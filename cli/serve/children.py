"""What the processes that `retake serve` starts run; each imports its own part, after making way for the others."""

import os
import socket
from collections.abc import Callable, Sequence

from serving.limits import Limits

NICENESS = 10  # of workers beside web processes: who asks something does not wait for what is computed for others


def run_web(started: Callable[[], None], *, limits: Limits, root_path: str, listening: Sequence[socket.socket]) -> None:
    """Answer requests."""
    from serving.server import serve_web  # what the supervisor does without: half a second of its start

    serve_web(started, limits=limits, root_path=root_path, listening=listening)


def run_worker(started: Callable[[], None]) -> None:
    """Run jobs."""
    os.nice(NICENESS)
    from cli.running import explained, read_settings
    from cli.worker import run_jobs

    jobs = read_settings().jobs
    explained(lambda: run_jobs(jobs, started))
