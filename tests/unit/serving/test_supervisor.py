"""The parent of children: passes SIGHUP on to each once, and starts again whatever ended, more slowly each time."""

import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from serving import supervisor
from serving.supervisor import (
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    SETTLED_SECONDS,
    STOP_SECONDS,
    Child,
    Supervisor,
    Worker,
)


class Process:
    """A process that does what the test says; `ready` is whether it has said so."""

    def __init__(self) -> None:
        self.pid = 1
        self.sentinel = 0
        self.exitcode: int | None = None
        self.ready = False

    def start(self) -> None:
        pass

    def poll(self) -> bool:
        return self.ready

    def recv(self) -> None:
        pass

    def close(self) -> None:
        pass


class Host:
    """Stands for multiprocessing and os: keeps what was started and sent."""

    def __init__(self) -> None:
        self.now = 0.0
        self.started: list[Process] = []
        self.signals: list[tuple[int, int]] = []

    def Pipe(self) -> tuple[Process, Process]:  # noqa: N802  # as multiprocessing calls it
        process = Process()
        process.pid = len(self.started) + 1
        self.started.append(process)
        return process, process

    def Process(self, **_: Any) -> Process:  # noqa: N802  # likewise
        return self.started[-1]


def run(ready: Callable[[], None]) -> None:
    ready()


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    host = Host()
    monkeypatch.setattr(supervisor, "spawn", host)
    monkeypatch.setattr("os.kill", lambda pid, number: host.signals.append((pid, number)))
    return host


@pytest.fixture
def worker(host: Host) -> Worker:
    worker = Worker(Child("any", run), lambda: host.now)
    worker.start_when_due()
    return worker


def test_each_child_is_told_once_and_one_that_starts_is_told_when_it_is_ready(host: Host) -> None:
    parent = Supervisor([Child("first", run), Child("second", run)], [], lambda: None)
    for worker in parent._workers:
        worker.start_when_due()
    first, second = host.started
    first.ready = True
    _look(parent)
    parent._hang_up()
    _look(parent)
    _look(parent)
    assert host.signals == [(1, signal.SIGHUP)]
    second.ready = True
    _look(parent)
    _look(parent)
    assert host.signals == [(1, signal.SIGHUP), (2, signal.SIGHUP)]


def test_a_child_that_has_ended_is_not_told(host: Host, worker: Worker) -> None:
    host.started[0].ready = True
    worker.look()
    host.started[0].exitcode = 1
    worker.wants_hangup = True
    worker.look()
    worker.look()
    assert host.signals == []


def test_whoever_keeps_ending_is_started_after_ever_longer_pauses(host: Host, worker: Worker) -> None:
    pauses = []
    for _ in range(8):
        host.started[-1].exitcode = 1
        worker.look()
        count, ended = len(host.started), host.now
        while len(host.started) == count:
            host.now += FIRST_PAUSE_SECONDS / 2
            worker.start_when_due()
        pauses.append(host.now - ended)
    assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    assert pauses[-1] == LONGEST_PAUSE_SECONDS


def test_whoever_ran_for_long_is_started_as_after_a_first_failure(host: Host, worker: Worker) -> None:
    host.started[-1].exitcode = 1
    worker.look()
    host.now += FIRST_PAUSE_SECONDS
    worker.start_when_due()
    host.now += SETTLED_SECONDS
    host.started[-1].exitcode = 1
    worker.look()
    host.now += FIRST_PAUSE_SECONDS
    worker.start_when_due()
    assert len(host.started) == 3


def test_it_gives_up_only_if_none_was_ever_ready(host: Host) -> None:
    parent = Supervisor([Child("first", run), Child("second", run)], [], lambda: None)
    for worker in parent._workers:
        worker.start_when_due()
    first, second = host.started
    _look(parent)
    assert not parent._cannot_start()
    first.exitcode = 1
    _look(parent)
    assert parent._cannot_start()
    second.ready = True
    _look(parent)
    assert not parent._cannot_start()


def test_those_who_end_last_get_what_is_left_of_the_time_that_all_have(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = Supervisor([Child("web", run), Child("jobs", run, ends_last=True)], [], lambda: None, lambda: host.now)
    for worker in parent._workers:
        worker.start_when_due()

    def wait(*_: object) -> None:
        host.now += 1.0

    monkeypatch.setattr(parent, "_wait", wait)
    with socket.socket() as woken:
        parent._stop(woken)
    assert host.now == STOP_SECONDS
    both = [(1, signal.SIGTERM), (2, signal.SIGTERM), (1, signal.SIGKILL), (2, signal.SIGKILL)]
    assert host.signals == both


def test_a_hangup_before_the_server_listens_to_it_ends_nothing() -> None:
    program = "import os; from cli.serve.command import _ignore_hangups; _ignore_hangups(); os.kill(os.getpid(), 1)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def _look(parent: Supervisor) -> None:
    for worker in parent._workers:
        worker.look()
