"""From the environment to a database that can be used."""

from db.engine import RetakeEngine
from db.migrations import require_current, upgrade


async def open_database(engine: RetakeEngine) -> None:
    """Connect and see to the schema: the embedded database is upgraded, a server's must have been.

    Raises ServiceUnavailable, NotMigrated, or RuntimeError for a server or schema of the wrong version.
    """
    await engine.connect()
    if engine.is_embedded:
        await upgrade(engine)
    else:
        await require_current(engine)
