from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Bytea, Integer, Timestamptz
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.columns.indexes import IndexMethod

ID = "2026-11-25T10:30:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "The row that the readiness check writes"

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
    manager.add_table(class_name="ReadinessProbe", tablename="readiness_probe", schema=None, columns=None)
    manager.add_column(
        table_class_name="ReadinessProbe",
        tablename="readiness_probe",
        column_name="id",
        db_column_name="id",
        column_class_name="Integer",
        column_class=Integer,
        params={**PLAIN, "default": 0, "primary_key": True},
        schema=None,
    )
    manager.add_column(
        table_class_name="ReadinessProbe",
        tablename="readiness_probe",
        column_name="written_at",
        db_column_name="written_at",
        column_class_name="Timestamptz",
        column_class=Timestamptz,
        params={**PLAIN, "default": TimestamptzNow()},
        schema=None,
    )
    manager.add_column(
        table_class_name="ReadinessProbe",
        tablename="readiness_probe",
        column_name="padding",
        db_column_name="padding",
        column_class_name="Bytea",
        column_class=Bytea,
        params={**PLAIN, "default": b""},
        schema=None,
    )
    return manager
