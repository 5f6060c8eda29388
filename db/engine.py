"""The Piccolo engine: connects lazily, survives cancellation, and says plainly when the database is away."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg
import structlog
from piccolo.engine.finder import engine_finder
from piccolo.engine.postgres import PostgresEngine
from piccolo.querystring import QueryString

from assessment.errors import ServiceUnavailable
from db.embedded import EmbeddedServer
from db.transaction import SafeTransaction

DEFAULT_DATA_DIR = ".retake"
POOL_SIZE = 10
CONNECT_SECONDS = 5
OLDEST_VERSION = 15
RETRY_AFTER_SECONDS = 2
# A transaction of ours lasts milliseconds: these end one whose owner is gone or stuck, and a wait for a server that
# is connected but silent. Connections outside the pool, which migrations use, have no such limits.
COMMAND_SECONDS = 25
POOL_SETTINGS = {"idle_in_transaction_session_timeout": "15000", "statement_timeout": "20000"}
SERVER_SETTINGS = {"application_name": "retake"}

UNREACHABLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InternalClientError,  # the server's last words came while nobody asked: the connection is useless
)
LOST = (*UNREACHABLE, asyncpg.InterfaceError)
# Connecting fails in more ways: the server is there but does not let us in, or the URL is none
REFUSED = (
    *LOST,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError,
    ValueError,
)

log = structlog.get_logger(__name__)


class RetakeEngine(PostgresEngine):
    """PostgreSQL as Piccolo knows it, found when first needed instead of at import.

    `locate` gives the connection URI; `embedded` is the server behind it when it is ours to bring back.
    """

    # Piccolo's engines declare __slots__ for their own fields; ours are named likewise
    __slots__ = ("_embedded", "_running", "locate")

    def __init__(self, locate: Callable[[], str], embedded: EmbeddedServer | None = None) -> None:
        self.locate = locate
        self._embedded = embedded
        self._running: set[asyncio.Task[Any]] = set()
        super().__init__(config={"database": "retake"})

    @property
    def is_embedded(self) -> bool:
        """Whether the server is ours to start, upgrade and bring back."""
        return self._embedded is not None

    async def check_version(self) -> None:
        """Do nothing: Piccolo would connect here, at import. `connect` checks the version."""

    async def connect(self) -> None:
        """Open the pool. Raises ServiceUnavailable when the server cannot be reached, RuntimeError when too old."""
        with _reaching():
            self.pool = await asyncpg.create_pool(
                **await self._config(POOL_SETTINGS),
                command_timeout=COMMAND_SECONDS,
                min_size=1,
                max_size=POOL_SIZE,
                reset=_nothing_to_reset,
            )
            version = await self.pool.fetchval("SELECT current_setting('server_version_num')::int / 10000")
        if version < OLDEST_VERSION:
            await self.close_pool()
            raise RuntimeError(f"PostgreSQL {OLDEST_VERSION} or newer is needed, this server is {version}")

    async def close_pool(self) -> None:
        """Close the pool after what is under way; an embedded server stays up for the next one."""
        if self._running:
            await asyncio.wait(self._running, timeout=CONNECT_SECONDS)
        if self.pool is not None:
            self.pool.terminate()
            self.pool = None

    async def disconnect(self) -> None:
        """Close the pool and let go of the embedded server."""
        await self.close_pool()
        if self._embedded is not None:
            await asyncio.to_thread(self._embedded.close)

    async def get_new_connection(self) -> Any:
        """Connect outside the pool, without time limits, as Piccolo's commands do."""
        with _reaching():
            return await asyncpg.connect(**await self._config())

    def transaction(self, allow_nested: bool = True) -> SafeTransaction:  # Piccolo's signature
        return SafeTransaction(engine=self, pool=self.pool, allow_nested=allow_nested)

    def unhurried_transaction(self) -> SafeTransaction:
        """Open a transaction outside the pool, where a statement may take as long as it needs."""
        return SafeTransaction(engine=self, pool=None, allow_nested=False)

    async def fetch(self, statement: str, *values: Any) -> list[Any]:
        """Run hand-written SQL with $1, $2 … in the current transaction or the pool.

        Piccolo's own way takes its template apart at every call, which costs as much as asking the database.
        """
        try:
            transaction = self.current_transaction.get()
            if transaction is not None:
                return list(await transaction.connection.fetch(statement, *values))
            if self.pool is not None:
                return list(await self._run_in_pool(statement, values))
            return list(await self._run_in_new_connection(statement, values))
        except LOST as error:
            self.raise_translated(error)
            raise

    async def run_querystring(self, querystring: QueryString, in_pool: bool = True) -> Any:  # Piccolo's signature
        try:
            return await super().run_querystring(querystring, in_pool)
        except LOST as error:
            self.raise_translated(error)
            raise

    async def run_ddl(self, ddl: str, in_pool: bool = True) -> Any:  # Piccolo's signature
        try:
            return await super().run_ddl(ddl, in_pool)
        except LOST as error:
            self.raise_translated(error)
            raise

    async def _run_in_new_connection(self, query: str, args: Sequence[Any] | None = None) -> Any:
        """As Piccolo's, but closes the connection whatever happens."""
        connection = await self.get_new_connection()
        try:
            return await connection.fetch(query, *(args or ()))
        finally:
            connection.terminate()

    def raise_translated(self, error: Exception) -> None:
        """Raise ServiceUnavailable if this error means that the database is away; return if it means anything else.

        An embedded server that died is brought back in the background.
        """
        if not self._means_outage(error):
            return
        log.warning("database_unreachable", reason=type(error).__name__)
        if self._embedded is not None:
            self.see_through(asyncio.to_thread(self._embedded.revive))
        raise ServiceUnavailable(retry_after=RETRY_AFTER_SECONDS) from error

    def see_through(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run `work` to its end even if whoever started it is cancelled."""
        future = asyncio.create_task(work)
        self._running.add(future)
        future.add_done_callback(self._running.discard)
        return future

    def _means_outage(self, error: Exception) -> bool:
        if isinstance(error, UNREACHABLE):
            return True
        if not isinstance(error, asyncpg.InterfaceError) or isinstance(error, asyncpg.DataError):
            return False
        # in a transaction, an interface error on a connection that lives is a mistake in our own code
        transaction: SafeTransaction | None = self.current_transaction.get()  # type: ignore[assignment]  # only ours are put there
        return transaction is None or transaction.is_broken

    async def _config(self, settings: Mapping[str, str] | None = None) -> dict[str, Any]:
        dsn = await asyncio.to_thread(self.locate)
        return {"dsn": dsn, "timeout": CONNECT_SECONDS, "server_settings": {**SERVER_SETTINGS, **(settings or {})}}


def engine_from(environment: Mapping[str, str]) -> RetakeEngine:
    """Build the engine from RETAKE_DATABASE_URL or, without it, over the embedded server in RETAKE_DATA_DIR."""
    url = environment.get("RETAKE_DATABASE_URL")
    if url:
        return RetakeEngine(lambda: url)
    embedded = EmbeddedServer(Path(environment.get("RETAKE_DATA_DIR") or DEFAULT_DATA_DIR) / "postgres")
    return RetakeEngine(embedded.uri, embedded)


@cache
def the_engine() -> RetakeEngine:
    """The engine that piccolo_conf.py defines and every table is bound to."""
    engine = engine_finder()
    assert isinstance(engine, RetakeEngine)
    return engine


@contextmanager
def _reaching() -> Iterator[None]:
    try:
        yield
    except REFUSED as error:
        raise ServiceUnavailable(retry_after=RETRY_AFTER_SECONDS) from error


async def _nothing_to_reset(connection: Any) -> None:
    """Skip asyncpg's reset, a round trip per use: no query of ours leaves session state behind."""
