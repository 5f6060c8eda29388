"""Puts jobs into the queue, in the transaction of the change that causes them.

The rows are PgQueuer's; its own client would bring pydantic and 30 MB into every web process, for one INSERT.
"""

from enum import StrEnum

import msgspec
from structlog.contextvars import get_contextvars

from db.engine import RetakeEngine
from db.sql import fetch, to_json

FOLLOWED = ("request_id", "verification_id", "platform_id", "key_id")  # by these a reader of logs finds all of a set


LONGEST_WAIT_SECONDS = 700.0  # the last retry of a notice comes after 600


class JobKind(StrEnum):
    """What the workers do."""

    WRITE_SET = "write_set"
    PREPARE_SET = "prepare_set"
    DELIVER = "deliver"
    SWEEP = "sweep"
    TIME_UP = "time_up"
    MAP_SKILL = "map_skill"


Payload = msgspec.Struct | dict[str, str | int]
"""Ids, and nothing that would have to be erased with a person."""


class Priority(msgspec.Struct, frozen=True):
    """Higher goes first: a student who waits, before what nobody waits for, and last what nobody asked for yet."""

    waited_for: int = 10
    usual: int = 0
    quiet: int = -10


PRIORITY = Priority()


async def enqueue(
    engine: RetakeEngine,
    kind: str,
    payload: Payload,
    *,
    priority: int = PRIORITY.usual,
    after_seconds: float | None = None,
) -> int:
    """Add a job and give its number. It becomes visible with the current transaction, or never.

    It is due at once, or in `after_seconds`.
    """
    rows = await fetch(
        engine,
        """
        INSERT INTO jobs.pgqueuer (priority, entrypoint, payload, headers, execute_after, status)
        VALUES ({}, {}, {}, {}, coalesce(statement_timestamp() + make_interval(secs => {}), 'epoch'), 'queued')
        RETURNING id
        """,
        priority,
        kind,
        msgspec.json.encode(payload),
        to_json({name: value for name, value in get_contextvars().items() if name in FOLLOWED}),
        after_seconds,
    )
    return int(rows[0]["id"])


async def wake(engine: RetakeEngine, kind: str, key: str, payload: Payload, *, after_seconds: float = 0.0) -> None:
    """Have the one job of this kind and key run in `after_seconds`, or sooner if it is already asked for sooner.

    A job has to call `begin` before it looks for its work. What is stored before is then seen by it, and what is stored
    after makes a new one: nothing falls between.
    """
    await fetch(
        engine,
        """
        INSERT INTO jobs.pgqueuer (priority, entrypoint, payload, execute_after, dedupe_key, status)
        VALUES ({}, {}, {}, statement_timestamp() + make_interval(secs => {}), {}, 'queued')
        ON CONFLICT (dedupe_key) WHERE status IN ('queued', 'picked') AND dedupe_key IS NOT NULL
        DO UPDATE SET execute_after = least(pgqueuer.execute_after, excluded.execute_after)
        """,
        PRIORITY.usual,
        kind,
        msgspec.json.encode(payload),
        after_seconds,
        f"{kind}:{key}",
    )


async def begin(engine: RetakeEngine, job_id: int) -> None:
    """Let go of a job's key, so that from now on `wake` makes another job."""
    await fetch(engine, "UPDATE jobs.pgqueuer SET dedupe_key = NULL WHERE id = {}", job_id)


async def return_to_present(engine: RetakeEngine) -> None:
    """Take back what lies further ahead than any job waits: the database's clock went back, as at a failover it can.

    Otherwise a job of a dead worker, whose heartbeat is from that future, would be nobody's for as long as the step.
    """
    await fetch(
        engine,
        """
        UPDATE jobs.pgqueuer SET heartbeat = least(heartbeat, statement_timestamp()),
            execute_after = CASE status WHEN 'picked' THEN 'epoch' ELSE statement_timestamp() END
        WHERE status = 'picked' AND heartbeat > statement_timestamp() + interval '2 seconds'
            OR status = 'queued' AND execute_after > statement_timestamp() + make_interval(secs => {})
        """,
        LONGEST_WAIT_SECONDS,
    )


async def absorb(engine: RetakeEngine, kind: str, payload: Payload) -> None:
    """Take away the jobs of this kind and payload that are due and not begun: whoever calls does their work.

    To be called before looking for work, since what they stand for was stored with them.
    """
    await fetch(
        engine,
        """
        DELETE FROM jobs.pgqueuer WHERE id IN (
            SELECT id FROM jobs.pgqueuer WHERE entrypoint = {} AND payload = {} AND status = 'queued'
                AND execute_after <= statement_timestamp() FOR UPDATE SKIP LOCKED
        )
        """,
        kind,
        msgspec.json.encode(payload),
    )
