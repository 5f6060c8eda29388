"""PgQueuer's way to the database: through our engine, and patient while it is away."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeVar

import structlog
from pgqueuer.core.tm import TaskManager
from pgqueuer.ports.driver import Driver, NotifyCallback

from assessment.errors import ServiceUnavailable
from db.engine import RetakeEngine
from db.listener import Hear, Listener

PAUSE_SECONDS = 1.0

Answer = TypeVar("Answer")

log = structlog.get_logger(__name__)


class EngineDriver(Driver):
    """Asks again for as long as the database is away, so that an outage neither ends a worker nor loses an outcome."""

    def __init__(self, engine: RetakeEngine) -> None:
        self._engine = engine
        self._listener = Listener(engine)
        self._listening: asyncio.Task[None] | None = None
        self._shutdown = asyncio.Event()
        self._entered = 0

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        rows = await self._patiently(lambda: self._engine.fetch(query, *args))
        return [dict(row) for row in rows]

    async def execute(self, query: str, *args: object) -> str:
        await self._patiently(lambda: self._engine.fetch(query, *args))
        return ""

    async def notify(self, channel: str, payload: str) -> None:
        await self.execute("SELECT pg_notify($1, $2)", channel, payload)

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        await self._listener.add(channel, callback)

    async def hear(self, channel: str, hear: Hear) -> None:
        """Listen to a channel of our own on the same connection."""
        await self._listener.add(channel, hear)

    @property
    def shutdown(self) -> asyncio.Event:
        return self._shutdown

    @property
    def tm(self) -> TaskManager:
        return TaskManager()

    async def __aenter__(self) -> Self:
        self._entered += 1  # by the queue and by the schedules
        if self._listening is None:
            self._listening = asyncio.create_task(self._listener.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._entered -= 1
        if self._entered == 0 and self._listening is not None:
            self._listening.cancel()
            await asyncio.wait({self._listening})
            self._listening = None

    async def _patiently(self, ask: Callable[[], Awaitable[list[Any]]]) -> list[Any]:
        while True:
            try:
                return await ask()
            except ServiceUnavailable:
                log.warning("queue_unreachable")
            await asyncio.sleep(PAUSE_SECONDS)
