"""A lease that lives as long as its heartbeat is seen to move, and the bound on sets; no clock decides over a lease."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import BigInt, Integer, Timestamptz
from piccolo.columns.indexes import IndexMethod

ID = "2026-11-25T10:40:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "Count generations that ended, heartbeats, sets and starts"

PLAIN = {
    "primary_key": False,
    "unique": False,
    "index": False,
    "index_method": IndexMethod.btree,
    "choices": None,
    "db_column_name": None,
    "secret": False,
}
COUNT = {"default": 0, "null": False}
MOMENT = {"default": None, "null": True}
COLUMNS = (
    ("ended", BigInt, COUNT),
    ("heartbeat", BigInt, COUNT),
    ("started", Integer, COUNT),
    ("started_since", Timestamptz, MOMENT),
    ("sets", Integer, COUNT),
    ("sets_since", Timestamptz, MOMENT),
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="retake", description=DESCRIPTION)
    for name, kind, params in COLUMNS:
        manager.add_column(
            table_class_name="Generation",
            tablename="generation",
            column_name=name,
            db_column_name=name,
            column_class_name=kind.__name__,
            column_class=kind,
            params={**params, **PLAIN},
            schema=None,
        )
    return manager
