"""The audit log only grows."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-25T22:30:00:000008"
VERSION = "1.38.0"
DESCRIPTION = "An audit log that only grows"

FORWARDS = (
    """
    CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'restrict_violation';
    END $$
    """,
    """
    CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()
    """,
    """
    CREATE TRIGGER audit_is_never_truncated BEFORE TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()
    """,
)
BACKWARDS = (
    "DROP TRIGGER audit_is_never_truncated ON audit_entry",
    "DROP TRIGGER audit_is_append_only ON audit_entry",
    "DROP FUNCTION refuse_audit_change",
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
