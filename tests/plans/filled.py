"""A database as it looks after a while: tables that grow have grown, and the planner knows it."""

from typing import Any

ROWS = 20_000

# What does not grow with the students: platforms and their keys, and a row for each vendor, process, day and migration.
SMALL = (
    "platform",
    "api_key",
    "retake_policy",
    "vendor_latency",
    "readiness_probe",
    "migration",
    "worker",
    "spend_day",
    "service_beat",
)

FILLED = f"""
    SET session_replication_role = replica;
    INSERT INTO platform (name) SELECT 'p' || n FROM generate_series(1, 20) n;
    INSERT INTO api_key (id, platform, mode, name, digest, webhook_secret)
    SELECT 'key_' || id, id, 'live', '', sha256(name::bytea), '' FROM platform;
    INSERT INTO student (id, platform, mode, email, phone_number)
    SELECT 'usr_' || n, 1 + n % 20, 'live', CASE WHEN n % 2 = 0 THEN n || '@example.com' END, '+' || n
    FROM generate_series(1, {ROWS}) n;
    INSERT INTO verification (id, platform, mode, student, api_key, external_student_id, callback_url, name)
    SELECT replace(id, 'usr', 'ver'), platform, mode, id, 'key_' || platform, '', '', '' FROM student;
    INSERT INTO session (digest, verification, expires_at)
    SELECT sha256(id::bytea), id, now() + make_interval(hours => (random() * 1000)::int) FROM verification;
    INSERT INTO source_item (id, verification, kind, external_id, position, payload, attached)
    SELECT 'prj_' || n || v.id, v.id, 'project', n::text, n, '{{}}', n = 1
    FROM verification v, generate_series(1, 3) n;
    INSERT INTO skill (platform, skill_id, name) SELECT 1 + n % 20, 'own-' || n, 'Own ' || n
    FROM generate_series(1, {ROWS}) n;
    INSERT INTO concept_map (platform, mode, skill_id, language, version, concepts)
    SELECT 1 + n % 20, 'live', 'own-' || n, 'en', version, '[]'
    FROM generate_series(1, {ROWS}) n, generate_series(1, 3) version;
    INSERT INTO verification_skill (id, verification, position, skill_id, name)
    SELECT gen_random_uuid(), v.id, n, 'own-' || n, '' FROM verification v, generate_series(1, 3) n;
    INSERT INTO question_set (id, verification, state, questions, provenance, ends_at)
    SELECT gen_random_uuid(), id, 'active', '[]', '{{}}', now() + make_interval(mins => (random() * 1000)::int)
    FROM verification;
    INSERT INTO question_set (id, verification, state, questions, provenance, making, expires_at)
    SELECT gen_random_uuid(), id, 'prepared', '[]', '{{}}', '{{}}',
        now() + make_interval(hours => (random() * 300)::int) FROM verification;
    INSERT INTO ahead_event (mode, event, at)
    SELECT 'live', 'taken', now() - make_interval(mins => (random() * 120000)::int) FROM generate_series(1, {ROWS}) n;
    INSERT INTO shown_item (student, stem, skill_id, signature)
    SELECT s.id, '', '', '' FROM student s, generate_series(1, 5);
    INSERT INTO attempt (id, verification, number, score, passed, correct, total, questions, skills, provenance,
        submitted_at)
    SELECT gen_random_uuid(), id, 1, 0, false, 0, 10, '[]', '[]', '{{}}',
        now() - make_interval(hours => (random() * 8000)::int) FROM verification;
    INSERT INTO generation (verification, lease_id, finished_at)
    SELECT id, gen_random_uuid(), now() - make_interval(hours => (random() * 900)::int) FROM verification;
    INSERT INTO outbox_message (id, verification, platform, receiver_group, channel, event, target, body, state,
        due_at, settled_at)
    SELECT 'msg_' || n || v.id, v.id, v.platform, hashtext(v.id) & 255, 'webhook', 'verification.completed', '', '',
        CASE WHEN n = 1 THEN 'pending' ELSE 'delivered' END, now() + interval '1 hour',
        CASE WHEN n > 1 THEN now() - make_interval(hours => (random() * 900)::int) END
    FROM verification v, generate_series(1, 3) n;
    INSERT INTO audit_entry (id, at, actor_kind, actor, source, action, subject, details, previous, digest)
    SELECT n, now(), '', '', '', '', '', '', '', sha256(n::text::bytea) FROM generate_series(1, {ROWS}) n;
    INSERT INTO idempotent_request (id, credential, key, fingerprint, created_at)
    SELECT gen_random_uuid(), sha256(id::bytea), 'k', '', now() - make_interval(mins => (random() * 1400)::int)
    FROM verification;
    INSERT INTO rate_window (caller, started_at)
    SELECT sha256(n::text::bytea), now() - make_interval(mins => (random() * 1400)::int)
    FROM generate_series(1, {ROWS}) n;
    INSERT INTO vendor_attempt (id, writing_id, mode, vendor, model, started_at, seconds, slice_seconds, round_number,
        part, is_hedge, outcome, wanted, accepted, input_tokens, output_tokens, is_estimated, prompt_version,
        config_hash)
    SELECT gen_random_uuid(), n::text, 'live', 'v' || n % 5, 'm',
        now() - make_interval(mins => (random() * 120000)::int), 1, 1, 1, 1, false, 'ok', 5, 5, 100, 100, false, '', ''
    FROM generate_series(1, {2 * ROWS}) n;
    INSERT INTO spend_reservation (id, day, nanos, made_at)
    SELECT gen_random_uuid(), current_date, 1, now() - make_interval(mins => (random() * 2000)::int)
    FROM generate_series(1, {ROWS}) n;
    SET session_replication_role = DEFAULT;
"""  # noqa: S608  # only a constant of this module is put in


async def fill(database: Any) -> None:
    """Put rows into every table that grows."""
    await database.execute(FILLED)
    await database.execute("ANALYZE")


async def growing_tables(database: Any) -> set[str]:
    """Name the tables of the product that grow with the students, a new one included."""
    rows = await database.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return {row["tablename"] for row in rows} - set(SMALL)
