"""A retake policy per platform, kept with each attempt that is taken under it."""

from typing import Any

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import Column, OnDelete, OnUpdate
from piccolo.columns.column_types import JSONB, ForeignKey, Integer, Serial, Timestamptz, Varchar
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table

ID = "2026-11-25T22:30:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "A retake policy per platform"


class Platform(Table, tablename="platform"):
    id = Serial(primary_key=True)


OF_PLATFORM = {
    "references": Platform,
    "primary_key": True,
    "null": False,
    "default": None,
    "on_delete": OnDelete.cascade,
    "on_update": OnUpdate.cascade,
    "target_column": None,
}
COLUMNS: tuple[tuple[str, str, type[Column], dict[str, Any]], ...] = (
    ("RetakePolicy", "platform", ForeignKey, OF_PLATFORM),
    ("RetakePolicy", "max_attempts", Integer, {"default": None, "null": True}),
    ("RetakePolicy", "cool_down_seconds", Integer, {"default": 0}),
    ("RetakePolicy", "time_limit_seconds", Integer, {"default": None, "null": True}),
    ("RetakePolicy", "sets_per_attempt", Integer, {"default": 5}),
    ("RetakePolicy", "answers", Varchar, {"length": 5, "default": "full"}),
    ("RetakePolicy", "set_at", Timestamptz, {"default": TimestamptzNow()}),
    ("Verification", "last_scored_at", Timestamptz, {"default": None, "null": True}),
    ("Attempt", "policy", JSONB, {"default": None, "null": True}),
)
TABLENAMES = {"RetakePolicy": "retake_policy", "Verification": "verification", "Attempt": "attempt"}


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="retake", description=DESCRIPTION)
    manager.add_table(class_name="RetakePolicy", tablename="retake_policy")
    for table, column, kind, params in COLUMNS:
        manager.add_column(
            table_class_name=table,
            tablename=TABLENAMES[table],
            column_name=column,
            db_column_name=column,
            column_class_name=kind.__name__,
            column_class=kind,
            params=params,
        )
    return manager
