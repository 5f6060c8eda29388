from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-23T02:40:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "Items that were shown, no longer their stems alone"


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="retake", description=DESCRIPTION)
    manager.rename_table(
        old_class_name="ShownStem",
        old_tablename="shown_stem",
        new_class_name="ShownItem",
        new_tablename="shown_item",
        schema=None,
    )
    return manager
