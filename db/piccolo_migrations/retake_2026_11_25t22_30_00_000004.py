"""The sets whose time runs are found by their ends."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-25T22:30:00:000004"
VERSION = "1.38.0"
DESCRIPTION = "Running sets by their ends"


class Statements(Table):
    """A handle for raw statements; it has no rows."""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="retake", description=DESCRIPTION)
    manager.add_raw(_go_forwards)
    manager.add_raw_backwards(_go_backwards)
    return manager


async def _go_forwards() -> None:
    await Statements.raw("CREATE INDEX question_set_running ON question_set (ends_at) WHERE state = 'active'")


async def _go_backwards() -> None:
    await Statements.raw("DROP INDEX question_set_running")
