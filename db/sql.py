"""Small help for hand-written SQL, used where one statement has to do what Piccolo's builder would do in several."""

from functools import cache
from typing import Any

import msgspec

from db.engine import the_engine


async def fetch(statement: str, *values: Any) -> list[dict[str, Any]]:
    """Run one statement, `{}` for each value, and give its rows."""
    return [dict(row) for row in await the_engine().fetch(numbered(statement), *values)]


async def fetch_one(statement: str, *values: Any) -> dict[str, Any] | None:
    """Run one statement and give its first row, if there is one."""
    rows = await fetch(statement, *values)
    return rows[0] if rows else None


def to_json(value: Any) -> str:
    """Encode for a jsonb column."""
    return msgspec.json.encode(value).decode()


async def lock_verification(verification_id: str) -> None:
    """Lock one verification until the transaction ends.

    What is to be read under the lock has to be read by a later statement: one that waits for the lock sees other
    tables as they were before it waited.
    """
    await fetch("SELECT 1 FROM verification WHERE id = {} FOR UPDATE", verification_id)


@cache
def numbered(statement: str) -> str:
    """Write `{}` as $1, $2 …; all statements are constants of this package."""
    first, *others = statement.split("{}")
    return first + "".join(f"${number}{text}" for number, text in enumerate(others, 1))
