"""The Piccolo engine: connects lazily, survives cancellation, and says plainly when the database is away."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import structlog
from piccolo.engine.postgres import PostgresEngine
from piccolo.querystring import QueryString

from assessment.errors import Detail, RetakeError, ServiceUnavailable
from db.connecting import CONNECT_SECONDS, REFUSED, WITHOUT_LIMITS, Connector, PooledConnection, Pooling
from db.embedded import EmbeddedServer
from db.transaction import SafeTransaction

DEFAULT_DATA_DIR = ".retake"
POOL_SIZE = 10
OLDEST_VERSION = 15
LIMIT_BY_ROLE = "ALTER ROLE … SET statement_timeout = '20s', see docs/database.md"
RETRY_AFTER_SECONDS = 2
# A wait for a server that is connected but silent ends after this; what is longer than the limits of a session.
# Connections outside the pool, which migrations use, have no such limits.
COMMAND_SECONDS = 25
GIVE_BACK_SECONDS = 1  # for the server to acknowledge that a statement was cancelled

UNREACHABLE = (
    OSError,  # TimeoutError is one
    asyncpg.PostgresConnectionError,
    asyncpg.ReadOnlySQLTransactionError,  # demoted, or about to be
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TransactionTimeoutError,
    asyncpg.OperatorInterventionError,  # shut down, starting, dropped, cancelled
    asyncpg.InsufficientResourcesError,  # disk, memory, connections
    asyncpg.PostgresSystemError,  # its disk fails
    asyncpg.InternalClientError,  # the server's last words came while nobody asked: the connection is useless
)
LOST = (*UNREACHABLE, asyncpg.InterfaceError)
# What one connection finds out about the server holds for all others to it
USELESS_SERVER = (TimeoutError, asyncpg.ReadOnlySQLTransactionError)

Result = TypeVar("Result")

log = structlog.get_logger(__name__)


class RetakeEngine(PostgresEngine):
    """PostgreSQL as Piccolo knows it, found when first needed instead of at import.

    `locate` gives the connection URI; `embedded` is the server behind it when it is ours to bring back; `pooling` is
    what a pooler in between keeps together.
    """

    # Piccolo's engines declare __slots__ for their own fields; ours are named likewise
    __slots__ = ("_connector", "_embedded", "_generation", "_running", "locate")

    def __init__(
        self,
        locate: Callable[[], str],
        embedded: EmbeddedServer | None = None,
        pooling: Pooling = Pooling.SESSION,
    ) -> None:
        self.locate = locate
        self._embedded = embedded
        self._connector = Connector(locate, pooling)
        self._generation = 0
        self._running: set[asyncio.Task[Any]] = set()
        super().__init__(config={"database": "retake"})

    @property
    def is_embedded(self) -> bool:
        """Whether the server is ours to start, upgrade and bring back."""
        return self._embedded is not None

    async def check_version(self) -> None:
        """Do nothing: Piccolo would connect here, at import. `connect` checks the version."""

    async def connect(self) -> None:
        """Open the pool.

        Raises ServiceUnavailable when the server cannot be reached, and RuntimeError when it is too old or behind a
        pooler that takes sessions apart unannounced.
        """
        with _reaching():
            await self._connector.check_pooling()
        self.pool = await asyncpg.create_pool(
            connect=self._connect_for_pool,
            connection_class=PooledConnection,
            command_timeout=COMMAND_SECONDS,
            init_size=1,
            min_size=0,
            max_size=POOL_SIZE,
            reset=_nothing_to_reset,
        )
        (row,) = await self.fetch(
            """
            SELECT current_setting('server_version_num')::int / 10000 AS version,
                   current_setting('statement_timeout') <> '0' AS is_limited
            """
        )
        if row["version"] < OLDEST_VERSION:
            await self.close_pool()
            raise RuntimeError(f"PostgreSQL {OLDEST_VERSION} or newer is needed, this server is {row['version']}")
        if not row["is_limited"]:
            log.warning("statements_outside_transactions_are_not_limited", remedy=LIMIT_BY_ROLE)

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
            return await self._connector.connect(limited=False)

    async def take(self, pool: Any) -> Any:
        """Take a connection that nothing speaks against out of the pool. Raises ServiceUnavailable and pool errors."""
        while True:
            async with asyncio.timeout(COMMAND_SECONDS):
                connection = await pool.acquire()
            if connection.generation == self._generation:
                return connection
            connection.terminate()
            await give_back(pool, connection)

    def transaction(self, allow_nested: bool = True) -> SafeTransaction:  # Piccolo's signature
        begins_with = self._connector.begins_with
        return SafeTransaction(engine=self, pool=self.pool, allow_nested=allow_nested, begins_with=begins_with)

    def unhurried_transaction(self) -> SafeTransaction:
        """Open a transaction outside the pool, where a statement may take as long as it needs."""
        return SafeTransaction(engine=self, pool=None, allow_nested=False, begins_with=WITHOUT_LIMITS)

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

    async def _run_in_pool(self, query: str, args: Sequence[Any] | None = None) -> Any:
        """As Piccolo's, but a server that does not answer is waited for once."""
        pool = self.pool
        connection = await self.take(pool)
        try:
            return await connection.fetch(query, *(args or ()))
        finally:
            await give_back(pool, connection)

    async def _run_in_new_connection(self, query: str, args: Sequence[Any] | None = None) -> Any:
        """As Piccolo's, but closes the connection whatever happens."""
        connection = await self.get_new_connection()
        try:
            return await connection.fetch(query, *(args or ()))
        finally:
            connection.terminate()

    def raise_translated(self, error: Exception, *details: Detail) -> None:
        """Raise ServiceUnavailable if this error means that the database is away; return if it means anything else.

        Connections to a server that has become useless are not used again.
        """
        if not self._means_outage(error):
            return
        if isinstance(error, USELESS_SERVER):
            self._generation += 1
        self._note_outage(error)
        raise ServiceUnavailable(*details, retry_after=RETRY_AFTER_SECONDS) from error

    def see_through(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """Run `work` to its end even if whoever started it is cancelled."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._seen_through)
        return task

    def _seen_through(self, task: asyncio.Task[Any]) -> None:
        """Look at how it ended, in place of one who was cancelled and does not wait any more."""
        self._running.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, RetakeError):
            log.warning("background_work_failed", error=type(error).__name__)

    async def _connect_for_pool(self, _: object = None, **options: Any) -> PooledConnection:
        try:
            connection: PooledConnection = await self._connector.connect(limited=True, **options)
        except REFUSED as error:
            self._note_outage(error)
            raise ServiceUnavailable(retry_after=RETRY_AFTER_SECONDS) from error
        connection.generation = self._generation
        return connection

    def _note_outage(self, error: Exception) -> None:
        """Log it, and bring an embedded server back in the background."""
        log.warning("database_unreachable", reason=type(error).__name__)
        if self._embedded is not None:
            self.see_through(asyncio.to_thread(self._embedded.revive))

    def _means_outage(self, error: Exception) -> bool:
        if isinstance(error, UNREACHABLE):
            return True
        if not isinstance(error, asyncpg.InterfaceError) or isinstance(error, asyncpg.DataError):
            return False
        # in a transaction, an interface error on a connection that lives is a mistake in our own code
        transaction: SafeTransaction | None = self.current_transaction.get()  # type: ignore[assignment]  # only ours are put there
        return transaction is None or transaction.is_broken


def engine_from(environment: Mapping[str, str]) -> RetakeEngine:
    """Build the engine from RETAKE_DATABASE_URL or, without it, over the embedded server in RETAKE_DATA_DIR."""
    url = environment.get("RETAKE_DATABASE_URL")
    if url:
        is_split = environment.get("RETAKE_DATABASE_POOLING") == Pooling.TRANSACTION
        return RetakeEngine(lambda: url, pooling=Pooling.TRANSACTION if is_split else Pooling.SESSION)
    embedded = EmbeddedServer(Path(environment.get("RETAKE_DATA_DIR") or DEFAULT_DATA_DIR) / "postgres")
    return RetakeEngine(embedded.uri, embedded)


@contextmanager
def _reaching() -> Iterator[None]:
    try:
        yield
    except REFUSED as error:
        raise ServiceUnavailable(retry_after=RETRY_AFTER_SECONDS) from error


async def give_back(pool: Any, connection: Any) -> None:
    """Give a connection back to its pool, or end it when it does not come to rest."""
    try:
        await pool.release(connection, timeout=GIVE_BACK_SECONDS)
    except Exception as error:  # noqa: BLE001  # asyncpg ends the connection then, and its place is free again
        log.warning("connection_not_given_back", error=type(error).__name__)


async def _nothing_to_reset(connection: Any) -> None:
    """Skip asyncpg's reset, a round trip per use: no query of ours leaves session state behind."""
