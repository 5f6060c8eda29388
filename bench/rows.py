"""What a benchmark prints: what was measured, the figure, the goal or nothing, and whether it was reached."""

from rich.console import Console
from rich.table import Table

WIDTH = 120

Row = tuple[str, str, str, bool]


def print_rows(title: str, rows: list[Row]) -> None:
    """Show the rows on the terminal."""
    table = Table("measured", "figure", "goal", "", title=title)
    for name, figure, goal, reached in rows:
        table.add_row(name, figure, goal, "" if not goal else "ok" if reached else "MISSED")
    Console(width=WIDTH).print(table)
