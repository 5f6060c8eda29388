"""Notices wait in lines, one for each platform and group of receivers, so that none holds up the others."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Integer, SmallInt
from piccolo.columns.indexes import IndexMethod

ID = "2026-11-25T10:50:00:000002"
VERSION = "1.38.0"
DESCRIPTION = "Fair shares of the courier's places"

PARAMS = {
    "default": 0,
    "null": False,
    "primary_key": False,
    "unique": False,
    "index": False,
    "index_method": IndexMethod.btree,
    "choices": None,
    "db_column_name": None,
    "secret": False,
}


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="retake", description=DESCRIPTION)
    for name, kind in (("platform", Integer), ("receiver_group", SmallInt)):
        manager.add_column(
            table_class_name="OutboxMessage",
            tablename="outbox_message",
            column_name=name,
            db_column_name=name,
            column_class_name=kind.__name__,
            column_class=kind,
            params=PARAMS,
            schema=None,
        )
    return manager
