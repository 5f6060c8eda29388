"""The ledger says what had to be mended to read an answer."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import JSONB

ID = "2026-11-25T18:00:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "What had to be mended of an answer, by rule"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="retake", description=DESCRIPTION)
    manager.add_column(
        table_class_name="VendorAttempt",
        tablename="vendor_attempt",
        column_name="mended",
        db_column_name="mended",
        column_class_name="JSONB",
        column_class=JSONB,
        params={"default": "{}"},
    )
    return manager
