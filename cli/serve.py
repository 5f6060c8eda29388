"""`retake serve`: the HTTP server."""

import os
import tempfile
from pathlib import Path

import click
import uvicorn

from api.settings import Settings
from api.wiring import open_database, providers_of
from cli.running import explained, read_settings
from delivery.mail_settings import parse_smtp_url


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64))
def serve(host: str, port: int, workers: int) -> None:
    """Serve the API. Several workers, or several machines, share one database."""
    settings = read_settings()
    explained(lambda: _check(settings))
    if workers > 1:
        _share_metrics()
    uvicorn.run(
        "api.app:create_app",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers="FORWARDED_ALLOW_IPS" in os.environ,
        timeout_graceful_shutdown=100,  # a generation under way may take its 90 seconds
    )


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
