"""Bring the schema to the version this code needs, and say which version it has."""

import asyncio
import contextlib
import io
import re
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path

import asyncpg
import msgspec
import structlog
from piccolo.engine.finder import engine_finder

from assessment.errors import RetakeError
from db.catalogue import seed_catalogue
from db.engine import RetakeEngine
from db.sql import fetch

APP_NAME = "retake"
FOLDER = Path(__file__).parent / "piccolo_migrations"
FILE_NAME = re.compile(APP_NAME + r"_(\d{4})_(\d\d)_(\d\d)t(\d\d)_(\d\d)_(\d\d)_(\d{6})")
UPGRADE_LOCK = 7_265_746_101  # any number of our own: an advisory lock has no name
# Whoever wants a table waits behind a migration that wants it, so that must not wait long
LOCK_TIMEOUT = "2s"
PAUSES = (1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 8.0)
IN_USE = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)

log = structlog.get_logger(__name__)


class MigrationStatus(msgspec.Struct, frozen=True):
    """Migration ids that were applied and those that wait, oldest first.

    `unknown` ones were applied by a newer version of the code.
    """

    applied: tuple[str, ...]
    pending: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def is_current(self) -> bool:
        return not self.pending and not self.unknown


class NotMigrated(RetakeError):
    """The database lacks migrations that this version of the code needs."""


class SchemaTooNew(RuntimeError):
    """A newer version of the code has upgraded the database."""

    def __init__(self, unknown: tuple[str, ...]) -> None:
        super().__init__(
            f"a newer version of Retake has upgraded the database (unknown: {', '.join(unknown)}); run that version"
        )


class TablesInUse(RuntimeError):
    """A migration did not get the locks it needs."""


async def status(engine: RetakeEngine) -> MigrationStatus:
    """Compare the migrations in this code with those the database has seen."""
    known = known_ids()
    (table,) = await fetch(engine, "SELECT to_regclass('migration') IS NOT NULL AS is_there")
    rows = await fetch(engine, "SELECT name FROM migration WHERE app_name = {}", APP_NAME) if table["is_there"] else []
    applied = {row["name"] for row in rows}
    return MigrationStatus(
        tuple(name for name in known if name in applied),
        tuple(name for name in known if name not in applied),
        tuple(sorted(applied.difference(known))),
    )


async def upgrade(engine: RetakeEngine, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> MigrationStatus:
    """Apply what is pending and bring the skill catalogue up to date; several processes may call it at once.

    While others use the tables it tries again and again, and lets them pass in between. Raises SchemaTooNew,
    TablesInUse.
    """
    for pause in PAUSES:
        try:
            return await _upgrade_at_once(engine)
        except IN_USE as error:
            log.warning("migration_waits_for_tables", reason=type(error).__name__, pause_seconds=pause)
        await sleep(pause)
    try:
        return await _upgrade_at_once(engine)
    except IN_USE as error:
        raise TablesInUse("the tables that a migration changes were in use all the time; try it again") from error


async def require_current(engine: RetakeEngine) -> None:
    """Raise NotMigrated or SchemaTooNew unless the schema is the one this code knows."""
    found = await status(engine)
    _refuse_unknown(found)
    if not found.is_current:
        raise NotMigrated


async def _upgrade_at_once(engine: RetakeEngine) -> MigrationStatus:
    """All in one transaction: a process that dies on the way leaves the schema as it was."""
    async with engine.unhurried_transaction():
        await fetch(engine, "SELECT pg_advisory_xact_lock({})", UPGRADE_LOCK)
        found = await status(engine)
        _refuse_unknown(found)
        if found.pending:
            await engine.run_ddl(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
            await _apply(engine)
        await seed_catalogue(engine)
        return await status(engine)


def _refuse_unknown(found: MigrationStatus) -> None:
    if found.unknown:
        raise SchemaTooNew(found.unknown)


@cache
def known_ids() -> tuple[str, ...]:
    """The ids as the files are named by them: to import the files takes Piccolo's commands, half of a short start."""
    names = [FILE_NAME.fullmatch(path.stem) for path in FOLDER.glob(f"{APP_NAME}_*.py")]
    return tuple(sorted("{}-{}-{}T{}:{}:{}:{}".format(*name.groups()) for name in names if name))


async def _apply(engine: RetakeEngine) -> None:
    from piccolo.apps.migrations.commands.forwards import ForwardsMigrationManager  # see known_ids

    assert engine_finder() is engine  # Piccolo's commands run on the engine of piccolo_conf.py
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        result = await ForwardsMigrationManager(app_name=APP_NAME).run()
    if not result.success:
        raise NotMigrated
