"""Connections to PostgreSQL: the host that can be written to, the time limits of a session, and poolers in between."""

import asyncio
from collections.abc import Callable
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import asyncpg

CONNECT_SECONDS = 5
# Poolers refuse other parameters when a connection begins; whatever else a session needs is set once it stands
STARTUP_PARAMETERS = {"application_name": "retake"}
# A transaction of ours lasts milliseconds: these end one whose owner is gone or stuck.
LIMITS = {"idle_in_transaction_session_timeout": "15s", "statement_timeout": "20s"}
WITH_LIMITS = ";".join(f"SET LOCAL {name} = '{value}'" for name, value in LIMITS.items())
WITHOUT_LIMITS = ";".join(f"SET LOCAL {name} = 0" for name in LIMITS)

# Connecting fails in more ways than a statement: the server is there but does not let us in, or the URL is none
REFUSED = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InternalClientError,
    asyncpg.InterfaceError,
    ValueError,
)


class Pooling(StrEnum):
    """What a pooler between us and the server keeps together; without one it is a session."""

    SESSION = "session"
    TRANSACTION = "transaction"


class WrongPooling(RuntimeError):
    """Sessions are taken apart by a pooler, and nobody said so."""


class PooledConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg ships no types
    """A connection of the pool; one of an earlier generation than the pool's is of no use any more."""

    generation = 0


class Connector:
    """Connects to the host that can be written to; the one that could be written to last time is asked first."""

    def __init__(self, locate: Callable[[], str], pooling: Pooling) -> None:
        self._locate = locate
        self._pooling = pooling
        self._last_writable = ""

    @property
    def begins_with(self) -> str:
        """What a transaction of limited length has to begin with."""
        return WITH_LIMITS if self._pooling is Pooling.TRANSACTION else ""

    async def connect(self, *, limited: bool, **options: Any) -> Any:
        """Connect, and limit the session where there is one. Raises one of REFUSED.

        Each host has its own time: one whose machine is gone must not use up that of the others.
        """
        urls = hosts_of(await asyncio.to_thread(self._locate))
        failure: Exception = ValueError("no host")
        for url in sorted(urls, key=lambda url: url != self._last_writable):
            try:
                connection = await self._writable(url, limited, options)
            except REFUSED as error:
                failure = error
            else:
                self._last_writable = url
                return connection
        raise failure

    async def check_pooling(self) -> None:
        """Find out whether sessions are kept together. Raises WrongPooling, or one of REFUSED.

        Behind a pooler of transactions two connections that are open at once are given the same server process.
        """
        if self._pooling is Pooling.TRANSACTION:
            return
        first = await self._connect_bare()
        try:
            process = await _server_process(first)
            if process == first.get_server_pid():
                return
            second = await self._connect_bare()
            try:
                shared = await _server_process(second) == process
            finally:
                second.terminate()
        finally:
            first.terminate()
        if shared:
            raise WrongPooling(
                "a pooler in transaction mode is in front of the database: set RETAKE_DATABASE_POOLING=transaction"
            )

    async def _connect_bare(self) -> Any:
        """Connect without leaving anything in a pooler: a named statement would outlive us there."""
        return await self.connect(limited=False, statement_cache_size=0)

    async def _writable(self, url: str, limited: bool, options: dict[str, Any]) -> Any:
        settings: dict[str, Any] = {"timeout": CONNECT_SECONDS, "server_settings": STARTUP_PARAMETERS, **options}
        if self._pooling is Pooling.TRANSACTION:
            settings["statement_cache_size"] = 0  # the next statement may go to another server process
            limited = False
        connection = await asyncpg.connect(url, **settings)
        try:
            await _begin_session(connection, LIMITS if limited else {})
        except BaseException:
            connection.terminate()
            raise
        return connection


def hosts_of(url: str) -> list[str]:
    """Take a URL with several hosts apart into one URL for each."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return [url]  # asyncpg says what is wrong with it
    credentials, at, hosts = parts.netloc.rpartition("@")
    if "," not in hosts:
        return [url]
    return [parts._replace(netloc=f"{credentials}{at}{host}").geturl() for host in hosts.split(",")]


async def _begin_session(connection: Any, limits: dict[str, str]) -> None:
    """Set the limits and see whether the server can be written to, by one statement."""
    settings = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in limits.items())
    statement = f"SELECT current_setting('transaction_read_only'){settings and ', '}{settings}"
    if await connection.fetchval(statement, timeout=CONNECT_SECONDS) == "on":
        raise asyncpg.TargetServerAttributeNotMatched("the server is read-only")


async def _server_process(connection: Any) -> int:
    pid: int = await connection.fetchval("SELECT pg_backend_pid()", timeout=CONNECT_SECONDS)
    return pid
