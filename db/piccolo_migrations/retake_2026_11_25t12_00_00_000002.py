"""The job that writes a set, in the place of a lease that is renewed."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import BigInt
from piccolo.columns.indexes import IndexMethod

ID = "2026-11-25T12:00:00:000002"
VERSION = "1.38.0"
DESCRIPTION = "The job that writes a set"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="retake", description=DESCRIPTION)
    manager.add_column(
        table_class_name="Generation",
        tablename="generation",
        column_name="job",
        db_column_name="job",
        column_class_name="BigInt",
        column_class=BigInt,
        params={
            "default": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )
    for name in ("leased_until", "heartbeat"):
        manager.drop_column(
            table_class_name="Generation", tablename="generation", column_name=name, db_column_name=name, schema=None
        )
    return manager
