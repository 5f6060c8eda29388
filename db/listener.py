"""One connection that hears what other processes say with NOTIFY."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import structlog

from assessment.errors import ServiceUnavailable
from db.engine import RetakeEngine

PAUSE_SECONDS = 1.0  # before the next try to connect
CHECK_SECONDS = 10.0  # a connection that died without a word is found out within this time

Hear = Callable[[str], None]

log = structlog.get_logger(__name__)


class Listener:
    """Calls back with the payload of every notification, from `run` on until it is cancelled.

    The connection is made again whenever it breaks. What was said meanwhile is lost, so whoever listens has to look by
    itself from time to time.
    """

    def __init__(self, engine: RetakeEngine) -> None:
        self._engine = engine
        self._hear: defaultdict[str, list[Hear]] = defaultdict(list)
        self._connection: Any = None

    async def add(self, channel: str, hear: Hear) -> None:
        """Listen to a channel, now and after every reconnection."""
        self._hear[channel].append(hear)
        if self._connection is not None:
            await self._connection.add_listener(channel, _payload_to(hear))

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            try:
                await self._listen()
            except ServiceUnavailable:
                log.warning("listener_not_connected")
            except Exception as error:  # noqa: BLE001  # whatever ended the connection, the next one is due
                log.warning("listener_disconnected", error=type(error).__name__)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _listen(self) -> None:
        connection = await self._engine.get_new_connection()
        ended = asyncio.Event()
        connection.add_termination_listener(lambda _: ended.set())
        try:
            for channel, listeners in self._hear.items():
                for hear in listeners:
                    await connection.add_listener(channel, _payload_to(hear))
            self._connection = connection
            while not ended.is_set():
                await _until(ended, CHECK_SECONDS)
                await connection.execute("SELECT 1", timeout=CHECK_SECONDS)
        finally:
            self._connection = None
            connection.terminate()


def _payload_to(hear: Hear) -> Callable[[Any, int, str, object], None]:
    def callback(_connection: Any, _pid: int, _channel: str, payload: object) -> None:
        hear(str(payload))

    return callback


async def _until(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
