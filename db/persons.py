"""All that is stored of a person: given out as one document, and erased."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec

from assessment.credentials import Actor, PlatformAccess
from db.audit import Action, record
from db.engine import RetakeEngine
from db.retry import in_transaction
from db.sql import fetch, fetch_one

# A question nobody has answered yet is given without what is right about it, and a set that waits in the store not at
# all: nobody has seen it.
KINDS: Mapping[str, str] = {
    "verifications": "SELECT to_jsonb(t) AS row FROM verification t WHERE id = ANY({}) ORDER BY id",
    "sessions": "SELECT to_jsonb(t) - 'digest' AS row FROM session t WHERE verification = ANY({}) ORDER BY created_at",
    "items": """
        SELECT to_jsonb(t) AS row FROM source_item t WHERE verification = ANY({}) ORDER BY verification, position
        """,
    "skills": """
        SELECT to_jsonb(t) AS row FROM verification_skill t WHERE verification = ANY({})
        ORDER BY verification, position
        """,
    "questionSets": """
        SELECT to_jsonb(t) - ARRAY['questions', 'making', 'provenance'] || jsonb_build_object('questions', (
            SELECT jsonb_agg(jsonb_build_object('question_id', q->'question_id', 'question', q->'stem',
                'options', q->'options')) FROM jsonb_array_elements(t.questions) q)) AS row
        FROM question_set t WHERE verification = ANY({}) AND state <> 'prepared' ORDER BY verification
        """,
    "attempts": """
        SELECT to_jsonb(t) - 'provenance' AS row FROM attempt t WHERE verification = ANY({})
        ORDER BY verification, number
        """,
    "notices": """
        SELECT to_jsonb(t) AS row FROM outbox_message t WHERE verification = ANY({}) ORDER BY verification, created_at
        """,
}
SHOWN = """
    SELECT jsonb_build_object('skill_id', skill_id, 'question', stem) AS row
    FROM shown_item WHERE student = {} ORDER BY id
"""
COUNTS = """
    SELECT (SELECT count(*) FROM verification WHERE id = ANY({})) AS verifications,
        (SELECT count(*) FROM session WHERE verification = ANY({})) AS sessions,
        (SELECT count(*) FROM source_item WHERE verification = ANY({})) AS items,
        (SELECT count(*) FROM verification_skill WHERE verification = ANY({})) AS skills,
        (SELECT count(*) FROM question_set WHERE verification = ANY({})) AS "questionSets",
        (SELECT count(*) FROM attempt WHERE verification = ANY({})) AS attempts,
        (SELECT count(*) FROM outbox_message WHERE verification = ANY({})) AS notices,
        (SELECT count(*) FROM shown_item WHERE student = {}) AS "shownQuestions"
"""
IS_INACTIVE = """
    NOT EXISTS (
        SELECT 1 FROM verification v WHERE v.student = s.id
            AND greatest(v.created_at, v.last_scored_at) > statement_timestamp() - make_interval(days => {})
    )
"""
COUNTED_BY_VERIFICATION = 7


class Persons:
    """The rights of the persons assessed; without `access` an operator asks, who may name whomever."""

    def __init__(self, engine: RetakeEngine) -> None:
        self._engine = engine

    async def export(self, access: PlatformAccess | None, student_id: str, *, by: Actor) -> dict[str, Any] | None:
        """Give all that is stored of a person; None when there is none such."""
        found = await in_transaction(self._engine, lambda: self._read(access, student_id))
        if found is None:
            return None
        platform_id = found["student"]["platform"]
        note = partial(record, self._engine, by, Action.PERSON_EXPORTED, subject=student_id, platform_id=platform_id)
        await in_transaction(self._engine, note)
        return found

    async def _read(self, access: PlatformAccess | None, student_id: str) -> dict[str, Any] | None:
        """All kinds as they were at one moment."""
        await fetch(self._engine, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        student = await _student(self._engine, access, student_id, "")
        if student is None:
            return None
        ids = await _verification_ids(self._engine, student_id)
        found: dict[str, Any] = {"recordUserId": student_id, "student": _told(student["row"])}
        for kind, statement in KINDS.items():
            rows = await fetch(self._engine, statement, ids)
            found[kind] = [_told(row["row"]) for row in rows]
        shown = await fetch(self._engine, SHOWN, student_id)
        found["shownQuestions"] = [_told(row["row"]) for row in shown]
        return found

    async def inactive(self, days: int, limit: int) -> list[str]:
        """Name some of those who opened no verification and submitted no attempt for so many days."""
        rows = await fetch(
            self._engine,
            f"""
            SELECT s.id FROM student s WHERE s.created_at < statement_timestamp() - make_interval(days => {{}})
                AND {IS_INACTIVE} ORDER BY s.created_at LIMIT {{}}
            """,  # noqa: S608  # a constant
            days,
            days,
            limit,
        )
        return [row["id"] for row in rows]

    async def erase(
        self, access: PlatformAccess | None, student_id: str, *, by: Actor, inactive_days: int | None = None
    ) -> dict[str, int] | None:
        """Erase a person with all that hangs on it, and count that by kind; None when there is none such.

        With `inactive_days` only one who was not heard of for so long.
        """

        async def work() -> dict[str, int] | None:
            student = await _student(self._engine, access, student_id, "FOR UPDATE")
            if student is None or not await _is_inactive(self._engine, student_id, inactive_days):
                return None
            ids = await _verification_ids(self._engine, student_id)
            await fetch(self._engine, "SELECT 1 FROM verification WHERE id = ANY({}) ORDER BY id FOR UPDATE", ids)
            counted = await fetch_one(self._engine, COUNTS, *[ids] * COUNTED_BY_VERIFICATION, student_id)
            assert counted is not None
            answers = await _forget_answers(self._engine, ids)
            await fetch(self._engine, "SET LOCAL retake.erasing = 'on'")  # which the archive's trigger asks for
            await fetch(self._engine, "DELETE FROM student WHERE id = {}", student_id)
            counts: dict[str, int] = {**counted, "keptAnswers": answers}
            platform_id = student["platform"]
            await record(
                self._engine, by, Action.PERSON_ERASED, subject=student_id, platform_id=platform_id, details=counts
            )
            return counts

        return await in_transaction(self._engine, work)


async def _student(
    engine: RetakeEngine, access: PlatformAccess | None, student_id: str, lock: str
) -> dict[str, Any] | None:
    return await fetch_one(
        engine,
        f"""
        SELECT s.platform, to_jsonb(s) AS row FROM student s WHERE id = {{}}
            AND ({{}}::int IS NULL OR platform = {{}}) AND ({{}}::text IS NULL OR mode = {{}}) {lock}
        """,  # noqa: S608  # one of two constants
        student_id,
        *[access and access.platform_id] * 2,
        *[access and access.mode.value] * 2,
    )


async def _is_inactive(engine: RetakeEngine, student_id: str, days: int | None) -> bool:
    """Whether nobody has come back meanwhile; to be asked under the lock of the student."""
    statement = f"SELECT 1 FROM student s WHERE s.id = {{}} AND {IS_INACTIVE}"  # noqa: S608  # a constant
    return days is None or bool(await fetch(engine, statement, student_id, days))


async def _verification_ids(engine: RetakeEngine, student_id: str) -> list[str]:
    rows = await fetch(engine, "SELECT id FROM verification WHERE student = {}", student_id)
    return [row["id"] for row in rows]


async def _forget_answers(engine: RetakeEngine, verification_ids: list[str]) -> int:
    """Delete the first answers that were kept for these sessions, or tell of their verifications."""
    by_session = """
        DELETE FROM idempotent_request WHERE credential = ANY (
            ARRAY(SELECT digest FROM session WHERE verification = ANY({}))) RETURNING id
        """
    by_verification = "DELETE FROM idempotent_request WHERE verification = ANY({}) RETURNING id"
    gone = await fetch(engine, by_session, verification_ids) + await fetch(engine, by_verification, verification_ids)
    return len(gone)


def _told(text: str) -> dict[str, Any]:
    """A row in the words of the API; what a platform sent stays as it was sent."""
    row: dict[str, Any] = msgspec.json.decode(text)
    return {_camel(name): value if name == "payload" else _renamed(value) for name, value in row.items()}


def _renamed(value: Any) -> Any:
    if isinstance(value, list):
        return [_renamed(entry) for entry in value]
    if isinstance(value, dict):
        return {_camel(name): _renamed(entry) for name, entry in value.items()}
    return value


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)
