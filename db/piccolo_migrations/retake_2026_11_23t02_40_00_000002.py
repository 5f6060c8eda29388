from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Bytea, Text, Varchar
from piccolo.columns.indexes import IndexMethod

ID = "2026-11-23T02:40:00:000002"
VERSION = "1.38.0"
DESCRIPTION = "Keep what the rule of novelty compares; tell requests for items from requests for answers"

PLAIN = {
    "null": False,
    "primary_key": False,
    "unique": False,
    "index": False,
    "index_method": IndexMethod.btree,
    "choices": None,
    "db_column_name": None,
    "secret": False,
}


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="retake", description=DESCRIPTION)
    manager.add_column(
        table_class_name="ShownItem",
        tablename="shown_item",
        column_name="skill_id",
        db_column_name="skill_id",
        column_class_name="Text",
        column_class=Text,
        params={"default": "", **PLAIN},
        schema=None,
    )
    manager.add_column(
        table_class_name="ShownItem",
        tablename="shown_item",
        column_name="signature",
        db_column_name="signature",
        column_class_name="Bytea",
        column_class=Bytea,
        params={"default": b"", **PLAIN},
        schema=None,
    )
    manager.add_column(
        table_class_name="VendorAttempt",
        tablename="vendor_attempt",
        column_name="purpose",
        db_column_name="purpose",
        column_class_name="Varchar",
        column_class=Varchar,
        params={"length": 8, "default": "write", **PLAIN},
        schema=None,
    )
    return manager
