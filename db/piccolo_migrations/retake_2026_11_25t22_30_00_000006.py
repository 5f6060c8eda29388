"""The webhooks of a platform and mode are read newest first."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-25T22:30:00:000006"
VERSION = "1.38.0"
DESCRIPTION = "Webhooks of a platform, newest first"


class Statements(Table):
    """A handle for raw statements; it has no rows."""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="retake", description=DESCRIPTION)
    manager.add_raw(_go_forwards)
    manager.add_raw_backwards(_go_backwards)
    return manager


async def _go_forwards() -> None:
    await Statements.raw(
        "CREATE INDEX outbox_message_log ON outbox_message (platform, left(verification, 8), created_at, id) "
        "WHERE channel = 'webhook'"
    )


async def _go_backwards() -> None:
    await Statements.raw("DROP INDEX outbox_message_log")
