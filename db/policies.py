"""The platforms' retake policies."""

import msgspec

from assessment.credentials import SYSTEM, Actor
from assessment.models import Policy
from db.audit import Action, record
from db.engine import RetakeEngine
from db.retry import in_transaction
from db.sql import fetch, fetch_one
from db.standing import POLICY_COLUMNS, policy_from


class PlatformPolicy(msgspec.Struct, frozen=True):
    """A platform's policy; `is_set` is false where nobody set one, and the default holds."""

    platform: str
    policy: Policy
    is_set: bool


class Policies:
    """Set, shown, and looked for where students are served."""

    def __init__(self, engine: RetakeEngine) -> None:
        self._engine = engine

    async def all(self) -> list[PlatformPolicy]:
        """List every platform's, by name."""
        rows = await fetch(
            self._engine,
            f"""
            SELECT v.name, {POLICY_COLUMNS}
            FROM platform v LEFT JOIN retake_policy p ON p.platform = v.id ORDER BY v.name
            """,  # noqa: S608  # only constants of this package are put in
        )
        return [PlatformPolicy(row["name"], policy_from(row), row["shown_answers"] is not None) for row in rows]

    async def of(self, platform: str) -> Policy | None:
        """Read one platform's; None when there is no such platform."""
        row = await fetch_one(
            self._engine,
            f"""
            SELECT {POLICY_COLUMNS} FROM platform v LEFT JOIN retake_policy p ON p.platform = v.id WHERE v.name = {{}}
            """,  # noqa: S608  # only constants of this package are put in
            platform,
        )
        return policy_from(row) if row else None

    async def put(self, platform: str, policy: Policy, *, by: Actor = SYSTEM) -> bool:
        """Set one platform's; False when there is no such platform."""

        async def work() -> bool:
            row = await fetch_one(
                self._engine,
                """
                INSERT INTO retake_policy (platform, max_attempts, cool_down_seconds, time_limit_seconds,
                    sets_per_attempt, answers, set_at)
                SELECT id, {}::int, {}::int, {}::int, {}::int, {}, statement_timestamp() FROM platform WHERE name = {}
                ON CONFLICT (platform) DO UPDATE SET max_attempts = excluded.max_attempts,
                    cool_down_seconds = excluded.cool_down_seconds, time_limit_seconds = excluded.time_limit_seconds,
                    sets_per_attempt = excluded.sets_per_attempt, answers = excluded.answers, set_at = excluded.set_at
                RETURNING platform
                """,
                policy.max_attempts,
                policy.cool_down,
                policy.time_limit,
                policy.sets_per_attempt,
                policy.answers.value,
                platform,
            )
            if row is not None:
                details = msgspec.to_builtins(policy)
                await record(
                    self._engine, by, Action.POLICY_SET, subject=platform, platform_id=row["platform"], details=details
                )
            return row is not None

        return await in_transaction(self._engine, work)

    async def live_without(self) -> list[str]:
        """Name the platforms that have a live key in force and no policy."""
        rows = await fetch(
            self._engine,
            """
            SELECT name FROM platform p WHERE NOT EXISTS (SELECT 1 FROM retake_policy r WHERE r.platform = p.id)
            AND EXISTS (SELECT 1 FROM api_key k WHERE k.platform = p.id AND k.mode = 'live' AND k.revoked_at IS NULL)
            ORDER BY name
            """,
        )
        return [row["name"] for row in rows]
