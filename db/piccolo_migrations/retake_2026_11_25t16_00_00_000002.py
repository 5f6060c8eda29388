"""What Piccolo's generator cannot say: partial unique indexes, checks and the append-only archive."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-25T16:00:00:000002"
VERSION = "1.38.0"
DESCRIPTION = "One current set per verification, one row per attempt number, an archive that only grows"

FORWARDS = (
    "CREATE UNIQUE INDEX one_current_set ON question_set (verification) WHERE state IN ('active', 'submitted')",
    "CREATE UNIQUE INDEX one_attempt_per_number ON attempt (verification, number)",
    "CREATE UNIQUE INDEX one_student_per_email ON student (platform, mode, lower(email)) WHERE email IS NOT NULL",
    "CREATE UNIQUE INDEX one_student_per_bare_phone ON student (platform, mode, phone_number) WHERE email IS NULL",
    "CREATE INDEX student_by_phone ON student (platform, mode, phone_number)",
    "CREATE UNIQUE INDEX one_source_per_external_id ON source_item (verification, kind, external_id)",
    "CREATE UNIQUE INDEX one_shared_skill ON skill (skill_id) WHERE platform IS NULL",
    "CREATE UNIQUE INDEX one_own_skill ON skill (platform, skill_id) WHERE platform IS NOT NULL",
    "CREATE UNIQUE INDEX one_row_per_skill ON verification_skill (verification, skill_id)",
    "CREATE INDEX outbox_message_line ON outbox_message (platform, receiver_group, due_at) WHERE state = 'pending'",
    "CREATE INDEX outbox_message_settled ON outbox_message (settled_at) WHERE settled_at IS NOT NULL",
    "CREATE INDEX shown_item_by_age ON shown_item (student, id)",
    "CREATE INDEX shown_item_of_skill_by_age ON shown_item (student, skill_id, id)",
    "CREATE INDEX session_by_end ON session (expires_at)",
    "CREATE INDEX generation_by_end ON generation (finished_at)",
    "CREATE INDEX rate_window_by_age ON rate_window (started_at)",
    "CREATE INDEX attempt_by_time ON attempt (submitted_at)",
    "CREATE UNIQUE INDEX one_request_per_key ON idempotent_request (credential, key)",
    "CREATE INDEX idempotent_request_by_age ON idempotent_request (created_at)",
    "ALTER TABLE api_key ADD CHECK (mode IN ('live', 'test'))",
    "ALTER TABLE student ADD CHECK (mode IN ('live', 'test'))",
    "ALTER TABLE verification ADD CHECK (mode IN ('live', 'test'))",
    "ALTER TABLE question_set ADD CHECK (state IN ('prepared', 'active', 'submitted'))",
    "ALTER TABLE outbox_message ADD CHECK (state IN ('pending', 'delivered', 'undeliverable'))",
    """
    CREATE FUNCTION refuse_archive_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND current_setting('retake.erasing', true) = 'on' THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'the attempt archive is append-only' USING ERRCODE = 'restrict_violation';
    END $$
    """,
    """
    CREATE TRIGGER attempt_is_append_only BEFORE UPDATE OR DELETE ON attempt
    FOR EACH ROW EXECUTE FUNCTION refuse_archive_change()
    """,
    """
    CREATE TRIGGER attempt_is_never_truncated BEFORE TRUNCATE ON attempt
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_archive_change()
    """,
)

BACKWARDS = (
    "DROP TRIGGER attempt_is_never_truncated ON attempt",
    "DROP TRIGGER attempt_is_append_only ON attempt",
    "DROP FUNCTION refuse_archive_change",
    "ALTER TABLE outbox_message DROP CONSTRAINT outbox_message_state_check",
    "ALTER TABLE question_set DROP CONSTRAINT question_set_state_check",
    "ALTER TABLE verification DROP CONSTRAINT verification_mode_check",
    "ALTER TABLE student DROP CONSTRAINT student_mode_check",
    "ALTER TABLE api_key DROP CONSTRAINT api_key_mode_check",
    "DROP INDEX attempt_by_time, rate_window_by_age, generation_by_end, session_by_end, shown_item_of_skill_by_age",
    "DROP INDEX shown_item_by_age, outbox_message_settled, outbox_message_line",
    "DROP INDEX idempotent_request_by_age, one_request_per_key, one_row_per_skill, one_own_skill",
    "DROP INDEX one_shared_skill, one_source_per_external_id, student_by_phone, one_student_per_bare_phone",
    "DROP INDEX one_student_per_email, one_attempt_per_number, one_current_set",
)


class Statements(Table):
    """A handle for raw statements; it has no rows."""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="retake", description=DESCRIPTION)
    manager.add_raw(_go_forwards)
    manager.add_raw_backwards(_go_backwards)
    return manager


async def _go_forwards() -> None:
    for statement in FORWARDS:
        await Statements.raw(statement)


async def _go_backwards() -> None:
    for statement in BACKWARDS:
        await Statements.raw(statement)
