"""A transaction that a cancelled task cannot leave open: it ends wholly kept or wholly undone."""

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Literal

import asyncpg
import structlog
from piccolo.engine.postgres import PostgresTransaction

from assessment.errors import Detail, ServiceUnavailable

if TYPE_CHECKING:
    from db.engine import RetakeEngine  # which makes these transactions

HANG_UP_SECONDS = 5
UNKNOWN = Detail("", "whether the change was kept is not known; look at the state before you repeat the request")

log = structlog.get_logger(__name__)


class SafeTransaction(PostgresTransaction):
    """Piccolo's transaction with a shielded way in and out.

    Piccolo's own has no try/finally between taking a connection and giving it back, so a cancellation in between
    leaks the connection, idle in transaction. Here both ways run in a task of their own, which a cancellation of the
    caller does not reach.
    """

    engine: "RetakeEngine"

    def __init__(self, engine: "RetakeEngine", pool: Any, *, allow_nested: bool, begins_with: str) -> None:
        """Take the connection from `pool` and give it back there; without a pool, connect and hang up."""
        self._pool = pool
        self._begins_with = begins_with
        super().__init__(engine, allow_nested)

    @property
    def is_broken(self) -> bool:
        """Whether the connection is gone, and with it whatever was done here."""
        try:
            closed: bool = self.connection.is_closed()
        except asyncpg.InterfaceError:  # the pool took it back
            return True
        return closed

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

    async def __aexit__(self, exception_type: object, exception: object, traceback: object) -> Literal[False]:
        if self._parent is not None:
            return False
        closing = self.engine.see_through(self._close(keep=exception is None))
        self.engine.current_transaction.reset(self.context)
        await asyncio.shield(closing)
        return False

    async def _open(self) -> None:
        try:
            self.connection = await (
                self.engine.get_new_connection() if self._pool is None else self.engine.take(self._pool)
            )
        except Exception as error:
            self.engine.raise_translated(error)
            raise
        try:
            self.transaction = self.connection.transaction()
            await self.transaction.start()
            if self._begins_with:
                await self.connection.execute(self._begins_with)
        except BaseException as error:
            await self._let_go()
            if isinstance(error, Exception):
                self.engine.raise_translated(error)
            raise

    async def _close(self, *, keep: bool) -> None:
        try:
            if not (self._committed or self._rolled_back):
                await (self.commit() if keep else self._undo())  # type: ignore[no-untyped-call]  # Piccolo's own
        except Exception as error:
            with contextlib.nullcontext() if keep else contextlib.suppress(ServiceUnavailable):
                self.engine.raise_translated(error, *([UNKNOWN] if keep else []))
            if keep:
                raise
            # undone all the same, with the connection; the caller has an exception of its own to tell
            log.warning("rollback_failed", error=type(error).__name__)
        finally:
            await self._let_go()

    async def _undo(self) -> None:
        async with asyncio.timeout(HANG_UP_SECONDS):  # a server that does not answer undoes it when we hang up
            await self.rollback()  # type: ignore[no-untyped-call]  # Piccolo's own

    async def _close_when_open(self, opening: "asyncio.Task[None]") -> None:
        try:
            await opening
        except Exception:  # noqa: BLE001  # nothing was opened, and nobody waits for the reason
            return
        await self._close(keep=False)

    async def _let_go(self) -> None:
        """Give the connection back, or end it when it is not fit for another use."""
        try:
            if not (self._committed or self._rolled_back):
                self.connection.terminate()  # the server undoes what it has not committed
            if self._pool is None:
                await self.connection.close(timeout=HANG_UP_SECONDS)
            else:
                await self._pool.release(self.connection, timeout=HANG_UP_SECONDS)
        except Exception as error:  # noqa: BLE001  # asyncpg ends the connection then, and its place is free again
            log.warning("connection_not_given_back", error=type(error).__name__)
