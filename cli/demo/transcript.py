"""The demo's voice: what was called, what came back, and whether it is what the contract says."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import httpx
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from cli.demo.waiting import shown

Json = dict[str, Any]


class Unexpected(Exception):
    """An answer that is not what the contract says."""


class Transcript:
    """Prints a story to read; raises Unexpected at the first wrong answer."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def chapter(self, title: str) -> None:
        self._console.print(f"\n[bold]{title}[/bold]")

    def say(self, text: str) -> None:
        self._console.print(f"  {text}", highlight=False)

    def expect(self, response: httpx.Response, status: int, code: str | None = None) -> Json:
        """Print a call and check its answer; gives the data, or the error where `code` names one."""
        body: Json = response.json()
        error = body.get("error", {}).get("code")
        outcome = error or body.get("executionTime", "")
        path = response.request.url.path.removeprefix("/api/v1")
        self._console.print(
            f"  [cyan]{response.request.method:4}[/cyan] {_shortened(path)}  {response.status_code} {outcome}"
        )
        if response.status_code != status or error != code or body.get("success") is not (code is None):
            raise Unexpected(f"{path} answered {response.status_code} {outcome}, not {status} {code or 'success'}")
        result: Json = body["data"] if code is None else body["error"]
        return result

    def check(self, fact: bool, meaning: str) -> None:  # reads as a sentence: check(a == b, "...")
        """State a fact of the story. Raises Unexpected when it does not hold."""
        if not fact:
            raise Unexpected(f"this should hold: {meaning}")
        self.say(f"[green]✓[/green] {meaning}")

    def waiting(self, client: httpx.Client, headers: dict[str, str]) -> AbstractContextManager[None]:
        """Show a bar while a set is written."""
        return shown(self._console, client, headers)

    def question(self, question: Json, chosen: int) -> None:
        """Show one question as the student sees it, with the option chosen."""
        lines = [question["question"], ""]
        for index, option in enumerate(question["options"]):
            marker = "●" if index == chosen else "○"
            lines.append(f"{marker} {'ABCD'[index]}. {option}")
        self._console.print(Panel("\n".join(lines), title="one of the questions", title_align="left", padding=(1, 2)))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        table = Table(*columns, box=None, padding=(0, 2), header_style="dim")
        for row in rows:
            table.add_row(*map(str, row))
        self._console.print(table)

    def event(self, event: Mapping[str, Any]) -> None:
        """Show a webhook that arrived with a right signature."""
        result = event["data"].get("result")
        outcome = f"score {result['score']}, passed {result['passed']}" if result else "a question set waits"
        self.say(f"[green]✓[/green] {event['type']}: {outcome} (signature verified)")


def _shortened(path: str) -> str:
    head, _, token = path.rpartition("/")
    return f"{head}/{token[:10]}…" if token.startswith("st_") else path
