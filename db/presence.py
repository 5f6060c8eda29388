"""When the service was there to be answered to, and the time of sets that are being answered."""

from functools import partial

import msgspec

from db.engine import RetakeEngine
from db.queue import JobKind, wake
from db.retry import in_transaction
from db.sql import fetch

BEAT_SECONDS = 5.0
OUTAGE_SECONDS = 60.0  # without a beat of any web process: longer than a restart takes
LONGEST_LOOK_SECONDS = 600.0  # no job waits longer; one that comes too early looks again


class RunningSet(msgspec.Struct, frozen=True):
    """A set whose time runs."""

    verification_id: str
    set_id: str


async def look_at_end(engine: RetakeEngine, running: RunningSet, seconds: float) -> None:
    """Have a job look at a set when its time is up in `seconds`."""
    after = min(max(0.0, seconds), LONGEST_LOOK_SECONDS)
    await wake(engine, JobKind.TIME_UP, running.set_id, running, after_seconds=after)


async def beat(engine: RetakeEngine) -> None:
    """Say that a web process answers. The first one after an outage gives the time back to those it kept waiting."""
    statement = """
        UPDATE service_beat SET seen_at = clock_timestamp()
        WHERE id = 1 AND seen_at > statement_timestamp() - make_interval(secs => {}) RETURNING id
        """
    if not await fetch(engine, statement, OUTAGE_SECONDS):
        await in_transaction(engine, partial(_return_time, engine))


async def _return_time(engine: RetakeEngine) -> None:
    """Lengthen the time of every set that was being answered when the service was last there, by all the time since."""
    await fetch(engine, "INSERT INTO service_beat (id, seen_at) VALUES (1, clock_timestamp()) ON CONFLICT DO NOTHING")
    await fetch(engine, "SELECT 1 FROM service_beat WHERE id = 1 FOR UPDATE")
    await fetch(
        engine,
        """
        UPDATE question_set q SET
            ends_at = ends_at + (statement_timestamp() - greatest(started_at, b.seen_at)),
            given_back_seconds = given_back_seconds
                + extract(epoch FROM statement_timestamp() - greatest(started_at, b.seen_at))
        FROM service_beat b WHERE b.id = 1 AND b.seen_at < statement_timestamp() - make_interval(secs => {})
            AND q.state = 'active' AND q.ends_at > b.seen_at
        """,
        OUTAGE_SECONDS,
    )
    await fetch(engine, "UPDATE service_beat SET seen_at = clock_timestamp() WHERE id = 1")
