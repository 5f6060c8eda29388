"""Connections stand behind a pooler too, and the time limits of a session hold."""

from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from db.connecting import LIMITS, Pooling, WrongPooling, hosts_of
from db.engine import RetakeEngine
from tests.integration.strict_proxy import strict_proxy
from tests.own_logs import own_logs

SETTINGS = ", ".join(f"current_setting('{name}') AS {name}" for name in LIMITS)


def _socket_of(engine: RetakeEngine) -> str:
    (folder,) = parse_qs(urlsplit(engine.locate()).query)["host"]
    return f"{folder}/.s.PGSQL.5432"


async def test_no_parameter_that_poolers_refuse_is_sent_and_the_limits_hold_all_the_same(engine: RetakeEngine) -> None:
    async with strict_proxy(_socket_of(engine)) as (proxy, port):
        own = RetakeEngine(lambda: f"postgresql://postgres@127.0.0.1:{port}/postgres")
        await own.connect()
        rows = await own.run_ddl(f"SELECT {SETTINGS}")
        await own.close_pool()
    assert proxy.refused == []
    assert [dict(row) for row in rows] == [LIMITS]


async def test_the_doorkeeper_of_the_test_does_refuse(engine: RetakeEngine) -> None:
    async with strict_proxy(_socket_of(engine)) as (proxy, port):
        with pytest.raises(asyncpg.ProtocolViolationError, match="unsupported startup parameter: statement_timeout"):
            await asyncpg.connect(
                f"postgresql://postgres@127.0.0.1:{port}/postgres", server_settings={"statement_timeout": "1000"}
            )
    assert proxy.refused == ["statement_timeout"]


async def test_where_transactions_are_pooled_each_has_its_limits_and_leaves_none_behind(engine: RetakeEngine) -> None:
    own = RetakeEngine(engine.locate, pooling=Pooling.TRANSACTION)
    with own_logs() as logs:
        await own.connect()
    assert [line["event"] for line in logs] == ["statements_outside_transactions_are_not_limited"]
    async with own.transaction():
        inside = await own.run_ddl(f"SELECT {SETTINGS}")
    outside = await own.run_ddl(f"SELECT {SETTINGS}")
    prepared = await own.run_ddl("SELECT name FROM pg_prepared_statements")
    await own.close_pool()
    assert [dict(row) for row in inside] == [LIMITS]
    assert [dict(row) for row in outside] == [dict.fromkeys(LIMITS, "0")]
    assert list(prepared) == []


class Pooled:
    """A connection through a pooler, which makes up what the client takes for the server process."""

    def __init__(self, process: int) -> None:
        self._process = process
        self.is_open = True

    def get_server_pid(self) -> int:
        return -1

    async def fetchval(self, _: str, **bound: float) -> int:
        assert bound["timeout"] > 0
        return self._process

    def terminate(self) -> None:
        self.is_open = False


@pytest.mark.parametrize("processes", [(7, 7), (7, 8)])
async def test_a_pooler_that_takes_sessions_apart_is_found_out(
    processes: tuple[int, int], engine: RetakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    connections = [Pooled(process) for process in processes]
    waiting = list(connections)

    async def connect() -> Pooled:
        return waiting.pop(0)

    own = RetakeEngine(engine.locate)
    monkeypatch.setattr(own._connector, "_connect_bare", connect)
    if len(set(processes)) == 1:
        with pytest.raises(WrongPooling, match="RETAKE_DATABASE_POOLING=transaction"):
            await own.connect()
    else:
        await own.connect()
        await own.close_pool()
    assert not any(connection.is_open for connection in connections)


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        (
            "postgresql://u:p%40@one:5432,two:5433/db?sslmode=disable",
            ["postgresql://u:p%40@one:5432/db?sslmode=disable", "postgresql://u:p%40@two:5433/db?sslmode=disable"],
        ),
        ("postgresql://one,two/db", ["postgresql://one/db", "postgresql://two/db"]),
        ("postgresql://u:p,q@one/db", ["postgresql://u:p,q@one/db"]),
        ("postgresql:///db?host=/run/a,/run/b", ["postgresql:///db?host=/run/a,/run/b"]),
        ("postgresql://[::1/db", ["postgresql://[::1/db"]),
        ("no url at all", ["no url at all"]),
    ],
)
def test_a_url_with_several_hosts_is_one_for_each(url: str, hosts: list[str]) -> None:
    assert hosts_of(url) == hosts
