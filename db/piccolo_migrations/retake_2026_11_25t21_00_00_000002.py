"""What Piccolo cannot say of maps: one of each version, and the modes."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-25T21:00:00:000002"
VERSION = "1.38.0"
DESCRIPTION = "One map of each version"

FORWARDS = (
    """
    CREATE UNIQUE INDEX one_version_of_a_map ON concept_map (skill_id, mode, platform, language, version)
    NULLS NOT DISTINCT
    """,
    "ALTER TABLE concept_map ADD CHECK (mode IN ('live', 'test'))",
)
BACKWARDS = (
    "ALTER TABLE concept_map DROP CONSTRAINT concept_map_mode_check",
    "DROP INDEX one_version_of_a_map",
)


class Statements(Table):
    """A handle for raw statements; it has no rows."""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="retake", description=DESCRIPTION)
    manager.add_raw(_go_forwards)
    manager.add_raw_backwards(_go_backwards)
    return manager


async def _go_forwards() -> None:
    for statement in FORWARDS:
        await Statements.raw(statement)


async def _go_backwards() -> None:
    for statement in BACKWARDS:
        await Statements.raw(statement)
