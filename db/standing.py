"""How a verification stands, read with one join from any query that has it as `v`."""

from datetime import timedelta
from typing import Any

from assessment.models import Method, Mode, Policy, SetState, Shown, Spent, Standing
from assessment.scoring.eligibility import SPENT_SECONDS


def runs(since: str) -> str:
    """Whether counting that began at `since` goes on; not if the database's clock was set back behind it."""
    return f"{since} BETWEEN clock_timestamp() - interval '{SPENT_SECONDS} seconds' AND clock_timestamp()"


def times(count: str, since: str) -> str:
    """How often something was done since counting began."""
    return f"CASE WHEN {runs(since)} THEN {count} ELSE 0 END"


def seconds(since: str) -> str:
    """Until counting begins anew."""
    rest = f"extract(epoch FROM {since} + interval '{SPENT_SECONDS} seconds' - clock_timestamp())"
    return f"CASE WHEN {runs(since)} THEN ceil({rest})::int ELSE 0 END"


SPENT_COLUMNS = f"""
    {times("g.sets", "g.sets_since")} AS sets, {seconds("g.sets_since")} AS sets_seconds,
    {times("g.started", "g.started_since")} AS starts, {seconds("g.started_since")} AS starts_seconds
"""
POLICY_COLUMNS = """
    p.max_attempts, p.cool_down_seconds, p.time_limit_seconds, p.sets_per_attempt, p.answers AS shown_answers
"""
POLICY_JOIN = "LEFT JOIN retake_policy p ON p.platform = v.platform"
# by the database's clock; if that was set back, no longer than the cool-down itself
COOLING = """
    CASE WHEN v.last_passed IS FALSE AND p.cool_down_seconds > 0 THEN greatest(0, least(p.cool_down_seconds,
        ceil(extract(epoch FROM v.last_scored_at - clock_timestamp()) + p.cool_down_seconds)::int)) ELSE 0 END
"""
GRACE_SECONDS = 30  # from the end of the time until nothing is taken any more
IS_OVER = f"coalesce(q.state = 'active' AND clock_timestamp() > q.ends_at + interval '{GRACE_SECONDS} seconds', false)"


def with_factor(seconds: str) -> str:
    """A time limit for a verification, whose factor it is multiplied by."""
    return f"round(({seconds} * v.time_factor)::numeric)::int"


IS_RUNNING = "q.state = 'active' AND q.started_at IS NOT NULL"
LIMIT = f"CASE WHEN {IS_RUNNING} THEN q.time_limit_seconds ELSE p.time_limit_seconds END"
TIMING_COLUMNS = f"""
    v.time_factor, {with_factor(LIMIT)} AS limit_seconds,
    CASE WHEN {IS_RUNNING} THEN q.started_at END AS started_at, CASE WHEN {IS_RUNNING} THEN q.ends_at END AS ends_at,
    {IS_OVER} AS is_over, coalesce(q.timed_out, false) AS timed_out
"""
STANDING_COLUMNS = f"""
    v.id, v.platform, v.student, v.mode, v.method, v.is_locked, v.attempts, v.last_score, v.last_passed, v.revision,
    q.state AS set_state, coalesce(g.ended, 0) AS ended, {SPENT_COLUMNS},
    {POLICY_COLUMNS}, {TIMING_COLUMNS}, {COOLING} AS cooling, v.last_scored_at,
    EXISTS (SELECT 1 FROM source_item i WHERE i.verification = v.id AND i.attached) AS has_sources,
    EXISTS (SELECT 1 FROM verification_skill k WHERE k.verification = v.id) AS has_skills
"""  # noqa: S608  # only constants of this module are put in
STANDING_JOIN = f"""
    {POLICY_JOIN}
    LEFT JOIN question_set q ON q.verification = v.id AND q.state IN ('active', 'submitted')
    LEFT JOIN generation g ON g.verification = v.id
"""


def standing_from(row: dict[str, Any]) -> Standing:
    """Read the columns above."""
    policy = policy_from(row)
    is_cooling = row["cooling"] > 0
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
        ended=row["ended"],
        sets=Spent(row["sets"], row["sets_seconds"]),
        starts=Spent(row["starts"], row["starts_seconds"]),
        policy=policy,
        cooling=row["cooling"],
        retake_allowed_at=row["last_scored_at"] + timedelta(seconds=policy.cool_down) if is_cooling else None,
        time_factor=row["time_factor"],
        time_limit=row["limit_seconds"],
        started_at=row["started_at"],
        ends_at=row["ends_at"],
        is_over=row["is_over"],
        timed_out=row["timed_out"],
    )


def policy_from(row: dict[str, Any]) -> Policy:
    """Read a platform's policy, which is the default where none was set."""
    if row["shown_answers"] is None:
        return Policy()
    return Policy(
        max_attempts=row["max_attempts"],
        cool_down=row["cool_down_seconds"],
        time_limit=row["time_limit_seconds"],
        sets_per_attempt=row["sets_per_attempt"],
        answers=Shown(row["shown_answers"]),
    )


def spent_from(row: dict[str, Any]) -> tuple[Spent, Spent]:
    """Read what was spent, sets first."""
    return Spent(row["sets"], row["sets_seconds"]), Spent(row["starts"], row["starts_seconds"])
