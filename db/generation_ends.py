"""Waiting for generations to end, wherever they are written."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping

import structlog

from assessment.deadline import Deadline
from assessment.errors import ServiceUnavailable
from assessment.ports import Ending, Finished

CHANNEL = "generation_ended"
POLL_SECONDS = 1.0  # how late an end may be seen whose notification was lost
AWAY_SECONDS = 10.0  # for so long a database that fails over is waited for before those who wait are told
RETRY_AFTER_SECONDS = 5

End = asyncio.Future[Finished | ServiceUnavailable]
Ends = Callable[[list[str]], Awaitable[Mapping[str, Finished]]]

log = structlog.get_logger(__name__)


class GenerationEnds:
    """All that wait in one process share the queries: one when an end is told of, and one a second.

    While the database is away for longer than AWAY_SECONDS, whoever waits is told, and what comes of it is unknown.
    `read` gives how often the generations of verifications have ended, and with what; erased ones are left out.
    """

    def __init__(self, read: Ends, *, poll_seconds: float = POLL_SECONDS, away_seconds: float = AWAY_SECONDS) -> None:
        self._read = read
        self._poll_seconds = poll_seconds
        self._away_seconds = away_seconds
        self._waiting: defaultdict[str, set[tuple[int, asyncio.Future[Finished | ServiceUnavailable]]]] = defaultdict(
            set
        )
        self._heard: set[str] = set()
        self._news = asyncio.Event()
        self._away_since: float | None = None

    def hear(self, verification_id: str) -> None:
        """Note that a generation has ended somewhere."""
        if verification_id in self._waiting:
            self._heard.add(verification_id)
            self._news.set()

    async def wait(self, verification_id: str, number: int, deadline: Deadline) -> Finished | None:
        """Give the end of the generation of this number; None when the deadline comes first.

        Raises ServiceUnavailable when the database stays away.
        """
        entry = (number, asyncio.get_running_loop().create_future())
        self._waiting[verification_id].add(entry)
        self.hear(verification_id)  # it may have ended before anybody listened
        try:
            await asyncio.wait({entry[1]}, timeout=deadline.remaining)
            end = entry[1].result() if entry[1].done() else None
            if isinstance(end, ServiceUnavailable):
                raise end
            return end
        finally:
            self._waiting[verification_id].discard(entry)
            if not self._waiting[verification_id]:
                del self._waiting[verification_id]

    async def run(self) -> None:
        """Look for ends, whenever one is told of and once a second while somebody waits, until cancelled."""
        loop = asyncio.get_running_loop()
        next_poll = loop.time()
        while True:
            await self._pause(next_poll - loop.time())
            is_due = loop.time() >= next_poll
            wanted = list(self._waiting if is_due else self._heard & self._waiting.keys())
            self._heard.clear()
            if is_due:
                next_poll = loop.time() + self._poll_seconds
            if wanted:
                await self._look(wanted)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), max(0.0, seconds) if self._waiting else None)
        self._news.clear()

    async def _look(self, wanted: list[str]) -> None:
        try:
            ends = await self._read(wanted)
        except ServiceUnavailable:
            log.warning("ends_not_read", waiting=len(self._waiting))
            self._tell_of_outage(wanted)
            await asyncio.sleep(self._poll_seconds)
            return
        self._away_since = None
        self._tell(wanted, ends)

    def _tell_of_outage(self, wanted: list[str]) -> None:
        now = asyncio.get_running_loop().time()
        self._away_since = self._away_since or now
        if now - self._away_since < self._away_seconds:
            return
        for verification_id in wanted:
            for _, future in self._waiting.get(verification_id, ()):
                if not future.done():
                    future.set_result(ServiceUnavailable(retry_after=RETRY_AFTER_SECONDS))

    def _tell(self, wanted: list[str], ends: Mapping[str, Finished]) -> None:
        for verification_id in wanted:
            for number, future in tuple(self._waiting.get(verification_id, ())):
                end = ends.get(verification_id, Finished(Ending.OUTDATED, number))
                if end.ended >= number and not future.done():
                    future.set_result(end)
