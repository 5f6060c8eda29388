"""Server processes on a core of their own."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from enum import StrEnum
from pathlib import Path

from serving.starting import free_port, wait_until_ready

SERVER_CORE = {0}
LISTENS = "0A"  # in /proc/net/tcp
TICKS = os.sysconf("SC_CLK_TCK")


class Role(StrEnum):
    """What a process does."""

    WEB = "web"
    JOBS = "jobs"


class Started:
    """A process that answers, and how long it took to: `ready_seconds` from the fork to the first good answer."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int, ready_seconds: float) -> None:
        self.process = process
        self.port = port
        self.ready_seconds = ready_seconds

    @property
    def web_pid(self) -> int:
        """The process that answers: the supervised one, or this one where nobody is supervised."""
        web = [pid for pid, role in supervised(self.process.pid, self.port).items() if role is Role.WEB]
        return web[0] if web else self.process.pid

    @property
    def memory_mb(self) -> float:
        """Resident memory of the process that answers."""
        pages = int(Path(f"/proc/{self.web_pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    @property
    def cpu_seconds(self) -> float:
        """What the process that answers has computed so far."""
        fields = Path(f"/proc/{self.web_pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


def supervised(pid: int, port: int) -> dict[int, Role]:
    """The processes that a supervisor has started; the one that holds the listening socket serves."""
    listing = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    children = [int(child) for child in listing.split() if "spawn_main" in _command_line(int(child))]
    return {child: Role.WEB if _listens(child, port) else Role.JOBS for child in children}


def _command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def _listens(pid: int, port: int) -> bool:
    rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    sockets = {f"socket:[{row[9]}]" for row in rows if row[1].endswith(f":{port:04X}") and row[3] == LISTENS}
    return any(_target(entry) in sockets for entry in Path(f"/proc/{pid}/fd").iterdir())


def _target(entry: Path) -> str:
    try:
        return str(entry.readlink())
    except OSError:  # closed meanwhile
        return ""


@contextmanager
def started(
    command: Sequence[str], port: int, path: str, environment: Mapping[str, str], *, pinned: bool = True
) -> Iterator[Started]:
    """Start a Python program, wait for a 200 at `path`, and end it afterwards. Raises NotStarted."""
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
        wait_until_ready(process, f"http://127.0.0.1:{port}{path}")
        yield Started(process, port, time.perf_counter() - begun)
    finally:
        process.terminate()
        process.wait()


def serving(environment: Mapping[str, str]) -> AbstractContextManager[Started]:
    """Start `retake serve` as it is without options."""
    port = free_port()
    return started(("-m", "cli", "serve", "--port", str(port)), port, "/health/ready", environment)


def key(environment: Mapping[str, str], mode: str) -> str:
    """Make an API key of a mode in the deployment of an environment."""
    command = (sys.executable, "-m", "cli", "keys", "create", "--mode", mode, "--name", "bench")
    printed = subprocess.run(  # noqa: S603  # our own command
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    return printed.stdout.split()[-1]
