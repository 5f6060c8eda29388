"""The day's money is kept in the database: exactly, over processes, and never beyond its limit."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable
from typing import Any, TypeVar
from uuid import UUID, uuid4

import asyncpg
import pytest

from assessment.errors import ServiceUnavailable
from assessment.spending import Grant
from db import sql
from db.engine import RetakeEngine
from db.spend import PostgresSpend
from tests.integration.deployment import migrated_template
from tests.server_process import finished_command, fresh_database
from tests.waiting import until

CALL_SECONDS = 90.0
Result = TypeVar("Result")


@pytest.fixture
async def url(engine: RetakeEngine) -> AsyncIterator[str]:
    """A database on which nothing was spent yet."""
    async with fresh_database(engine, await migrated_template(engine)) as url:
        yield url


@pytest.fixture
async def database(url: str) -> AsyncIterator[RetakeEngine]:
    """An engine on it."""
    engine = RetakeEngine(lambda: url)
    await engine.connect()
    yield engine
    await engine.close_pool()


async def _flushed(spend: PostgresSpend, *asking: Awaitable[Result]) -> list[Result]:
    """What those who ask are told, by one flush."""
    tasks = [asyncio.ensure_future(it) for it in asking]
    await asyncio.sleep(0)
    await spend.flush()
    return await asyncio.gather(*tasks)


async def _ask(spend: PostgresSpend, nanos: int, limit: int, ticket: UUID | None = None) -> Grant:
    (grant,) = await _flushed(spend, spend.reserve(ticket or uuid4(), nanos, limit, CALL_SECONDS))
    return grant


async def _days(database: RetakeEngine) -> list[int]:
    return [row["nanos"] for row in await sql.fetch(database, "SELECT nanos FROM spend_day ORDER BY day")]


async def _tickets(database: RetakeEngine) -> int:
    return len(await sql.fetch(database, "SELECT 1 FROM spend_reservation"))


async def test_what_a_call_cost_takes_the_place_of_what_was_set_aside(database: RetakeEngine) -> None:
    spend, ticket = PostgresSpend(database), uuid4()
    assert await _ask(spend, 700, 1_000, ticket) is Grant.GRANTED
    assert (await _days(database), await _tickets(database)) == ([700], 1)
    spend.settle(ticket, 120)
    await spend.flush()
    assert (await _days(database), await _tickets(database)) == ([120], 0)


async def test_a_call_is_settled_once_however_often_it_is_said(database: RetakeEngine) -> None:
    spend, ticket = PostgresSpend(database), uuid4()
    await _ask(spend, 700, 1_000, ticket)
    for _ in range(3):
        spend.settle(ticket, 120)
        await spend.flush()
    spend.settle(uuid4(), 5)
    await spend.flush()
    assert await _days(database) == [120]


async def test_of_those_who_ask_together_as_many_are_told_yes_as_the_limit_allows(database: RetakeEngine) -> None:
    spend = PostgresSpend(database)
    grants = await _flushed(spend, *(spend.reserve(uuid4(), 300, 1_000, CALL_SECONDS) for _ in range(5)))
    assert grants == [Grant.GRANTED] * 3 + [Grant.LATER] * 2
    assert await _days(database) == [900]


async def test_what_another_process_has_spent_counts_and_is_never_given_back(database: RetakeEngine) -> None:
    here, there, ticket = PostgresSpend(database), PostgresSpend(database), uuid4()
    await _ask(there, 900, 1_000, ticket)
    assert await _ask(here, 200, 1_000) is Grant.LATER
    there.settle(ticket, 900)
    await there.flush()
    assert await _ask(here, 200, 1_000) is Grant.NEVER
    assert await _ask(here, 100, 1_000) is Grant.GRANTED


async def test_what_a_killed_process_had_set_aside_counts_as_spent(database: RetakeEngine) -> None:
    await _ask(PostgresSpend(database), 900, 1_000)
    await sql.fetch(database, "UPDATE spend_reservation SET made_at = made_at - interval '2 minutes'")
    assert await _ask(PostgresSpend(database), 200, 1_000) is Grant.NEVER


async def test_another_day_has_its_own_money_and_a_call_is_settled_on_the_day_it_began(
    database: RetakeEngine,
) -> None:
    spend, ticket = PostgresSpend(database), uuid4()
    await _ask(spend, 900, 1_000, ticket)
    for table in ("spend_day", "spend_reservation"):
        await sql.fetch(database, f"UPDATE {table} SET day = day - 1")  # noqa: S608  # constants of this file
    assert await _ask(spend, 900, 1_000) is Grant.GRANTED
    spend.settle(ticket, 1)
    await spend.flush()
    assert await _days(database) == [1, 900]


async def test_the_day_is_the_one_of_utc(database: RetakeEngine) -> None:
    (name,) = await sql.fetch(database, "SELECT current_database() AS name")
    await sql.fetch(database, f"ALTER DATABASE {name['name']} SET timezone = 'Pacific/Kiritimati'")
    await database.close_pool()
    await database.connect()
    await _ask(PostgresSpend(database), 1, 1_000)
    (row,) = await sql.fetch(database, "SELECT day = (now() AT TIME ZONE 'UTC')::date AS is_of_utc FROM spend_day")
    assert row["is_of_utc"]


async def test_who_gave_up_before_an_answer_has_nothing_set_aside(database: RetakeEngine) -> None:
    spend, ticket = PostgresSpend(database), uuid4()
    asking = asyncio.ensure_future(spend.reserve(ticket, 700, 1_000, CALL_SECONDS))
    await asyncio.sleep(0)
    asking.cancel()
    spend.settle(ticket, 0)  # before the cancellation has come through
    await spend.flush()
    assert (await _tickets(database), sum(await _days(database))) == (0, 0)


@pytest.mark.parametrize("is_kept", [False, True])
async def test_without_an_answer_of_the_database_no_call_begins_and_nothing_stays_set_aside(
    database: RetakeEngine, monkeypatch: pytest.MonkeyPatch, *, is_kept: bool
) -> None:
    spend = PostgresSpend(database)

    async def away(engine: RetakeEngine, work: Any) -> Any:
        if is_kept:
            async with engine.transaction():
                await work()
        raise ServiceUnavailable

    with monkeypatch.context() as patch:
        patch.setattr("db.spend.in_transaction", away)
        assert await _ask(spend, 700, 1_000) is Grant.LATER
    assert await _tickets(database) == is_kept
    assert await _ask(spend, 1_000, 1_000) is Grant.GRANTED


async def test_a_call_that_ended_during_an_outage_is_settled_afterwards(
    database: RetakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    spend, ticket = PostgresSpend(database), uuid4()
    await _ask(spend, 700, 1_000, ticket)

    async def away(*_: Any) -> None:
        raise ServiceUnavailable

    with monkeypatch.context() as patch:
        patch.setattr("db.spend.in_transaction", away)
        spend.settle(ticket, 120)
        await spend.flush()
    await spend.stop()
    assert await _days(database) == [120]


async def test_of_several_days_the_oldest_is_locked_first(database: RetakeEngine, url: str) -> None:
    """Everybody goes by this order, so two processes that settle calls of two days cannot block each other."""
    spend, of_today, of_yesterday = PostgresSpend(database), UUID(int=1), UUID(int=2)
    for ticket in (of_today, of_yesterday):
        await _ask(spend, 10, 1_000, ticket)
    await sql.fetch(database, "INSERT INTO spend_day (day, nanos) SELECT day - 1, 10 FROM spend_day")
    await sql.fetch(database, "UPDATE spend_reservation SET day = day - 1 WHERE id = {}", of_yesterday)
    operator = await asyncpg.connect(url)
    async with operator.transaction():
        await operator.execute("SELECT 1 FROM spend_day WHERE day = (SELECT min(day) FROM spend_day) FOR UPDATE")
        for ticket in (of_today, of_yesterday):
            spend.settle(ticket, 1)
        settling = asyncio.create_task(spend.flush())
        await until(lambda: _waits(database))
        await operator.execute("SELECT 1 FROM spend_day WHERE day = (SELECT max(day) FROM spend_day) FOR UPDATE NOWAIT")
    await settling
    await operator.close()
    assert await _days(database) == [1, 11]


async def _waits(database: RetakeEngine) -> bool:
    waiting = "wait_event_type = 'Lock' AND datname = current_database() AND query LIKE 'UPDATE spend_day%'"
    return bool(await sql.fetch(database, f"SELECT 1 FROM pg_stat_activity WHERE {waiting}"))  # noqa: S608  # a constant


RACER = """
import asyncio, json, os, random, sys
from uuid import uuid4
from assessment.spending import Grant
from db import workers
from db.engine import engine_from
from db.spend import PostgresSpend

LIMIT, CALLERS, CALLS = 40_000, 25, 20

async def call(spend, chance, spent):
    amount = chance.randint(1, 1000)
    while (grant := await spend.reserve(ticket := uuid4(), amount, LIMIT, 90.0)) is Grant.LATER:
        await asyncio.sleep(0.01)
    if grant is Grant.GRANTED:
        await asyncio.sleep(chance.random() * 0.01)
        cost = chance.randint(0, amount // 4)
        spend.settle(ticket, cost)
        spent.append(cost)

async def caller(spend, chance, spent):
    for _ in range(CALLS):
        await call(spend, chance, spent)

async def both_are_there(engine):
    await workers.report(engine, uuid4(), workers.WorkerReport("racer", has_providers=True, serves_live=True))
    while len(await workers.alive(engine)) < 2:
        await asyncio.sleep(0.01)

async def race():
    engine = engine_from(os.environ)
    await engine.connect()
    spend, chance, spent = PostgresSpend(engine), random.Random(sys.argv[1]), []
    await both_are_there(engine)
    running = asyncio.create_task(spend.run())
    await asyncio.gather(*(caller(spend, chance, spent) for _ in range(CALLERS)))
    running.cancel()
    await asyncio.wait([running])
    await spend.stop()
    await engine.close_pool()
    print(json.dumps(spent))

asyncio.run(race())
"""


async def test_two_processes_race_for_the_last_cent_and_never_pass_the_limit(database: RetakeEngine, url: str) -> None:
    """A thousand calls ask for more than there is; somebody beside looks all the time."""
    limit, looks, is_over = 40_000, list[int](), asyncio.Event()

    async def look() -> None:
        while not is_over.is_set():
            looks.extend(await _days(database))
            await asyncio.sleep(0.005)

    looking = asyncio.create_task(look())
    environment = {"RETAKE_DATABASE_URL": url}
    racers = await asyncio.gather(
        *(finished_command("-c", RACER, seed, environment=environment) for seed in ("one", "two"))
    )
    is_over.set()
    await looking
    assert [(racer.code, racer.stderr) for racer in racers] == [(0, "")] * 2
    spent = [json.loads(racer.stdout.splitlines()[-1]) for racer in racers]
    assert all(spent), "each of them got something"
    assert len(spent[0]) + len(spent[1]) < 1_000, "not all of them got something"
    assert max(looks) <= limit
    assert await _days(database) == [sum(map(sum, spent))]
    assert limit - 1_000 <= sum(map(sum, spent)) <= limit
    assert await _tickets(database) == 0
