"""When a set was sent and when its time is up, what was saved of its answers, and when the service was last there."""

from typing import Any

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import Column
from piccolo.columns.column_types import JSONB, Boolean, DoublePrecision, Integer, Timestamptz
from piccolo.columns.defaults.timestamptz import TimestamptzNow

ID = "2026-11-25T22:30:00:000003"
VERSION = "1.38.0"
DESCRIPTION = "Time limits and saved answers"


COLUMNS: tuple[tuple[str, str, type[Column], dict[str, Any]], ...] = (
    ("ServiceBeat", "id", Integer, {"default": 0, "primary_key": True}),
    ("ServiceBeat", "seen_at", Timestamptz, {"default": TimestamptzNow()}),
    ("QuestionSet", "answers", JSONB, {"default": "{}"}),
    ("QuestionSet", "started_at", Timestamptz, {"default": None, "null": True}),
    ("QuestionSet", "time_limit_seconds", Integer, {"default": None, "null": True}),
    ("QuestionSet", "given_back_seconds", DoublePrecision, {"default": 0.0}),
    ("QuestionSet", "ends_at", Timestamptz, {"default": None, "null": True}),
    ("QuestionSet", "timed_out", Boolean, {"default": False}),
    ("Verification", "time_factor", DoublePrecision, {"default": 1.0}),
    ("Attempt", "timing", JSONB, {"default": None, "null": True}),
    ("Attempt", "timed_out", Boolean, {"default": False}),
)
TABLENAMES = {
    "ServiceBeat": "service_beat",
    "QuestionSet": "question_set",
    "Verification": "verification",
    "Attempt": "attempt",
}


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="retake", description=DESCRIPTION)
    manager.add_table(class_name="ServiceBeat", tablename="service_beat")
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
