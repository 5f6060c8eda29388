"""Small help for hand-written SQL, used where one statement has to do what Piccolo's builder would do in several."""

from functools import cache
from typing import Any

import msgspec
from piccolo.query.base import Query

from assessment.errors import InvalidSession
from db.engine import RetakeEngine


async def fetch(engine: RetakeEngine, statement: str, *values: Any) -> list[dict[str, Any]]:
    """Run one statement, `{}` for each value, and give its rows."""
    return [dict(row) for row in await engine.fetch(numbered(statement), *values)]


async def fetch_of_session(engine: RetakeEngine, statement: str, *values: Any) -> dict[str, Any]:
    """Run one statement for a row of the session's verification. Raises InvalidSession when that was erased."""
    row = await fetch_one(engine, statement, *values)
    if row is None:
        raise InvalidSession
    return row


async def fetch_one(engine: RetakeEngine, statement: str, *values: Any) -> dict[str, Any] | None:
    """Run one statement and give its first row, if there is one."""
    rows = await fetch(engine, statement, *values)
    return rows[0] if rows else None


async def run(engine: RetakeEngine, query: Query[Any, Any]) -> list[dict[str, Any]]:
    """Run a query of Piccolo's on this engine, and give its rows."""
    rows: list[dict[str, Any]] = []
    for querystring in query.querystrings:
        rows = [dict(row) for row in await engine.run_querystring(querystring)]
    return rows


def to_json(value: Any) -> str:
    """Encode for a jsonb column."""
    return msgspec.json.encode(value).decode()


@cache
def numbered(statement: str) -> str:
    """Write `{}` as $1, $2 …; all statements are constants of this package."""
    first, *others = statement.split("{}")
    return first + "".join(f"${number}{text}" for number, text in enumerate(others, 1))
