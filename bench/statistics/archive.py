"""A made-up archive, written by SQL: attempts of ten questions over a year, two of which come from a bank."""

from typing import Any

BATCH = 10_000  # attempts of one statement

SETTING = """
    INSERT INTO platform (name) SELECT 'bench-' || n FROM generate_series(1, 5) n;
    INSERT INTO api_key (id, platform, mode, name, digest, webhook_secret)
    SELECT 'key_' || id, id, 'live', '', sha256(name::bytea), '' FROM platform;
"""

PEOPLE = """
    WITH person AS (
        INSERT INTO student (id, platform, mode, email)
        SELECT 'usr_' || n, 1 + n % 5, 'live', n || '@example.com' FROM generate_series($1::int, $2::int) n
        RETURNING id, platform
    )
    INSERT INTO verification (id, platform, mode, student, api_key, external_student_id, callback_url, name)
    SELECT replace(id, 'usr', 'ver'), platform, 'live', id, 'key_' || platform, '', '', '' FROM person
"""

# A question has 900 bytes, as written ones have; what it says is of no account, only that no two say the same unless
# they come from the bank.
ATTEMPTS = """
    INSERT INTO attempt (id, verification, number, score, passed, correct, total, questions, skills, provenance,
        submitted_at)
    SELECT gen_random_uuid(), 'ver_' || n, 1, 50, false, 5, 10, (
        SELECT jsonb_agg(jsonb_build_object(
            'question_id', 'q_' || md5(n || '.' || q), 'skill_id', 'skill-' || skill, 'source_id', 'prj_' || n,
            'stem', 'In your project ' || n || ', which of these keeps what was agreed on when the step called '
                || text || ' has to be repeated after a failure and nobody can say how far it came?',
            'options', (SELECT jsonb_agg('It is the one that ' || (o + n) % 4 || ' ' || text || ' brings about')
                        FROM generate_series(0, 3) o),
            'key', (4 - n % 4) % 4, 'selected', CASE WHEN (n + q) % 3 > 0 THEN (4 - n % 4) % 4 ELSE (n + q) % 4 END,
            'rationale', 'Whoever repeats ' || text || ' finds what was there before and does not do it twice; the '
                || 'others begin anew, lose what came in between, or wait for an answer that was given long ago.',
            'difficulty', (ARRAY['easy', 'medium', 'hard'])[1 + (n + q) % 3],
            'author', jsonb_build_object('vendor', 'v', 'model', 'model-' || (n + q) % 3), 'findings', '[]'::jsonb))
        FROM (SELECT q, (n + q) % 40 AS skill,
                     CASE WHEN q <= 2 THEN md5('bank' || n % 500 || q) ELSE md5(n || '.' || q) END AS text
              FROM generate_series(1, 10) q) asked
        ), '[]', jsonb_build_object('prompt_version', 'v3', 'vendors', '[]'::jsonb),
        now() - make_interval(secs => 365 * 86400 * (n::float / $3::int))
    FROM generate_series($1::int, $2::int) n
"""


async def write_archive(database: Any, attempts: int) -> None:
    """Write so many attempts, each of a student of its own, the newest first."""
    await database.execute(SETTING)
    for first in range(1, attempts + 1, BATCH):
        last = min(first + BATCH - 1, attempts)
        await database.execute(PEOPLE, first, last)
        await database.execute(ATTEMPTS, first, last, attempts)
    for table in ("student", "verification", "attempt"):
        await database.execute(f"VACUUM ANALYZE {table}")
