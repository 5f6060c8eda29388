"""Looking at and reaching into the rows of one verification, past the API."""

from functools import partial

from db import sql
from piccolo_conf import DB
from tests.journey import Journey

fetch, fetch_one = partial(sql.fetch, DB), partial(sql.fetch_one, DB)  # of the database of the whole run

TABLES_OF_A_VERIFICATION = (
    "session",
    "source_item",
    "verification_skill",
    "question_set",
    "attempt",
    "generation",
)


async def lift_lock(journey: Journey) -> None:
    """Do what an operator may: the pass stands, the lock is gone."""
    await fetch("UPDATE verification SET is_locked = false WHERE id = {}", journey.verification_id)


async def erase_items(journey: Journey) -> None:
    await fetch("DELETE FROM source_item WHERE verification = {}", journey.verification_id)


async def erase_skills(journey: Journey) -> None:
    await fetch("DELETE FROM verification_skill WHERE verification = {}", journey.verification_id)


async def erase_evidence(journey: Journey) -> None:
    await erase_items(journey)
    await erase_skills(journey)


SPEND_SETS = """
    INSERT INTO generation (verification, lease_id, finished_at, sets, sets_since)
    VALUES ({}, gen_random_uuid(), now(), 5, now())
    ON CONFLICT (verification) DO UPDATE SET sets = excluded.sets, sets_since = excluded.sets_since
"""


RUN_OUT = """
    UPDATE question_set SET started_at = now() - interval '1 hour', time_limit_seconds = 60,
        ends_at = now() - interval '31 seconds' WHERE verification = {}
"""


async def run_out(journey: Journey) -> None:
    """The time of the set that waits is up, and nobody has looked yet."""
    await fetch(RUN_OUT, journey.verification_id)


async def spend_sets(journey: Journey) -> None:
    """As many sets as may be written before a submit."""
    await fetch(SPEND_SETS, journey.verification_id)


async def expire_session(journey: Journey) -> None:
    await fetch(
        "UPDATE session SET expires_at = now() - interval '1 second' WHERE verification = {}", journey.verification_id
    )


async def bodies_to_send(journey: Journey) -> list[str]:
    """The notices stored for a verification, oldest first."""
    rows = await fetch(
        "SELECT body FROM outbox_message WHERE verification = {} ORDER BY created_at, id", journey.verification_id
    )
    return [row["body"] for row in rows]


async def digest_of(verification_id: str) -> dict[str, str]:
    """One digest per table over all rows of a verification, its notices and its student included."""
    parts = [
        _part(table, f"SELECT to_jsonb(t) AS row FROM {table} t WHERE t.verification = v.id")  # noqa: S608  # constants
        for table in TABLES_OF_A_VERIFICATION
    ]
    parts += [
        # how far the courier has come is no change of the verification
        _part(
            "outbox_message", "SELECT jsonb_build_array(m.id, m.body) FROM outbox_message m WHERE m.verification = v.id"
        ),
        _part("student", "SELECT to_jsonb(s) FROM student s WHERE s.id = v.student"),
        "md5(to_jsonb(v)::text) AS verification",
    ]
    row = await fetch_one(f"SELECT {', '.join(parts)} FROM verification v WHERE v.id = {{}}", verification_id)  # noqa: S608  # constants
    assert row is not None
    return row


def _part(name: str, query: str) -> str:
    rows = "string_agg(r.row::text, ',' ORDER BY r.row::text)"
    return f"(SELECT md5(coalesce({rows}, '')) FROM ({query}) r (row)) AS {name}"  # noqa: S608  # constants
