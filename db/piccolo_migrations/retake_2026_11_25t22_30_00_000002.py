"""What a retake policy may say."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-25T22:30:00:000002"
VERSION = "1.38.0"
DESCRIPTION = "What a retake policy may say"

CHECKS = (
    "ALTER TABLE retake_policy ADD CHECK (max_attempts > 0)",
    "ALTER TABLE retake_policy ADD CHECK (cool_down_seconds >= 0)",
    "ALTER TABLE retake_policy ADD CHECK (time_limit_seconds > 0)",
    "ALTER TABLE retake_policy ADD CHECK (sets_per_attempt > 0)",
    "ALTER TABLE retake_policy ADD CHECK (answers IN ('full', 'score', 'none'))",
)


class Statements(Table):
    """A handle for raw statements; it has no rows."""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="retake", description=DESCRIPTION)
    manager.add_raw(_go_forwards)
    manager.add_raw_backwards(_go_backwards)
    return manager


async def _go_forwards() -> None:
    for statement in CHECKS:
        await Statements.raw(statement)


async def _go_backwards() -> None:
    """The checks go with their table."""
