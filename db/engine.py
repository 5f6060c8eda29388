"""The Piccolo engine: connects lazily, survives cancellation, and says plainly when the database is away."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

import asyncpg
import structlog
from piccolo.engine.finder import engine_finder
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction
from piccolo.querystring import QueryString

from assessment.errors import ServiceUnavailable
from db.embedded import EmbeddedServer

DEFAULT_DATA_DIR = ".retake"
POOL_SIZE = 10
CONNECT_SECONDS = 5
OLDEST_VERSION = 15
RETRY_AFTER_SECONDS = 2
SERVER_SETTINGS = {
    "application_name": "retake",
    # a transaction of ours lasts milliseconds: these two end one whose owner is gone or stuck
    "idle_in_transaction_session_timeout": "15000",
    "statement_timeout": "20000",
}

UNREACHABLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)

log = structlog.get_logger(__name__)


class SafeTransaction(PostgresTransaction):
    """A transaction that a cancelled task cannot leave open.

    Piccolo's own has no try/finally between acquiring the connection and giving it back, so a cancellation in
    between leaks the connection, idle in transaction. Here the connection's way into and out of the transaction
    runs in a task of its own, which a cancellation of the caller does not reach.
    """

    engine: "RetakeEngine"

    async def __aenter__(self) -> PostgresTransaction:
        if self._parent is not None:
            return self._parent
        opening = asyncio.create_task(self._open())
        try:
            await asyncio.shield(opening)
        except asyncio.CancelledError:
            self.engine.see_through(self._close_when_open(opening))
            raise
        self.context = self.engine.current_transaction.set(self)
        return self

    async def __aexit__(self, exception_type: object, exception: object, traceback: object) -> bool:
        if self._parent is not None:
            return exception is None
        self.engine.current_transaction.reset(self.context)
        await asyncio.shield(self.engine.see_through(self._close(keep=exception is None)))
        return exception is None

    async def _open(self) -> None:
        self.connection = await self.engine.acquire()
        try:
            self.transaction = self.connection.transaction()
            await self.transaction.start()
        except BaseException as error:
            await self.engine.release(self.connection)
            raise self.engine.translated(error) from error

    async def _close(self, *, keep: bool) -> None:
        try:
            if keep and not self._rolled_back:
                await self.commit()  # type: ignore[no-untyped-call]  # Piccolo's own, without annotations
            elif not self._rolled_back:
                await self.rollback()  # type: ignore[no-untyped-call]  # likewise
        except UNREACHABLE as error:
            raise self.engine.translated(error) from error
        except asyncpg.InterfaceError as error:
            raise self.engine.translated(error) from error
        finally:
            await self.engine.release(self.connection)

    async def _close_when_open(self, opening: "asyncio.Task[None]") -> None:
        try:
            await opening
        except Exception:  # noqa: BLE001  # nothing was opened, and nobody waits for the reason
            return
        await self._close(keep=False)


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
        config = await asyncio.to_thread(self._config)
        try:
            self.pool = await asyncpg.create_pool(**config, min_size=1, max_size=POOL_SIZE, reset=_nothing_to_reset)
            version = await self.pool.fetchval("SELECT current_setting('server_version_num')::int / 10000")
        except UNREACHABLE as error:
            raise self.translated(error) from error
        if version < OLDEST_VERSION:
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
        """Connect outside the pool, as Piccolo's commands do."""
        config = await asyncio.to_thread(self._config)
        try:
            return await asyncpg.connect(**config)
        except UNREACHABLE as error:
            raise self.translated(error) from error

    async def acquire(self) -> Any:
        """Take a connection, from the pool when there is one."""
        if self.pool is None:
            return await self.get_new_connection()
        try:
            return await self.pool.acquire()
        except UNREACHABLE as error:
            raise self.translated(error) from error

    async def release(self, connection: Any) -> None:
        """Give a connection back."""
        if self.pool is None:
            await connection.close()
        else:
            await self.pool.release(connection)

    def transaction(self, allow_nested: bool = True) -> SafeTransaction:  # Piccolo's signature
        return SafeTransaction(engine=self, allow_nested=allow_nested)

    async def run_querystring(self, querystring: QueryString, in_pool: bool = True) -> Any:  # Piccolo's signature
        try:
            return await super().run_querystring(querystring, in_pool)
        except (*UNREACHABLE, asyncpg.InterfaceError) as error:
            raise self.translated(error) from error

    async def run_ddl(self, ddl: str, in_pool: bool = True) -> Any:  # Piccolo's signature
        try:
            return await super().run_ddl(ddl, in_pool)
        except (*UNREACHABLE, asyncpg.InterfaceError) as error:
            raise self.translated(error) from error

    def translated(self, error: BaseException) -> BaseException:
        """Give ServiceUnavailable for a lost database, the error itself for any other.

        An embedded server that died is brought back in the background.
        """
        if isinstance(error, asyncpg.DataError) or not isinstance(error, (*UNREACHABLE, asyncpg.InterfaceError)):
            return error
        log.warning("database_unreachable", reason=type(error).__name__)
        if self._embedded is not None:
            self.see_through(asyncio.to_thread(self._embedded.revive))
        return ServiceUnavailable(retry_after=RETRY_AFTER_SECONDS)

    def see_through(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run `work` to its end even if whoever started it is cancelled."""
        future = asyncio.create_task(work)
        self._running.add(future)
        future.add_done_callback(self._running.discard)
        return future

    def _config(self) -> dict[str, Any]:
        return {"dsn": self.locate(), "timeout": CONNECT_SECONDS, "server_settings": SERVER_SETTINGS}


def engine_from(environment: Mapping[str, str]) -> RetakeEngine:
    """Build the engine from RETAKE_DATABASE_URL or, without it, over the embedded server in RETAKE_DATA_DIR."""
    url = environment.get("RETAKE_DATABASE_URL")
    if url:
        return RetakeEngine(lambda: url)
    embedded = EmbeddedServer(Path(environment.get("RETAKE_DATA_DIR") or DEFAULT_DATA_DIR) / "postgres")
    return RetakeEngine(embedded.uri, embedded)


def the_engine() -> RetakeEngine:
    """The engine that piccolo_conf.py defines and every table is bound to."""
    engine = engine_finder()
    assert isinstance(engine, RetakeEngine)
    return engine


async def _nothing_to_reset(connection: Any) -> None:
    """Skip asyncpg's reset, a round trip per use: no query of ours leaves session state behind."""
