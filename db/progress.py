"""How far the writing of a set is: stored by whoever writes it, read for all who look on in a process at once."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence

import msgspec

from assessment.errors import ServiceUnavailable
from assessment.ports import Ending
from db.engine import RetakeEngine
from db.sql import fetch, to_json

CHANNEL = "generation_progress"
GATHER_SECONDS = 0.1  # a query is shared by all that is told of meanwhile
LOOK_SECONDS = 15.0  # how late something may be seen whose notification was lost; and a sign of life


class Step(msgspec.Struct, frozen=True):
    """So many items of a set stand."""

    verification_id: str
    ready: int
    total: int


class Progress(msgspec.Struct, frozen=True):
    """How a verification's generation stands; under way only where somebody waits for it."""

    is_under_way: bool
    ending: Ending | None
    ready: int
    total: int


async def report(engine: RetakeEngine, steps: Sequence[Step]) -> None:
    """Store how far sets are; those who look on are told, unless nobody has asked for the set yet."""
    await fetch(
        engine,
        f"""
        WITH done AS (
            UPDATE generation g SET ready = s.ready, total = s.total
            FROM jsonb_to_recordset({{}}::jsonb) AS s (verification_id text, ready int, total int)
            WHERE g.verification = s.verification_id AND g.verification = ANY({{}}) AND g.ending IS NULL
            RETURNING g.verification, g.ahead
        )
        SELECT pg_notify('{CHANNEL}', verification) FROM done WHERE NOT ahead
        """,  # noqa: S608  # a constant
        to_json(steps),
        [step.verification_id for step in steps],  # without it the planner looks at every generation
    )


class _Watcher:
    def __init__(self) -> None:
        self.latest: Progress | None = None
        self.news = asyncio.Event()


class ProgressWatch:
    """All that look on in one process share the queries: one for what is told of, and one every fifteen seconds."""

    def __init__(self, engine: RetakeEngine) -> None:
        self._engine = engine
        self._watchers: defaultdict[str, set[_Watcher]] = defaultdict(set)
        self._heard: set[str] = set()
        self._news = asyncio.Event()

    def hear(self, verification_id: str) -> None:
        """Note that something has changed."""
        if verification_id in self._watchers:
            self._heard.add(verification_id)
            self._news.set()

    def watching(self, verification_id: str) -> int:
        """How many look on here."""
        return len(self._watchers.get(verification_id, ()))

    async def watch(self, verification_id: str) -> AsyncIterator[Progress | None]:
        """Give how it stands, whenever that may have changed and every fifteen seconds; None where it was erased."""
        watcher = _Watcher()
        self._watchers[verification_id].add(watcher)
        self.hear(verification_id)
        try:
            while True:
                await watcher.news.wait()
                watcher.news.clear()
                yield watcher.latest
        finally:
            self._watchers[verification_id].discard(watcher)
            if not self._watchers[verification_id]:
                del self._watchers[verification_id]

    async def run(self) -> None:
        """Look whenever something is told of, and for all once in fifteen seconds, until cancelled."""
        loop = asyncio.get_running_loop()
        next_look = loop.time() + LOOK_SECONDS
        while True:
            with contextlib.suppress(TimeoutError):
                timeout = max(0.0, next_look - loop.time()) if self._watchers else None
                await asyncio.wait_for(self._news.wait(), timeout)
            self._news.clear()
            is_due = loop.time() >= next_look
            wanted = list(self._watchers if is_due else self._heard & self._watchers.keys())
            self._heard.clear()
            if is_due:
                next_look = loop.time() + LOOK_SECONDS
            if wanted:
                await self._look(wanted)
            await asyncio.sleep(GATHER_SECONDS)

    async def _look(self, wanted: list[str]) -> None:
        try:
            found = await _read(self._engine, wanted)
        except ServiceUnavailable:
            return  # the next look tells
        for verification_id in wanted:
            for watcher in self._watchers.get(verification_id, ()):
                watcher.latest = found.get(verification_id)
                watcher.news.set()


async def _read(engine: RetakeEngine, verification_ids: list[str]) -> dict[str, Progress]:
    rows = await fetch(
        engine,
        """
        SELECT v.id, g.ending, coalesce(g.ready, 0) AS ready, coalesce(g.total, 0) AS total,
            coalesce(g.ending IS NULL AND NOT g.ahead
                AND EXISTS (SELECT 1 FROM jobs.pgqueuer j WHERE j.id = g.job), false) AS is_under_way
        FROM verification v LEFT JOIN generation g ON g.verification = v.id WHERE v.id = ANY({})
        """,
        verification_ids,
    )
    return {
        row["id"]: Progress(
            row["is_under_way"], Ending(row["ending"]) if row["ending"] else None, row["ready"], row["total"]
        )
        for row in rows
    }
