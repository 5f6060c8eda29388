"""Which statements run, and which function of db/ asked for them."""

import ast
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import asyncpg.connection
import pytest

import db
from db.engine import RetakeEngine
from db.tables import TABLES

ROOM = Path(db.__file__).parent
PLUMBING = {"engine.py", "sql.py", "transaction.py"}  # which run what others ask for
ASKING = {"fetch", "fetch_one", "fetch_of_session", "_streamed"}
OF_TABLES = {"insert", "select", "update", "delete", "objects", "exists", "count"}
TABLE_NAMES = {table.__name__ for table in TABLES}


class Query(NamedTuple):
    """A statement as PostgreSQL gets it, the values it came with, and `file:qualified name` of who asked."""

    asked_by: str
    statement: str
    values: tuple[Any, ...]


@contextmanager
def recorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[tuple[str, str], Query]]:
    """Collect every different query meanwhile."""
    found: dict[tuple[str, str], Query] = {}

    def note(statement: str, values: tuple[Any, ...]) -> None:
        asked_by = _asking(sys._getframe(2))
        if asked_by:
            found.setdefault((asked_by, statement), Query(asked_by, statement, values))

    fetch, run_querystring = RetakeEngine.fetch, RetakeEngine.run_querystring
    cursor = asyncpg.connection.Connection.cursor

    async def noting_fetch(engine: RetakeEngine, statement: str, *values: Any) -> Any:
        note(statement, values)
        return await fetch(engine, statement, *values)

    async def noting_querystring(engine: RetakeEngine, querystring: Any, in_pool: bool = True) -> Any:
        statement, values = querystring.compile_string()
        note(statement, tuple(values))
        return await run_querystring(engine, querystring, in_pool)

    def noting_cursor(connection: Any, statement: str, *values: Any, **options: Any) -> Any:
        note(statement, values)
        return cursor(connection, statement, *values, **options)

    with monkeypatch.context() as patch:
        patch.setattr(RetakeEngine, "fetch", noting_fetch)
        patch.setattr(RetakeEngine, "run_querystring", noting_querystring)
        patch.setattr(asyncpg.connection.Connection, "cursor", noting_cursor)
        yield found


def functions_that_ask() -> set[str]:
    """Every function of db/ that runs a query, as the source says."""
    found: set[str] = set()
    for file in ROOM.glob("*.py"):
        if file.name not in PLUMBING:
            _collect(ast.parse(file.read_text()), file.name, "", found)
    return found


def _asking(frame: FrameType | None) -> str:
    """Name the innermost function of db/ on the stack; empty for the queries of a test and of Piccolo's commands."""
    while frame is not None:
        file = Path(frame.f_code.co_filename)
        if file.parent == ROOM and file.name not in PLUMBING:
            return f"{file.name}:{frame.f_code.co_qualname}"
        frame = frame.f_back
    return ""


def _collect(node: ast.AST, file: str, name: str, found: set[str]) -> None:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            _collect(child, file, f"{name}{child.name}.", found)
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            _collect(child, file, f"{name}{child.name}.<locals>.", found)
        else:
            if isinstance(child, ast.Call) and _asks(child.func):
                found.add(f"{file}:{name.removesuffix('.<locals>.')}")
            _collect(child, file, name, found)


def _asks(called: ast.expr) -> bool:
    if isinstance(called, ast.Name):
        return called.id in ASKING
    if not isinstance(called, ast.Attribute) or called.attr not in OF_TABLES:
        return False
    owner = called.value
    name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
    return name in TABLE_NAMES
