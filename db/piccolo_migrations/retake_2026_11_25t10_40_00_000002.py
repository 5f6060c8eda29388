"""Names that sessions gave leave the platforms' catalogues, and the newest items that a student saw are found by index."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-25T10:40:00:000002"
VERSION = "1.38.0"
DESCRIPTION = "Platforms name their skills themselves; indexes for the newest seen items"

FORWARDS = (
    # until now every one of them was named by the first session that used it, whoever's; verifications keep theirs
    "DELETE FROM skill WHERE platform IS NOT NULL",
    "CREATE INDEX shown_item_by_age ON shown_item (student, id)",
    "CREATE INDEX shown_item_of_skill_by_age ON shown_item (student, skill_id, id)",
)
BACKWARDS = ("DROP INDEX shown_item_by_age, shown_item_of_skill_by_age",)


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
