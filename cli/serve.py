"""`retake serve`: the HTTP server."""

import os
import signal
import tempfile
from pathlib import Path
from typing import Any

import click
import uvicorn
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from api.settings import Settings
from api.wiring import open_database, providers_of
from cli.running import explained, read_settings
from delivery.mail_settings import parse_smtp_url

APP = "api.app:create_app"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64))
def serve(host: str, port: int, workers: int) -> None:
    """Serve the API. Several workers, or several machines, share one database."""
    settings = read_settings()
    explained(lambda: _check(settings))
    _ignore_hangups()
    options: dict[str, Any] = {
        "factory": True,
        "host": host,
        "port": port,
        "access_log": False,
        "log_level": "warning",
        "server_header": False,
        "proxy_headers": "FORWARDED_ALLOW_IPS" in os.environ,
        "timeout_graceful_shutdown": 100,  # a generation under way may take its 90 seconds
    }
    if workers == 1:
        uvicorn.run(APP, **options)
        return
    _share_metrics()
    config = uvicorn.Config(APP, workers=workers, **options)
    Supervisor(config, sockets=[config.bind_socket()]).run()


class Supervisor(Multiprocess):
    """Passes SIGHUP on to the workers, which read the provider file again.

    Uvicorn's own would put new processes in their place, one after the other, each after the old one has finished
    its last request: that takes minutes, and breaks connections that clients keep open.
    """

    def __init__(self, config: uvicorn.Config, sockets: list[Any]) -> None:
        super().__init__(config, sockets)
        self._untold: list[Process] = []

    def handle_hup(self) -> None:
        """Remember that every worker is to be told."""
        self._untold = list(self.processes)

    def handle_signals(self) -> None:
        """Tell those that are ready; one that still starts would die of the signal, and is told later."""
        super().handle_signals()
        self._untold = [worker for worker in self._untold if worker.process.is_alive() and not _told(worker)]


def _told(worker: Process) -> bool:
    if worker.pid is None or not worker.is_ready():
        return False
    os.kill(worker.pid, signal.SIGHUP)
    return True


def _ignore_hangups() -> None:
    """Survive a SIGHUP that comes before the server listens to it: it is about to read the provider file anyway."""
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


async def _check(settings: Settings) -> None:
    """Find out before serving what would stop it, so that the reason is one clear line."""
    providers_of(settings)
    if settings.smtp_url:
        parse_smtp_url(settings.smtp_url)
    engine = await open_database()
    await engine.close_pool()


def _share_metrics() -> None:
    """Let the workers count into one folder, as prometheus_client does for several processes."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        folder = Path(tempfile.mkdtemp(prefix="retake-metrics-"))
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
