"""Which verification a kept answer tells of, so that it goes with it."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import Text

ID = "2026-11-25T22:30:00:000009"
VERSION = "1.38.0"
DESCRIPTION = "Kept answers by verification"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="retake", description=DESCRIPTION)
    manager.add_column(
        table_class_name="IdempotentRequest",
        tablename="idempotent_request",
        column_name="verification",
        db_column_name="verification",
        column_class_name="Text",
        column_class=Text,
        params={"default": None, "null": True, "index": True},
    )
    return manager
