"""What the database says behind the servers' backs: whole or half states, what was archived, who had which job."""

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

import asyncpg
import msgspec

from bench.service.processes import Role

# Every write of a step takes a while, so that kills also fall between two writes of one transaction; and what workers
# do is noted with the database user, which is that of their stand.
NOTES = """
    CREATE FUNCTION take_time() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_sleep(random() * 0.1); RETURN NEW; END $$;
    CREATE TRIGGER slow BEFORE INSERT ON question_set FOR EACH ROW EXECUTE FUNCTION take_time();
    CREATE TRIGGER slow BEFORE INSERT ON attempt FOR EACH ROW EXECUTE FUNCTION take_time();
    CREATE TRIGGER slow BEFORE INSERT ON outbox_message FOR EACH ROW EXECUTE FUNCTION take_time();
    CREATE TRIGGER slow BEFORE UPDATE ON verification FOR EACH ROW EXECUTE FUNCTION take_time();
    CREATE TABLE noted (at timestamptz DEFAULT clock_timestamp(), stand text DEFAULT session_user,
        job bigint, kind text, from_other boolean);
    CREATE FUNCTION note_worker() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO noted DEFAULT VALUES; RETURN NEW; END $$;
    CREATE TRIGGER noted AFTER INSERT ON worker FOR EACH ROW EXECUTE FUNCTION note_worker();
    CREATE FUNCTION note_job() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO noted (job, kind, from_other) VALUES (NEW.id, NEW.entrypoint, OLD.status = 'picked');
        RETURN NEW; END $$;
    CREATE TRIGGER noted AFTER UPDATE ON jobs.pgqueuer FOR EACH ROW WHEN (NEW.status = 'picked'
        AND OLD.queue_manager_id IS DISTINCT FROM NEW.queue_manager_id) EXECUTE FUNCTION note_job();
"""

# One statement, hence one moment: no verification may be seen between two states.
HALF = """
    SELECT id FROM (
        SELECT v.id, v.attempts,
            (SELECT count(*) FROM attempt a WHERE a.verification = v.id) AS archived,
            (SELECT coalesce(max(number), 0) FROM attempt a WHERE a.verification = v.id) AS last_number,
            (SELECT count(*) FROM attempt a
             WHERE a.verification = v.id AND jsonb_array_length(a.questions) <> 10) AS short_attempts,
            (SELECT count(*) FROM question_set q WHERE q.verification = v.id) AS sets,
            (SELECT count(*) FROM question_set q
             WHERE q.verification = v.id AND jsonb_array_length(q.questions) <> 10) AS short_sets,
            (SELECT count(*) FROM outbox_message m WHERE m.verification = v.id AND m.channel = 'webhook'
             AND m.event = 'verification.initiated') AS initiated,
            (SELECT count(*) FROM outbox_message m WHERE m.verification = v.id AND m.channel = 'webhook'
             AND m.event = 'verification.completed') AS completed
        FROM verification v
    ) seen
    WHERE archived <> attempts OR last_number <> attempts OR short_attempts > 0 OR sets > 1 OR short_sets > 0
        OR (attempts > 0 AND sets = 0) OR completed <> attempts OR initiated <> least(sets, 1)
"""
UNDELIVERED = "SELECT count(*) FROM outbox_message WHERE state = 'pending' AND channel = 'webhook'"
DRAIN_SECONDS = 180.0
SETTLE_SECONDS = 2.0  # from a worker's first sign of life to its first job


class Kill(NamedTuple):
    """`at` is seconds of the epoch, as everywhere here."""

    at: float
    stand: str
    roles: frozenset[Role]


class TakeOver(NamedTuple):
    """A job that went on, `seconds` after the kill of who had it.

    `is_fair`: another worker lived through all that time.
    """

    kind: str
    seconds: float
    is_fair: bool


class Watch:
    """Reads; of its own it stores only who may come in as what, and the notes above."""

    def __init__(self, database: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._database = database

    async def begin(self, stands: Sequence[str]) -> None:
        for stand in stands:
            await self._database.execute(f"CREATE ROLE {stand} SUPERUSER LOGIN")
        await self._database.execute(NOTES)

    async def half(self) -> set[str]:
        """The verifications that are neither before nor after a step."""
        return {row["id"] for row in await self._database.fetch(HALF)}

    async def workers_since(self, at: float) -> set[str]:
        """The stands whose worker began after that moment."""
        rows = await self._database.fetch(
            "SELECT DISTINCT stand FROM noted WHERE job IS NULL AND at > to_timestamp($1)", at
        )
        return {row["stand"] for row in rows}

    async def revision(self, verification_id: str) -> int:
        found: int = await self._database.fetchval("SELECT revision FROM verification WHERE id = $1", verification_id)
        return found

    async def current_questions(self, verification_id: str) -> list[str]:
        """The ids of the set that the database holds, in their order."""
        stored = await self._database.fetchval(
            "SELECT questions FROM question_set WHERE verification = $1", verification_id
        )
        return [question["question_id"] for question in msgspec.json.decode(stored or "[]")]

    async def archived(self, verification_id: str, number: int) -> dict[str, int]:
        """What was chosen in an attempt, by question; nothing when there is no such attempt."""
        stored = await self._database.fetchval(
            "SELECT questions FROM attempt WHERE verification = $1 AND number = $2", verification_id, number
        )
        return {it["question_id"]: it["selected"] for it in msgspec.json.decode(stored or "[]")}

    async def events(self) -> set[str]:
        """The ids of all events that were ever stored, once none waits; or after a while nobody would wait longer."""
        for _ in range(int(DRAIN_SECONDS)):
            if not await self._database.fetchval(UNDELIVERED):
                break
            await asyncio.sleep(1)
        return {
            row["id"] for row in await self._database.fetch("SELECT id FROM outbox_message WHERE channel='webhook'")
        }

    async def take_overs(self, kills: Sequence[Kill]) -> list[TakeOver]:
        """Find the jobs of killed workers, and when each went on."""
        rows: list[Any] = await self._database.fetch(
            "SELECT extract(epoch FROM at)::float8 AS at, stand, job, kind, from_other FROM noted ORDER BY at"
        )
        ends = [kill for kill in kills if Role.JOBS in kill.roles]
        lives = [_life(row["stand"], row["at"], ends) for row in rows if row["job"] is None]
        found, last = [], dict[int, Any]()
        for row in rows:
            if row["job"] is None:
                continue
            before = last.get(row["job"])
            if before is not None and row["from_other"]:
                killed_at = _life(before["stand"], before["at"], ends)[2]
                found.append(TakeOver(row["kind"], row["at"] - killed_at, _is_covered(lives, killed_at, row["at"])))
            last[row["job"]] = row
        return found


Life = tuple[str, float, float]


def _life(stand: str, since: float, kills: Sequence[Kill]) -> Life:
    """From a sign of life to the next kill of that stand's worker."""
    return (
        stand,
        since,
        min((kill.at for kill in kills if kill.stand == stand and kill.at > since), default=float("inf")),
    )


def _is_covered(lives: Sequence[Life], begun: float, ended: float) -> bool:
    return any(since + SETTLE_SECONDS < begun and until > ended for _, since, until in lives)
