"""The parent of several workers passes SIGHUP on, to each once, and to none that would die of it."""

import os
import signal
import subprocess
import sys

import pytest
import uvicorn

from cli.serve import Supervisor


class Child:
    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.alive = True
        self.ready = True
        self.process = self

    def is_alive(self) -> bool:
        return self.alive

    def is_ready(self) -> bool:
        return self.ready


@pytest.fixture
def supervisor(monkeypatch: pytest.MonkeyPatch) -> Supervisor:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    return Supervisor(uvicorn.Config("api.app:create_app", workers=2), [])


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Process ids and signals, instead of sending any."""
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: sent.append((pid, number)))
    return sent


def test_each_worker_is_told_once_and_one_that_starts_is_told_when_it_is_ready(
    supervisor: Supervisor, told: list[tuple[int, int]]
) -> None:
    ready, starting, dead = Child(1), Child(2), Child(3)
    starting.ready = dead.alive = False
    supervisor.processes = [ready, starting, dead]  # type: ignore[list-item]  # stand-ins for processes
    supervisor.signal_queue.append(signal.SIGHUP)
    supervisor.handle_signals()
    assert told == [(1, signal.SIGHUP)]
    starting.ready = True
    supervisor.handle_signals()
    supervisor.handle_signals()
    assert told == [(1, signal.SIGHUP), (2, signal.SIGHUP)]


def test_a_hangup_before_the_server_listens_to_it_ends_nothing() -> None:
    program = "import os, signal; from cli.serve import _ignore_hangups; _ignore_hangups(); os.kill(os.getpid(), 1)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
