"""Look-ups that arrive together share one query."""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Generic, TypeVar

Key = TypeVar("Key")
Row = TypeVar("Row")

# two, so that one query which hangs does not hold up everybody
QUERIES_UNDER_WAY = 2


class SharedLookups(Generic[Key, Row]):
    """Finds rows by key; a look-up that comes while queries are under way goes with the next one.

    The queries run in a context of their own: their log lines are not those of the request that came first.
    Each look-up is answered by a query that began after it was asked for, so nobody sees an older state than by
    asking alone. Under load a query, with its way through the connection pool, is then paid once for many requests.
    """

    def __init__(self, fetch_many: Callable[[list[Key]], Awaitable[Mapping[Key, Row]]]) -> None:
        self._fetch_many = fetch_many
        self._waiting: dict[Key, asyncio.Future[Row | None]] = {}
        self._workers: set[asyncio.Task[None]] = set()

    async def find(self, key: Key) -> Row | None:
        """Give the row, or None when there is none. Raises what the query raises."""
        future = self._waiting.get(key)
        if future is None:
            future = self._waiting[key] = asyncio.get_running_loop().create_future()
        if len(self._workers) < QUERIES_UNDER_WAY:
            worker = asyncio.create_task(self._work(), context=contextvars.Context())
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)
        return await asyncio.shield(future)

    async def _work(self) -> None:
        while self._waiting:
            asked, self._waiting = self._waiting, {}
            try:
                found = await self._fetch_many(list(asked))
            except Exception as error:  # noqa: BLE001  # handed on to everybody who waits
                _fail(asked.values(), error)
            else:
                for key, future in asked.items():
                    future.set_result(found.get(key))


def _fail(futures: Iterable["asyncio.Future[Row | None]"], error: Exception) -> None:
    for future in futures:
        future.set_exception(error)
        future.exception()  # looked at, so that nobody warns when the one who asked has gone
