"""Bring the schema to the version this code needs, and say which version it has."""

import contextlib
import io

import msgspec
from piccolo.apps.migrations.commands.forwards import ForwardsMigrationManager
from piccolo.apps.migrations.tables import Migration
from piccolo.conf.apps import Finder

from assessment.errors import RetakeError
from db.catalogue import seed_catalogue
from db.engine import RetakeEngine

APP_NAME = "retake"
UPGRADE_LOCK = 7_265_746_101  # any number of our own: an advisory lock has no name


class MigrationStatus(msgspec.Struct, frozen=True):
    """Migration ids that were applied and those that wait, oldest first."""

    applied: tuple[str, ...]
    pending: tuple[str, ...]

    @property
    def is_current(self) -> bool:
        return not self.pending


class NotMigrated(RetakeError):
    """The database lacks migrations that this version of the code needs."""


async def status() -> MigrationStatus:
    """Compare the migrations in this code with those the database has seen."""
    known = sorted(_known())
    has_table = await Migration.table_exists()
    rows = await Migration.select(Migration.name).where(Migration.app_name == APP_NAME) if has_table else []
    applied = {row["name"] for row in rows}
    return MigrationStatus(
        tuple(name for name in known if name in applied), tuple(name for name in known if name not in applied)
    )


async def upgrade(engine: RetakeEngine) -> MigrationStatus:
    """Apply what is pending and bring the skill catalogue up to date; several processes may call it at once.

    All in one transaction: a process that dies on the way leaves the schema as it was.
    """
    async with engine.unhurried_transaction():
        await Migration.raw("SELECT pg_advisory_xact_lock({})", UPGRADE_LOCK)
        if not (await status()).is_current:
            await _apply()
        await seed_catalogue()
        return await status()


async def require_current() -> None:
    """Raise NotMigrated unless every migration was applied."""
    if not (await status()).is_current:
        raise NotMigrated


def _known() -> list[str]:
    manager = ForwardsMigrationManager(app_name=APP_NAME)
    config = Finder().get_app_config(APP_NAME)
    modules = manager.get_migration_modules(config.resolved_migrations_folder_path)
    return manager.get_migration_ids(modules)


async def _apply() -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        result = await ForwardsMigrationManager(app_name=APP_NAME).run()
    if not result.success:
        raise NotMigrated
