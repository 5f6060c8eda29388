"""How a verification stands, read with one join from any query that has it as `v`."""

from typing import Any

from assessment.models import Method, Mode, SetState, Standing

STANDING_COLUMNS = """
    v.id, v.platform, v.student, v.mode, v.method, v.is_locked, v.attempts, v.last_score, v.last_passed, v.revision,
    q.state AS set_state,
    EXISTS (SELECT 1 FROM source_item i WHERE i.verification = v.id AND i.attached) AS has_sources,
    EXISTS (SELECT 1 FROM verification_skill k WHERE k.verification = v.id) AS has_skills
"""
STANDING_JOIN = "LEFT JOIN question_set q ON q.verification = v.id AND q.state IN ('active', 'submitted')"


def standing_from(row: dict[str, Any]) -> Standing:
    """Read the columns above."""
    return Standing(
        verification_id=row["id"],
        platform_id=row["platform"],
        student_id=row["student"],
        mode=Mode(row["mode"]),
        method=Method(row["method"]) if row["method"] else None,
        is_locked=row["is_locked"],
        attempts=row["attempts"],
        last_score=row["last_score"],
        last_passed=row["last_passed"],
        set_state=SetState(row["set_state"]) if row["set_state"] else None,
        has_sources=row["has_sources"],
        has_skills=row["has_skills"],
        revision=row["revision"],
    )
