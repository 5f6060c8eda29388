"""Platforms by the names that operators know them by."""

from db.engine import RetakeEngine
from db.sql import fetch_one


class UnknownPlatform(LookupError):
    """No platform has this name."""


async def platform_id_of(engine: RetakeEngine, name: str) -> int:
    """The id of a platform. Raises UnknownPlatform."""
    row = await fetch_one(engine, "SELECT id FROM platform WHERE name = {}", name)
    if row is None:
        raise UnknownPlatform(name)
    found: int = row["id"]
    return found
