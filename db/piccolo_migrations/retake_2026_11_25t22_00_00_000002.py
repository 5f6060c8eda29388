"""At most one prepared set per verification, found by its end."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-25T22:00:00:000002"
VERSION = "1.38.0"
DESCRIPTION = "One prepared set per verification"

FORWARDS = (
    "CREATE UNIQUE INDEX one_prepared_set ON question_set (verification) WHERE state = 'prepared'",
    "CREATE INDEX prepared_set_by_end ON question_set (expires_at) WHERE state = 'prepared'",
)

BACKWARDS = ("DROP INDEX prepared_set_by_end, one_prepared_set",)


class Statements(Table):
    """A handle for raw statements; it has no rows."""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="retake", description=DESCRIPTION)
    manager.add_raw(_go_forwards)
    manager.add_raw_backwards(_go_backwards)
    return manager


async def _go_forwards() -> None:
    for statement in FORWARDS:
        await Statements.raw(statement)


async def _go_backwards() -> None:
    for statement in BACKWARDS:
        await Statements.raw(statement)
