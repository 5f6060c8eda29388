"""What model vendors cost on each day (UTC), over all processes: set aside before a call, settled after it.

A process hands in whatever waits with one transaction, so that a thousand calls at the same time do not queue up for
the day's row. No transaction is open while a vendor is asked. What was set aside by a process that was killed counts as
spent: the vendor may have been paid.
"""

import asyncio
import concurrent.futures
import contextlib
from collections import Counter, deque
from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import structlog

from assessment.errors import ServiceUnavailable
from assessment.spending import Allowance, Grant
from db.engine import RetakeEngine
from db.retry import TryAgain, in_transaction
from db.sql import fetch, fetch_one, to_json

FLUSH_SECONDS = 1.0
STOP_SECONDS = 5.0
BATCH = 1_000

Waiting = TypeVar("Waiting")

log = structlog.get_logger(__name__)


class _Asked(NamedTuple):
    ticket: UUID
    nanos: int
    limit: int
    call_seconds: float
    answer: "concurrent.futures.Future[Grant]"


class PostgresSpend:
    """Made on the loop of the database; `reserve` and `settle` may be called from any other loop.

    While `run` is not running nothing is set aside, and `reserve` waits.
    """

    def __init__(self, engine: RetakeEngine) -> None:
        self._engine = engine
        self._loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()
        self._asked: deque[_Asked] = deque()
        self._settled: deque[tuple[UUID, int]] = deque()

    async def reserve(self, ticket: UUID, nanos: int, limit: int, call_seconds: float) -> Grant:
        """Set money of today aside, if the limit allows it. Where the database does not answer: `later`."""
        answer: concurrent.futures.Future[Grant] = concurrent.futures.Future()
        self._asked.append(_Asked(ticket, nanos, limit, call_seconds, answer))
        self._loop.call_soon_threadsafe(self._woken.set)
        return await asyncio.wrap_future(answer)

    def settle(self, ticket: UUID, nanos: int) -> None:
        """Put what a call cost in the place of what was set aside for it, within a second or two."""
        self._settled.append((ticket, nanos))

    async def run(self) -> None:
        """Hand in whatever comes, until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), FLUSH_SECONDS)
            self._woken.clear()
            await self.flush()

    async def stop(self) -> None:
        """Settle the rest, once nothing more comes from the vendors; what cannot be settled in time counts as spent."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.flush(), STOP_SECONDS)
        if self._settled:
            log.warning("spend_not_settled", calls=len(self._settled))

    async def flush(self) -> None:
        """Answer who asks for money and settle what has ended, until nothing waits or the database is away."""
        is_there = True
        while is_there and (self._asked or self._settled):
            settled, asked = _taken(self._settled), _taken(self._asked)
            asked = [it for it in asked if it.answer.set_running_or_notify_cancel()]
            new = {it.ticket for it in asked}  # one that is given up at once is settled when it is there
            self._settled.extend(it for it in settled if it[0] in new)
            is_there = await self._settle([it for it in settled if it[0] not in new]) and await self._answer(asked)

    async def _settle(self, settled: list[tuple[UUID, int]]) -> bool:
        """Tell whether the database answered; a ticket that is settled already changes nothing."""
        try:
            if settled:
                await in_transaction(self._engine, lambda: _settle(self._engine, settled))
        except (ServiceUnavailable, asyncio.CancelledError) as error:
            self._settled.extendleft(reversed(settled))
            if isinstance(error, ServiceUnavailable):
                return False
            raise
        return True

    async def _answer(self, asked: list[_Asked]) -> bool:
        """Tell whether the database answered."""
        grants = [Grant.LATER] * len(asked)
        try:
            if asked:
                grants = await in_transaction(self._engine, lambda: _reserve(self._engine, asked))
        except (ServiceUnavailable, asyncio.CancelledError) as error:
            self._settled.extend((it.ticket, 0) for it in asked)  # it may have been kept all the same
            if isinstance(error, ServiceUnavailable):
                return False
            raise
        finally:
            for it, grant in zip(asked, grants, strict=True):
                it.answer.set_result(grant)
        return True


async def _reserve(engine: RetakeEngine, asked: Sequence[_Asked]) -> list[Grant]:
    """In the order of asking; what is decided on is read under the lock of the day's row."""
    day, committed = await _locked_today(engine)
    is_tight = any(committed + sum(it.nanos for it in asked) > it.limit for it in asked)
    under_way = await _under_way(engine, day, max(it.call_seconds for it in asked)) if is_tight else 0
    grants, kept = [], []
    for it in asked:
        allowance = Allowance(it.limit, committed, under_way)
        grants.append(allowance.reserve(it.nanos))
        committed, under_way = allowance.committed, allowance.under_way
        if grants[-1] is Grant.GRANTED:
            kept.append({"id": it.ticket, "nanos": it.nanos})
    if kept:
        await _keep(engine, day, committed, kept)
    return grants


async def _locked_today(engine: RetakeEngine) -> tuple[date, int]:
    await fetch(
        engine,
        """
        INSERT INTO spend_day (day, nanos) VALUES ((statement_timestamp() AT TIME ZONE 'UTC')::date, 0)
        ON CONFLICT (day) DO NOTHING
        """,
    )
    row = await fetch_one(
        engine,
        """
        SELECT day, nanos FROM spend_day WHERE day = (statement_timestamp() AT TIME ZONE 'UTC')::date
        FOR NO KEY UPDATE
        """,
    )
    if row is None:
        raise TryAgain  # it was midnight in between
    return row["day"], row["nanos"]


async def _under_way(engine: RetakeEngine, day: date, seconds: float) -> int:
    """What calls that may still be under way have set aside; what is older was left by a process that was killed."""
    row = await fetch_one(
        engine,
        """
        SELECT coalesce(sum(nanos), 0)::bigint AS nanos FROM spend_reservation
        WHERE day = {} AND made_at >= statement_timestamp() - make_interval(secs => {})
        """,
        day,
        seconds,
    )
    return row["nanos"] if row else 0


async def _keep(engine: RetakeEngine, day: date, committed: int, kept: list[dict[str, Any]]) -> None:
    await fetch(
        engine,
        """
        INSERT INTO spend_reservation (id, day, nanos, made_at)
        SELECT id, {}, nanos, statement_timestamp() FROM jsonb_to_recordset({}::jsonb) AS r (id uuid, nanos bigint)
        """,
        day,
        to_json(kept),
    )
    await fetch(engine, "UPDATE spend_day SET nanos = {} WHERE day = {}", committed, day)


async def _settle(engine: RetakeEngine, settled: Sequence[tuple[UUID, int]]) -> None:
    """The days in order, so that two processes do not wait for each other."""
    spent = dict(settled)
    rows = await fetch(
        engine, "DELETE FROM spend_reservation WHERE id = ANY ({}::uuid[]) RETURNING id, day, nanos", list(spent)
    )
    left_over = Counter[date]()
    for row in rows:
        left_over[row["day"]] += row["nanos"] - spent[row["id"]]
    for day in sorted(left_over):
        await fetch(engine, "UPDATE spend_day SET nanos = nanos - {} WHERE day = {}", left_over[day], day)


def _taken(queue: deque[Waiting]) -> list[Waiting]:
    return [queue.popleft() for _ in range(min(BATCH, len(queue)))]
