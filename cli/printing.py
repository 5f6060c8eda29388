"""How commands print what they found."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import click
import msgspec
from rich.console import Console
from rich.table import Table

LINE = 160  # characters, when the output is no terminal and has no width of its own

Found = TypeVar("Found")


def print_found(
    found: Sequence[Found], table: Callable[[Sequence[Found]], Table], nothing: str, *, as_json: bool
) -> None:
    """Print a JSON list, or a table, or a sentence where nothing was found."""
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)))
        return
    console = Console()
    console.width = console.width if console.is_terminal else LINE
    console.print(table(found) if found else nothing)


def harmless(name: str) -> str:
    """A name comes from a platform's client; what could steer the operator's terminal is written out."""
    return name if name.isprintable() else ascii(name)
