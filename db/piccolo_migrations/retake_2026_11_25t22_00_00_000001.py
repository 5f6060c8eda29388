"""Sets that are written ahead: what they rest on, how far the writing is, and what became of them."""

from typing import Any

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import JSONB, BigSerial, Boolean, DoublePrecision, SmallInt, Timestamptz, Varchar
from piccolo.columns.base import Column
from piccolo.columns.defaults.timestamptz import TimestamptzNow

ID = "2026-11-25T22:00:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "Sets that are written ahead"

NAMES = {"QuestionSet": "question_set", "Generation": "generation", "AheadEvent": "ahead_event"}
COLUMNS: tuple[tuple[str, str, type[Column], dict[str, Any]], ...] = (
    ("QuestionSet", "making", JSONB, {"default": None, "null": True}),
    ("QuestionSet", "expires_at", Timestamptz, {"default": None, "null": True}),
    ("Generation", "ahead", Boolean, {"default": False}),
    ("Generation", "ready", SmallInt, {"default": 0}),
    ("Generation", "total", SmallInt, {"default": 0}),
    ("AheadEvent", "id", BigSerial, {"primary_key": True}),
    ("AheadEvent", "at", Timestamptz, {"default": TimestamptzNow(), "index": True}),
    ("AheadEvent", "mode", Varchar, {"length": 4}),
    ("AheadEvent", "event", Varchar, {"length": 10}),
    ("AheadEvent", "reason", Varchar, {"length": 10, "default": ""}),
    ("AheadEvent", "cost", DoublePrecision, {"default": 0.0}),
    ("AheadEvent", "seconds", DoublePrecision, {"default": 0.0}),
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="retake", description=DESCRIPTION)
    manager.add_table(class_name="AheadEvent", tablename="ahead_event")
    for table, column, kind, params in COLUMNS:
        manager.add_column(
            table_class_name=table,
            tablename=NAMES[table],
            column_name=column,
            db_column_name=column,
            column_class_name=kind.__name__,
            column_class=kind,
            params=params,
        )
    return manager
