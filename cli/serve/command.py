"""The command: takes the port, sees to database and configuration, and serves until told to end."""

import os
import signal
import tempfile
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path

import click

from cli.running import explained, read_limits, read_settings
from cli.serve.children import run_web, run_worker
from cli.serve.notes import find, greeting
from serving.limits import raise_file_limit, within_files
from serving.listening import CannotListen, listen_at
from serving.supervisor import Child, Supervisor

RUNS_JOBS = "RETAKE_RUNS_JOBS"
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64))
@click.option(
    "--job-workers",
    default=1,
    show_default=True,
    type=click.IntRange(0, 64),
    help="Processes beside the web processes that run jobs; with 0 jobs run in the web processes.",
)
@click.option("--root-path", default="", help="Path under which a proxy serves the API and which it takes off.")
def serve(*, host: str, port: int, workers: int, job_workers: int, root_path: str) -> None:
    """Serve the API, and run jobs beside it. Several processes, or several machines, share one database."""
    settings = read_settings()
    files = raise_file_limit()
    limits = within_files(read_limits(), files)
    try:
        listening = listen_at(host, port)
    except CannotListen as error:
        raise click.ClickException(str(error)) from error
    findings = explained(partial(find, settings))
    _ignore_hangups()
    path = _path(root_path)
    address = f"http://{_in_url(host)}:{listening[0].getsockname()[1]}{path}"
    greet = partial(click.echo, greeting(address, findings, limits, files))
    web = partial(run_web, limits=limits, root_path=path, listening=listening)
    if (workers, job_workers) == (1, 0):
        web(greet)
        return
    if job_workers:
        os.environ[RUNS_JOBS] = "0"  # of the web processes, which inherit it
    children = [Child(f"web-{number + 1}", web) for number in range(workers)]
    children += [Child(f"jobs-{number + 1}", run_worker, ends_last=True) for number in range(job_workers)]
    with _shared_metrics():
        code = Supervisor(children, listening, greet).run()
    raise SystemExit(code)


def _path(root_path: str) -> str:
    """The path in the form of ASGI: with a slash before it and none behind."""
    bare = root_path.strip("/")
    return f"/{bare}" if bare else ""


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _ignore_hangups() -> None:
    """Survive a SIGHUP that comes before the server listens to it: it is about to read the provider file anyway."""
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _shared_metrics() -> AbstractContextManager[object]:
    """Let the workers count into one folder, as prometheus_client does for several processes."""
    if METRICS_FOLDER in os.environ:
        return nullcontext()
    folder = tempfile.TemporaryDirectory(prefix="retake-metrics-")
    os.environ[METRICS_FOLDER] = str(Path(folder.name))
    return folder
