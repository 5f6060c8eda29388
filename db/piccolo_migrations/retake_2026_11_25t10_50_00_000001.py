from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Text
from piccolo.table import Table

ID = "2026-11-25T10:50:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "Indexes for what is swept and for the archive by time; none for what nobody asks"

FORWARDS = (
    "CREATE INDEX outbox_message_settled ON outbox_message (settled_at) WHERE settled_at IS NOT NULL",
    "CREATE INDEX session_by_end ON session (expires_at)",
    "CREATE INDEX generation_by_end ON generation (finished_at)",
    "CREATE INDEX rate_window_by_age ON rate_window (started_at)",
    "CREATE INDEX attempt_by_time ON attempt (submitted_at)",
    "UPDATE outbox_message SET target = '', body = '' WHERE channel = 'mail' AND state <> 'pending'",
)

BACKWARDS = (
    "DROP INDEX attempt_by_time, rate_window_by_age, generation_by_end, session_by_end, outbox_message_settled",
)


class Statements(Table):
    """A handle for raw statements; it has no rows."""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="retake", description=DESCRIPTION)
    manager.alter_column(
        table_class_name="VendorAttempt",
        tablename="vendor_attempt",
        column_name="vendor",
        db_column_name="vendor",
        params={"index": False},
        old_params={"index": True},
        column_class=Text,
        old_column_class=Text,
        schema=None,
    )
    manager.add_raw(_go_forwards)
    manager.add_raw_backwards(_go_backwards)
    return manager


async def _go_forwards() -> None:
    for statement in FORWARDS:
        await Statements.raw(statement)


async def _go_backwards() -> None:
    for statement in BACKWARDS:
        await Statements.raw(statement)
