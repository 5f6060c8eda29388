"""The schema goes forwards and backwards, once however many ask at the same time, and is what the tables say."""

import asyncio
import re
from typing import Any

import asyncpg
from piccolo.apps.migrations.commands.new import AutoMigrationManager

from db.engine import RetakeEngine
from db.migrations import FOLDER, known_ids
from db.piccolo_app import APP_CONFIG
from tests.rows import fetch
from tests.server_process import Finished, finished_command, finished_retake, fresh_database, run_retake

SCHEMA = (
    """
    SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name <> 'migration' ORDER BY 1, 2
    """,
    """
    SELECT tablename, indexname, indexdef FROM pg_indexes
    WHERE schemaname = 'public' AND tablename <> 'migration' ORDER BY 1, 2
    """,
    """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'migration' ORDER BY 1, 2
    """,
    """
    SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger
    WHERE NOT tgisinternal ORDER BY 1, 2
    """,
    "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1",
)


async def _schema(url: str) -> list[list[Any]]:
    connection = await asyncpg.connect(url)
    try:
        return [[tuple(row) for row in await connection.fetch(statement)] for statement in SCHEMA]
    finally:
        await connection.close()


async def _piccolo(*arguments: str, url: str) -> Finished:
    program = "from piccolo.main import main; main()"
    return await finished_command("-c", program, *arguments, environment={"RETAKE_DATABASE_URL": url})


async def test_forwards_backwards_and_forwards_again_gives_the_same_schema(engine: RetakeEngine) -> None:
    async with fresh_database(engine) as url:
        environment = {"RETAKE_DATABASE_URL": url}
        empty = await _schema(url)
        before = await finished_retake("db", "status", environment=environment)
        assert (before.code, "pending" in before.stdout, "run `retake db upgrade`" in before.stdout) == (1, True, True)

        await run_retake("db", "upgrade", environment=environment)
        there = await _schema(url)
        assert all(len(part) > 0 for part in there)
        backwards = await _piccolo("migrations", "backwards", "retake", "all", "--auto_agree", url=url)
        assert backwards.code == 0, backwards.stdout + backwards.stderr
        assert await _schema(url) == empty

        forwards = await _piccolo("migrations", "forwards", "retake", url=url)
        assert forwards.code == 0, forwards.stdout + forwards.stderr
        assert await _schema(url) == there
        after = await finished_retake("db", "status", environment=environment)
        assert (after.code, after.stdout.splitlines()[-1]) == (0, "up to date")


async def test_two_upgrades_of_an_empty_database_at_the_same_time_both_succeed(engine: RetakeEngine) -> None:
    async with fresh_database(engine) as url:
        environment = {"RETAKE_DATABASE_URL": url}
        printed = await asyncio.gather(*(run_retake("db", "upgrade", environment=environment) for _ in range(2)))
        connection = await asyncpg.connect(url)
        names = [row["name"] for row in await connection.fetch("SELECT name FROM migration")]
        skills = await connection.fetchval("SELECT count(*) FROM skill")
        await connection.close()
    assert {text.splitlines()[-1] for text in printed} == {"up to date"}
    assert len(names) == len(set(names)) > 0
    assert skills >= 400


async def test_an_upgrade_that_fails_leaves_nothing_behind(engine: RetakeEngine) -> None:
    async with fresh_database(engine) as url:
        connection = await asyncpg.connect(url)
        await connection.execute("CREATE FUNCTION refuse_archive_change() RETURNS int LANGUAGE sql AS 'SELECT 1'")
        before = await _schema(url)
        failed = await finished_retake("db", "upgrade", environment={"RETAKE_DATABASE_URL": url})
        assert failed.code != 0
        assert await _schema(url) == before
        await connection.execute("DROP FUNCTION refuse_archive_change")
        await connection.close()
        await run_retake("db", "upgrade", environment={"RETAKE_DATABASE_URL": url})


def test_the_files_of_the_migrations_are_named_as_they_call_themselves() -> None:
    named = re.findall(r'^ID = "(.+)"$', "\n".join(path.read_text() for path in FOLDER.glob("*.py")), re.MULTILINE)
    assert named
    assert known_ids() == tuple(sorted(named))


async def test_the_migrations_say_what_the_tables_say() -> None:
    changes = await AutoMigrationManager(auto_input="y").get_alter_statements(APP_CONFIG)
    assert [statement for change in changes for statement in change.statements] == []


async def test_the_catalogue_is_what_the_file_says(engine: RetakeEngine) -> None:
    rows = await fetch("SELECT count(*) AS skills, count(DISTINCT field) AS fields FROM skill WHERE platform IS NULL")
    assert rows[0]["skills"] >= 400
    assert rows[0]["fields"] >= 10
