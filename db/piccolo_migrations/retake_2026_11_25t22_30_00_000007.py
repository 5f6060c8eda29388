"""Who did what: the audit log."""

from typing import Any

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import BigInt, Bytea, Integer, Text, Timestamptz
from piccolo.columns.base import Column
from piccolo.columns.defaults.timestamptz import TimestamptzNow

ID = "2026-11-25T22:30:00:000007"
VERSION = "1.38.0"
DESCRIPTION = "The audit log"

COLUMNS: tuple[tuple[str, type[Column], dict[str, Any]], ...] = (
    ("id", BigInt, {"default": 0, "primary_key": True}),
    ("at", Timestamptz, {"default": TimestamptzNow()}),
    ("actor_kind", Text, {"default": ""}),
    ("actor", Text, {"default": ""}),
    ("source", Text, {"default": ""}),
    ("action", Text, {"default": ""}),
    ("platform", Integer, {"default": None, "null": True}),
    ("subject", Text, {"default": ""}),
    ("details", Text, {"default": "{}"}),
    ("previous", Bytea, {"default": b""}),
    ("digest", Bytea, {"default": b""}),
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="retake", description=DESCRIPTION)
    manager.add_table(class_name="AuditEntry", tablename="audit_entry")
    for column, kind, params in COLUMNS:
        manager.add_column(
            table_class_name="AuditEntry",
            tablename="audit_entry",
            column_name=column,
            db_column_name=column,
            column_class_name=kind.__name__,
            column_class=kind,
            params=params,
        )
    return manager
