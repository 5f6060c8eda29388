"""Students are found by their age."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-25T22:30:00:000010"
VERSION = "1.38.0"
DESCRIPTION = "Students by their age"


class Statements(Table):
    """A handle for raw statements; it has no rows."""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="retake", description=DESCRIPTION)
    manager.add_raw(_go_forwards)
    manager.add_raw_backwards(_go_backwards)
    return manager


async def _go_forwards() -> None:
    await Statements.raw("CREATE INDEX student_by_age ON student (created_at)")


async def _go_backwards() -> None:
    await Statements.raw("DROP INDEX student_by_age")
