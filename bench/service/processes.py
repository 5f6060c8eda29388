"""Server processes on a core of their own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

SERVER_CORE = {0}
START_SECONDS = 60.0


class Started:
    """A process that answers, and how long it took to: `ready_seconds` from the fork to the first good answer."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int, ready_seconds: float) -> None:
        self.process = process
        self.port = port
        self.ready_seconds = ready_seconds

    @property
    def memory_mb(self) -> float:
        """Resident memory of this process, without its children."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextmanager
def started(
    command: Sequence[str], port: int, path: str, environment: Mapping[str, str], *, pinned: bool = True
) -> Iterator[Started]:
    """Start a Python program, wait for a 200 at `path`, and end it afterwards. Raises RuntimeError."""
    begun = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603  # our own command
        (sys.executable, *command),
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    if pinned:
        os.sched_setaffinity(process.pid, SERVER_CORE)
    try:
        _wait(process, f"http://127.0.0.1:{port}{path}", begun)
        yield Started(process, port, time.perf_counter() - begun)
    finally:
        process.terminate()
        process.wait()


def _wait(process: "subprocess.Popen[bytes]", url: str, begun: float) -> None:
    while process.poll() is None and time.perf_counter() - begun < START_SECONDS:
        try:
            if httpx.get(url).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.02)
    raise RuntimeError(f"nothing answers at {url}")


def key(environment: Mapping[str, str], mode: str) -> str:
    """Make an API key of a mode in the deployment of an environment."""
    command = (sys.executable, "-m", "cli", "keys", "create", "--mode", mode, "--name", "bench")
    printed = subprocess.run(  # noqa: S603  # our own command
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    return printed.stdout.split()[-1]


def free_port() -> int:
    """Find a port of loopback that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
