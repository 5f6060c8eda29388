"""Child processes of any kind: started, started again when they end, told of SIGHUP, and ended together."""

import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import NamedTuple

import structlog

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
SETTLED_SECONDS = 60.0  # whoever lived so long has not failed at its start
STOP_SECONDS = 130.0  # for all: what is under way has 100, services another 20
LOOK_SECONDS = 1.0

log = structlog.get_logger(__name__)
spawn = multiprocessing.get_context("spawn")
multiprocessing.allow_connection_pickling()  # lets sockets go to a child

Ready = Callable[[], None]


class Child(NamedTuple):
    """What is to run: `run` can be pickled, calls what it is given when it is ready, and returns after SIGTERM.

    One that `ends_last` is told to end when the others have ended, since these wait for what it does.
    """

    name: str
    run: Callable[[Ready], None]
    ends_last: bool = False


class Worker:
    """A child, through all its lives."""

    def __init__(self, child: Child, clock: Callable[[], float] = time.monotonic) -> None:
        self.child = child
        self.is_ready = False
        self.was_ever_ready = False
        self.wants_hangup = False
        self.is_wanted = True
        self._clock = clock
        self._failures = 0
        self._next_start = 0.0
        self.process: multiprocessing.process.BaseProcess | None = None
        self._line: Connection | None = None

    def start_when_due(self) -> None:
        """Start it, unless it runs or failed a moment ago."""
        if self.process is not None or self._clock() < self._next_start:
            return
        ours, theirs = spawn.Pipe()
        self._line = ours
        self._started_at = self._clock()
        self.process = spawn.Process(target=run_child, args=(self.child, theirs), name=self.child.name)
        self.process.start()
        theirs.close()

    def waits_for(self) -> list[int | Connection]:
        """What to wait for: its end, and its word that it is ready."""
        if self.process is None or self._line is None:
            return []
        return [self.process.sentinel] if self.is_ready else [self.process.sentinel, self._line]

    def look(self) -> None:
        """Notice that it is ready or has ended."""
        if self._line is None or self.process is None:
            return
        with suppress(EOFError, OSError):
            if not self.is_ready and self._line.poll():
                self._line.recv()
                self.is_ready = self.was_ever_ready = True
        if self.is_ready and self.wants_hangup:
            self.signal(signal.SIGHUP)
            self.wants_hangup = False
        if self.process.exitcode is not None:
            self._bury(self.process.exitcode)

    def signal(self, number: int) -> None:
        """Send it a signal, if it runs."""
        if self.process is not None and self.process.pid is not None and self.process.exitcode is None:
            os.kill(self.process.pid, number)

    def _bury(self, code: int) -> None:
        lived = self._clock() - self._started_at
        self._failures = 0 if lived >= SETTLED_SECONDS else self._failures + 1
        pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** max(self._failures - 1, 0))
        self._next_start = self._clock() + pause
        assert self.process is not None
        assert self._line is not None
        if self.is_wanted:
            log.warning("worker_ended", name=self.child.name, pid=self.process.pid, exit_code=code, pause=pause)
        self._line.close()
        self.process, self._line, self.is_ready, self.wants_hangup = None, None, False, False


class Supervisor:
    """Runs children until SIGTERM or SIGINT. Its copies of their listening sockets are closed with the signal."""

    def __init__(
        self,
        children: Sequence[Child],
        listening: Sequence[socket.socket],
        on_start: Ready,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._workers = [Worker(child, clock) for child in children]
        self._clock = clock
        self._listening = listening
        self._on_start: Ready | None = on_start
        self._is_stopping = False

    def run(self) -> int:
        """Supervise; gives the exit code, which is 1 when one ended before any was ready."""
        woken = self._take_signals()
        code = 0
        while not self._is_stopping:
            for worker in self._workers:
                worker.start_when_due()
            self._wait(woken)
            if self._cannot_start():
                code, self._is_stopping = 1, True
            elif self._on_start is not None and all(worker.is_ready for worker in self._workers):
                self._on_start()
                self._on_start = None
        self._stop(woken)
        return code

    def _cannot_start(self) -> bool:
        """Whether one has ended and none was ever ready: what stops one stops all, and trying again helps nobody."""
        has_ended = any(worker.process is None for worker in self._workers)
        return has_ended and not any(worker.was_ever_ready for worker in self._workers)

    def _take_signals(self) -> socket.socket:
        """Let signals end a wait: gives the socket on which they are heard."""
        woken, alarm = socket.socketpair()
        for end in (woken, alarm):
            end.setblocking(False)
        self._alarm = alarm  # open for as long as we run
        signal.set_wakeup_fd(alarm.fileno())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._end())
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, lambda *_: self._hang_up())
        return woken

    def _wait(self, woken: socket.socket) -> None:
        wait([woken, *(source for worker in self._workers for source in worker.waits_for())], LOOK_SECONDS)
        with suppress(BlockingIOError):
            woken.recv(1024)
        for worker in self._workers:
            worker.look()

    def _end(self) -> None:
        self._is_stopping = True

    def _hang_up(self) -> None:
        """Have every child told once; one that still starts would die of the signal, and is told when it is ready."""
        for worker in self._workers:
            worker.wants_hangup = worker.process is not None

    def _stop(self, woken: socket.socket) -> None:
        for taken in self._listening:
            taken.close()
        for worker in self._workers:
            worker.is_wanted = False
        give_up_at = self._clock() + STOP_SECONDS
        for ends_last in (False, True):
            ending = [worker for worker in self._workers if worker.child.ends_last is ends_last]
            for worker in ending:
                worker.signal(signal.SIGTERM)
            while any(worker.process for worker in ending) and self._clock() < give_up_at:
                self._wait(woken)
        for worker in self._workers:
            worker.signal(signal.SIGKILL)


def run_child(child: Child, line: Connection) -> None:
    """Run in the child process."""
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until the child listens to it
    threading.Thread(target=_end_with_supervisor, args=(line,), daemon=True).start()
    child.run(lambda: line.send(None))


def _end_with_supervisor(line: Connection) -> None:
    """End like after SIGTERM when the supervisor is gone, however it went: an orphan would keep the port."""
    with suppress(EOFError, OSError):
        line.recv()
    os.kill(os.getpid(), signal.SIGTERM)
