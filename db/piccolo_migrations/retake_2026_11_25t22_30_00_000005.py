"""With what status a receiver answered last."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import SmallInt

ID = "2026-11-25T22:30:00:000005"
VERSION = "1.38.0"
DESCRIPTION = "The last status of a delivery"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="retake", description=DESCRIPTION)
    manager.add_column(
        table_class_name="OutboxMessage",
        tablename="outbox_message",
        column_name="last_status",
        db_column_name="last_status",
        column_class_name="SmallInt",
        column_class=SmallInt,
        params={"default": None, "null": True},
    )
    return manager
