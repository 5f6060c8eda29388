"""A bar that shows how far a set is, while a call waits for it; on a terminal only."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

AGAIN_SECONDS = 0.1  # until the call has come as far as asking for its set


@contextmanager
def shown(console: Console, client: httpx.Client, headers: dict[str, str]) -> Iterator[None]:
    """Show what GET /assessment/progress tells meanwhile."""
    if not console.is_terminal:
        yield
        return
    over = threading.Event()
    with Progress(TextColumn("  writing"), BarColumn(), MofNCompleteColumn(), console=console, transient=True) as bar:
        watcher = threading.Thread(target=_watch, args=(bar, client, headers, over), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join(timeout=1.0)


def _watch(bar: Progress, client: httpx.Client, headers: dict[str, str], over: threading.Event) -> None:
    task = bar.add_task("", total=None)
    while not over.wait(AGAIN_SECONDS):
        with client.stream("GET", "/assessment/progress", headers=headers) as response:
            name = ""
            for line in response.iter_lines():
                kind, _, value = line.partition(": ")
                if kind == "event":
                    name = value
                elif kind == "data" and name == "progress":
                    told = msgspec.json.decode(value, type=dict[str, int])
                    bar.update(task, completed=told["ready"], total=told["total"])
        if name != "idle":
            return
