"""No query reads a whole table that grows: the plan of each, over full tables and for whatever values, says so."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import msgspec
import pytest

from api.services import Services
from db.item_statistics import NEITHER_SORTED_NOR_HASHED
from piccolo_conf import DB
from tests.integration.deployment import migrated_template
from tests.journey import Journey
from tests.plans.filled import fill, growing_tables
from tests.plans.recorder import Query, functions_that_ask, recorded
from tests.plans.script import play
from tests.server_process import fresh_database

EXPLAINED = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")

# Asked by an operator's command, for a span of time that the operator chooses: what is read depends on the values, so
# these are planned for the values of the script.
BY_VALUE = {"ledger.py:summaries"}

# Queries that may read a whole table that grows, each with its reason.
MAY_SCAN = {
    "catalogue.py:Catalogue.search": "reads the shared skills, which ship with the product and grow with it alone"
}

INDEX_SCANS = ("Index Scan", "Index Only Scan", "Bitmap Index Scan")

Node = dict[str, Any]


@pytest.fixture(scope="module")
async def full(app: object) -> AsyncIterator[Any]:
    """A connection to a migrated database with full tables."""
    engine = DB
    async with fresh_database(engine, await migrated_template(engine)) as url:
        connection = await asyncpg.connect(url)
        await fill(connection)
        yield connection
        await connection.close()


@pytest.fixture
async def queries(
    services: Services, journey: Journey, platform_name: str, monkeypatch: pytest.MonkeyPatch
) -> list[Query]:
    with recorded(monkeypatch) as found:
        await play(services, journey, platform_name)
    return list(found.values())


async def _plan(database: Any, query: Query) -> Node:
    transaction = database.transaction()
    await transaction.start()
    try:
        if query.asked_by.startswith("item_statistics.py"):
            await database.execute(NEITHER_SORTED_NOR_HASHED)
        if query.asked_by in BY_VALUE:
            rows = await database.fetch(f"EXPLAIN (FORMAT JSON) {query.statement}", *query.values)
        else:
            await database.execute(f"PREPARE asked AS {query.statement}")
            values = f"({', '.join(['NULL'] * len(query.values))})" if query.values else ""
            await database.execute("SET LOCAL plan_cache_mode = force_generic_plan")
            rows = await database.fetch(f"EXPLAIN (FORMAT JSON) EXECUTE asked{values}")
            await database.execute("DEALLOCATE asked")
    finally:
        await transaction.rollback()
    plan: Node = msgspec.json.decode(rows[0][0])[0]["Plan"]
    return plan


def _whole_tables(node: Node, growing: set[str], *, is_limited: bool = False) -> Iterator[str]:
    """Name the growing tables that a plan reads from end to end, or may read so when few rows pass."""
    kind, table = node["Node Type"], node.get("Relation Name", "")
    if kind == "Seq Scan" and table in growing:
        yield f"Seq Scan of {table}"
    if table in growing and "clock_timestamp" in node.get("Filter", ""):  # which no index can be asked for
        yield f"Comparison of {table} with clock_timestamp(): statement_timestamp() can use an index"
    # in the order of the index, up to a limit, and none passed over: that is no whole table
    is_bounded = "Index Cond" in node or (is_limited and "Filter" not in node)
    if kind in INDEX_SCANS and table in growing | {""} and not is_bounded:
        yield f"{kind} along all of {node['Index Name']}"
    for child in node.get("Plans", []):
        passes_limit_on = kind in ("Limit", "LockRows", "Subquery Scan", "Result")
        yield from _whole_tables(child, growing, is_limited=kind == "Limit" or (is_limited and passes_limit_on))


def _nodes(node: Node) -> Iterator[str]:
    yield node["Node Type"]
    for child in node.get("Plans", []):
        yield from _nodes(child)


async def test_the_script_reaches_every_function_that_asks_the_database(queries: list[Query]) -> None:
    missing = functions_that_ask() - {query.asked_by for query in queries}
    assert not missing, f"no step of tests/plans/script.py makes these ask: {sorted(missing)}"


async def test_no_query_reads_a_whole_table_that_grows(full: Any, queries: list[Query]) -> None:
    growing = await growing_tables(full)
    found = {
        (query.asked_by, scan, " ".join(query.statement.split())[:300])
        for query in queries
        if query.statement.lstrip().startswith(EXPLAINED) and query.asked_by not in MAY_SCAN
        for scan in _whole_tables(await _plan(full, query), growing)
    }
    assert not found, "\n".join(map(" | ".join, sorted(found)))


async def test_the_archive_is_neither_sorted_nor_hashed(full: Any, queries: list[Query]) -> None:
    (archive,) = [query for query in queries if query.asked_by == "item_statistics.py:_streamed"]
    assert set(_nodes(await _plan(full, archive))) <= {"Nested Loop", "Index Scan", "Memoize"}


@pytest.mark.parametrize(
    ("statement", "count"),
    [
        ("SELECT 1 FROM session WHERE expires_at < clock_timestamp()", 2),
        ("SELECT 1 FROM outbox_message WHERE id = '' AND due_at < clock_timestamp()", 1),
        ("SELECT 1 FROM session WHERE expires_at < now() - interval '1 year'", 0),
        ("SELECT id FROM outbox_message WHERE state = 'pending' AND body = '' ORDER BY platform LIMIT 1", 1),
        ("SELECT 1 FROM platform WHERE name > ''", 0),
        ("SELECT 1 FROM rate_window ORDER BY started_at LIMIT 5", 0),
    ],
)
async def test_a_whole_table_is_recognised(full: Any, statement: str, count: int) -> None:
    plan = await _plan(full, Query("", statement, ()))
    assert len(list(_whole_tables(plan, await growing_tables(full)))) == count


async def test_every_table_that_grows_is_full(full: Any) -> None:
    for table in await growing_tables(full):
        assert await full.fetchval(f"SELECT count(*) FROM {table}") >= 10_000, table  # noqa: S608  # a table's name
