"""The embedded server is found, started, brought back and stopped, whatever happened to its process."""

import asyncio
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from db import embedded
from db.embedded import EmbeddedServer, EmbeddedServerError
from tests.waiting import until


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """One folder for all: making one takes seconds. A short path: it has to hold a socket."""
    parent = Path(tempfile.mkdtemp(prefix="rt-"))
    yield parent / "postgres"
    shutil.rmtree(parent, ignore_errors=True)


@pytest.fixture
def server(folder: Path) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(folder)
    yield server
    server.close()


@pytest.fixture
def zombie() -> Iterator[int]:
    """A process that has ended, and that nobody has waited for yet."""
    pid = os.posix_spawn("/bin/true", ["true"], {})
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    yield pid
    os.waitpid(pid, 0)


def _pid(folder: Path) -> int:
    return int((folder / "postmaster.pid").read_text().split()[0])


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def _kill(folder: Path) -> int:
    pid = _pid(folder)
    os.kill(pid, signal.SIGKILL)
    await until(lambda: not _is_there(pid))
    return pid


async def _answers(uri: str) -> bool:
    try:
        connection = await asyncpg.connect(uri, timeout=2)
    except (OSError, asyncpg.CannotConnectNowError):
        return False
    await connection.close()
    return True


async def test_a_killed_server_is_brought_back(server: EmbeddedServer, folder: Path) -> None:
    uri = server.uri()
    dead = await _kill(folder)
    assert not await _answers(uri)
    server.revive()
    assert await _answers(server.uri())
    assert _pid(folder) != dead


async def test_a_server_killed_between_two_processes_is_started_by_the_second(folder: Path) -> None:
    first = EmbeddedServer(folder)
    first.uri()
    await _kill(folder)  # the wheel remembers the instance, as if it still ran
    second = EmbeddedServer(folder)
    assert await _answers(second.uri())
    second.close()
    first.close()


async def test_a_pid_file_whose_pid_now_belongs_to_somebody_else_is_no_server(folder: Path) -> None:
    first = EmbeddedServer(folder)
    first.uri()
    old = (folder / "postmaster.pid").read_text()
    dead = await _kill(folder)
    (folder / "postmaster.pid").write_text(old.replace(str(dead), str(os.getpid()), 1))  # as after a container restart
    second = EmbeddedServer(folder)
    assert await _answers(second.uri())
    second.close()
    first.close()


async def test_a_user_that_was_killed_does_not_keep_the_server_running(server: EmbeddedServer, folder: Path) -> None:
    uri = server.uri()
    gone = await asyncio.create_subprocess_exec("true")  # any process that has ended
    await gone.wait()
    (folder / ".handle_pids.json").write_text(f"[{gone.pid}, {os.getpid()}]")
    server.close()
    assert not await _answers(uri)
    assert not (folder / "postmaster.pid").exists()


async def test_nor_does_one_that_nobody_has_waited_for_yet(server: EmbeddedServer, folder: Path, zombie: int) -> None:
    uri = server.uri()
    (folder / ".handle_pids.json").write_text(f"[{zombie}, {os.getpid()}]")
    server.close()
    assert not await _answers(uri)


async def test_the_server_stays_while_another_process_uses_it(server: EmbeddedServer, folder: Path) -> None:
    uri = server.uri()
    (folder / ".handle_pids.json").write_text(f"[{os.getppid()}, {os.getpid()}]")
    server.close()
    assert await _answers(uri)
    (folder / ".handle_pids.json").write_text("[]")
    last = EmbeddedServer(folder)
    last.uri()
    last.close()
    assert not await _answers(uri)


async def test_many_who_notice_an_outage_at_once_start_one_server(server: EmbeddedServer, folder: Path) -> None:
    server.uri()
    await _kill(folder)
    threads = [threading.Thread(target=server.revive) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert await _answers(server.uri())


async def test_those_who_go_on_noticing_do_not_put_the_next_try_off(server: EmbeddedServer, folder: Path) -> None:
    server.uri()
    server.revive()  # it lives; the next try may come a second later
    await _kill(folder)

    async def back() -> bool:
        server.revive()
        return await _answers(server.uri())

    await until(back, 5)


async def test_a_server_that_cannot_start_says_where_its_log_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "REFUSAL_SECONDS", 0.0)
    whole = EmbeddedServer(folder)
    whole.uri()
    whole.close()
    (folder / "global" / "pg_control").unlink()
    with pytest.raises(EmbeddedServerError, match=f"see {folder}/log"):
        EmbeddedServer(folder).uri()
