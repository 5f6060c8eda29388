"""What is killed: commands of Retake on one database, begun again here as an init system would."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

import httpx

from bench.service.processes import Role, supervised
from serving.starting import free_port

KILLS_A_LIFE = 4  # the pauses of a supervisor grow with each early end of a child; as many are an ordinary bad day


class Victim(StrEnum):
    """Whom a kill hits."""

    WEB = "web process"
    WORKER = "worker"
    BOTH = "web process and worker together"
    ALL = "supervisor and all it started"


HITS = {
    Victim.WEB: frozenset({Role.WEB}),
    Victim.WORKER: frozenset({Role.JOBS}),
    Victim.BOTH: frozenset(Role),
    Victim.ALL: frozenset(Role),
}
SUPERVISED = ("serve", "--job-workers", "1")
ONE_PROCESS = ("serve", "--job-workers", "0")
WORKER = ("worker",)


class Stand:
    """One command. `name` is also its database user, by which its jobs are known."""

    def __init__(self, name: str, command: tuple[str, ...], environment: Mapping[str, str], log: Path | None) -> None:
        """Where there is a `log`, all its lives write into it."""
        self.name = name
        self.command = command
        self.port = free_port() if command[0] == "serve" else 0
        self.children_killed = 0
        self._log = log or Path(os.devnull)
        self._environment = {**os.environ, **environment}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset({Role.JOBS}) if self.command == WORKER else frozenset(Role)

    @property
    def victims(self) -> tuple[Victim, ...]:
        """What may be hit here."""
        if self.command == WORKER:
            return (Victim.WORKER,)
        if self.command == ONE_PROCESS:
            return (Victim.BOTH,)
        return (Victim.ALL,) if self.children_killed >= KILLS_A_LIFE else tuple(Victim)

    def start(self) -> None:
        port = ("--port", str(self.port)) if self.port else ()
        self.children_killed = 0
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  # our own command
                (sys.executable, "-m", "cli", *self.command, *port),
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, victim: Victim) -> frozenset[Role]:
        """Kill at once, begin again what nobody else does, and say which roles were hit."""
        assert self._process is not None
        if victim is Victim.ALL or self.command != SUPERVISED:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self.start()
            return self.roles
        for pid in [pid for pid, role in supervised(self._process.pid, self.port).items() if role in HITS[victim]]:
            os.kill(pid, signal.SIGKILL)
        self.children_killed += 1
        return HITS[victim]

    def stop(self) -> None:
        """End as an operator does."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()

    async def ready_roles(self, has_worker: bool, client: httpx.AsyncClient) -> frozenset[Role]:
        """What works at this moment; whether its worker does is known to the database."""
        jobs = {Role.JOBS} if has_worker else set()
        return frozenset(jobs | ({Role.WEB} if self.port and await self._answers(client) else set()))

    async def _answers(self, client: httpx.AsyncClient) -> bool:
        try:
            return (await client.get(f"http://127.0.0.1:{self.port}/health/live", timeout=1)).is_success
        except httpx.TransportError:
            return False
