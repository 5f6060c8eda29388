"""What each shown item tested, results by concept, and maps of concepts by skill and language."""

from typing import Any

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import Column, OnDelete, OnUpdate
from piccolo.columns.column_types import JSONB, ForeignKey, Integer, Serial, Text, Timestamptz, Varchar
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table

ID = "2026-11-25T21:00:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "Maps of concepts, and the concept of each shown item"


class Platform(Table, tablename="platform"):
    id = Serial(primary_key=True)


OF_PLATFORM = {
    "references": Platform,
    "null": True,
    "default": None,
    "on_delete": OnDelete.cascade,
    "on_update": OnUpdate.cascade,
    "target_column": None,
}
COLUMNS: tuple[tuple[str, str, type[Column], dict[str, Any]], ...] = (
    ("ConceptMap", "id", Serial, {"primary_key": True}),
    ("ConceptMap", "platform", ForeignKey, OF_PLATFORM),
    ("ConceptMap", "mode", Varchar, {"length": 4}),
    ("ConceptMap", "skill_id", Text, {}),
    ("ConceptMap", "language", Text, {}),
    ("ConceptMap", "version", Integer, {}),
    ("ConceptMap", "concepts", JSONB, {}),
    ("ConceptMap", "made_at", Timestamptz, {"default": TimestamptzNow()}),
    ("ShownItem", "concept_id", Text, {"default": None, "null": True}),
    ("ShownItem", "concept", Text, {"default": None, "null": True}),
    ("Attempt", "concepts", JSONB, {"default": None, "null": True}),
)
TABLENAMES = {"ConceptMap": "concept_map", "ShownItem": "shown_item", "Attempt": "attempt"}


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="retake", description=DESCRIPTION)
    manager.add_table(class_name="ConceptMap", tablename="concept_map")
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
