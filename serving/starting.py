"""A server as a process of its own, seen by who starts it: a port for it, and the wait until it answers."""

import socket
import subprocess
import time

import httpx

START_SECONDS = 60.0
LOOK_SECONDS = 0.02


class NotStarted(Exception):
    """The server has ended, or has not answered in time."""


def free_port() -> int:
    """A port of loopback that nobody listens at in this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_ready(process: "subprocess.Popen[bytes]", url: str) -> None:
    """Wait for a good answer at an address. Raises NotStarted."""
    give_up_at = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < give_up_at:
        if _is_ready(url):
            return
        time.sleep(LOOK_SECONDS)
    raise NotStarted(f"nothing answers at {url}")


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(url).is_success
    except httpx.TransportError:
        return False
