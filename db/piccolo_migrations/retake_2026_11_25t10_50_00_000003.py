from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-25T10:50:00:000003"
VERSION = "1.38.0"
DESCRIPTION = "The lines in which notices wait, found through an index"

FORWARDS = (
    "UPDATE outbox_message m SET platform = v.platform FROM verification v WHERE v.id = m.verification",
    "CREATE INDEX outbox_message_line ON outbox_message (platform, receiver_group, due_at) WHERE state = 'pending'",
    "DROP INDEX outbox_message_due",
)

BACKWARDS = (
    "CREATE INDEX outbox_message_due ON outbox_message (due_at) WHERE state = 'pending'",
    "DROP INDEX outbox_message_line",
)


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
