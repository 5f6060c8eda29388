"""What live calls cost on each day, and what is set aside for those under way."""

from typing import Any

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import UUID, BigInt, Date, Timestamptz
from piccolo.columns.base import Column
from piccolo.columns.defaults.date import DateNow
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.columns.defaults.uuid import UUID4

ID = "2026-11-25T18:00:00:000002"
VERSION = "1.38.0"
DESCRIPTION = "What live calls cost, by day"

TABLES = {"SpendDay": "spend_day", "SpendReservation": "spend_reservation"}
COLUMNS: tuple[tuple[str, str, type[Column], dict[str, Any]], ...] = (
    ("SpendDay", "day", Date, {"default": DateNow(), "primary_key": True}),
    ("SpendDay", "nanos", BigInt, {"default": 0}),
    ("SpendReservation", "id", UUID, {"default": UUID4(), "primary_key": True}),
    ("SpendReservation", "day", Date, {"default": DateNow()}),
    ("SpendReservation", "nanos", BigInt, {"default": 0}),
    ("SpendReservation", "made_at", Timestamptz, {"default": TimestamptzNow(), "index": True}),
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="retake", description=DESCRIPTION)
    for table, name in TABLES.items():
        manager.add_table(class_name=table, tablename=name)
    for table, column, kind, params in COLUMNS:
        manager.add_column(
            table_class_name=table,
            tablename=TABLES[table],
            column_name=column,
            db_column_name=column,
            column_class_name=kind.__name__,
            column_class=kind,
            params=params,
        )
    return manager
