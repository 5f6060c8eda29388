"""What became of the webhooks of a platform, and sending them again."""

from collections.abc import Sequence
from typing import Any

from assessment.credentials import SYSTEM, Actor, PlatformAccess
from assessment.notices import Delivery, DeliveryFilters, DeliveryPlace, Event
from db.announcements import PlatformNotices
from db.audit import Action, record
from db.engine import RetakeEngine
from db.queue import JobKind, enqueue
from db.retry import in_transaction
from db.sql import fetch

PAGE = 50
MOST_REPLAYS = 10_000  # by one command
COLUMNS = "m.id, m.event, m.verification, m.state, m.tries, m.last_status, m.outcome, m.created_at, m.settled_at"
# a verification's id begins with its mode, and the index with both
OF_PLATFORM = "m.channel = 'webhook' AND m.platform = {} AND left(m.verification, 8) = {}"


class Deliveries:
    """The delivery log."""

    def __init__(self, engine: RetakeEngine) -> None:
        self._engine = engine

    async def page(
        self, access: PlatformAccess, filters: DeliveryFilters, after: DeliveryPlace | None
    ) -> tuple[list[Delivery], DeliveryPlace | None]:
        """Read a page, newest first, and where the next one begins, if there is one."""
        of_verification = "AND m.verification = {}" if filters.verification_id else "AND {}::text IS NULL"
        rows = await fetch(
            self._engine,
            f"""
            SELECT {COLUMNS} FROM outbox_message m WHERE {OF_PLATFORM}
                AND (m.created_at, m.id) < (coalesce({{}}, 'infinity'::timestamptz), {{}}) {of_verification}
                AND ({{}}::text IS NULL OR m.state = {{}}) AND ({{}}::text IS NULL OR m.event = {{}})
            ORDER BY m.created_at DESC, m.id DESC LIMIT {PAGE + 1}
            """,  # noqa: S608  # only constants of this module are put in
            access.platform_id,
            f"ver_{access.mode}",
            after.created_at if after else None,
            after.delivery_id if after else "",
            filters.verification_id,
            *[filters.state] * 2,
            *[filters.event] * 2,
        )
        found = [_delivery(row) for row in rows[:PAGE]]
        is_last = len(rows) <= PAGE
        return found, None if is_last else DeliveryPlace(found[-1].created_at, found[-1].delivery_id)

    async def replay(self, access: PlatformAccess, delivery_id: str, *, by: Actor = SYSTEM) -> Delivery | None:
        """Send one again under the same id; None when the platform has no such delivery in this mode."""

        async def work() -> Delivery | None:
            rows = await fetch(
                self._engine,
                f"""
                UPDATE outbox_message m SET state = 'pending', tries = 0, settled_at = NULL,
                    due_at = statement_timestamp()
                WHERE m.id = {{}} AND {OF_PLATFORM} RETURNING {COLUMNS}
                """,  # noqa: S608  # only constants of this module are put in
                delivery_id,
                access.platform_id,
                f"ver_{access.mode}",
            )
            if rows:
                await enqueue(self._engine, JobKind.DELIVER, PlatformNotices(access.platform_id))
                platform_id = access.platform_id
                await record(self._engine, by, Action.DELIVERY_REPLAYED, subject=delivery_id, platform_id=platform_id)
            return _delivery(rows[0]) if rows else None

        return await in_transaction(self._engine, work)

    async def recent(self, platform: str | None, state: str | None, since_seconds: float) -> list[Delivery]:
        """Read for an operator what was stored in the last seconds, newest first, of one platform or all."""
        rows = await fetch(
            self._engine,
            f"""
            SELECT {COLUMNS} FROM platform p JOIN outbox_message m ON m.platform = p.id AND m.channel = 'webhook'
                AND left(m.verification, 8) IN ('ver_live', 'ver_test')
                AND m.created_at > statement_timestamp() - make_interval(secs => {{}})
            WHERE ({{}}::text IS NULL OR p.name = {{}}) AND ({{}}::text IS NULL OR m.state = {{}})
            ORDER BY m.created_at DESC, m.id DESC LIMIT {MOST_REPLAYS}
            """,  # noqa: S608  # only constants of this module are put in
            since_seconds,
            *[platform] * 2,
            *[state] * 2,
        )
        return [_delivery(row) for row in rows]

    async def replay_many(self, delivery_ids: Sequence[str], per_minute: int, *, by: Actor = SYSTEM) -> int:
        """Send many again, one after the other at that rate, and count those that are there.

        They are due at moments of their own: nothing has to go on running for it, and a restart changes nothing.
        """

        async def work() -> int:
            rows = await fetch(
                self._engine,
                """
                UPDATE outbox_message m SET state = 'pending', tries = 0, settled_at = NULL,
                    due_at = statement_timestamp() + make_interval(secs => (s.place - 1) * 60.0 / {}::int)
                FROM unnest({}::text[]) WITH ORDINALITY AS s (id, place) WHERE m.id = s.id AND m.channel = 'webhook'
                RETURNING m.platform
                """,
                per_minute,
                list(delivery_ids),
            )
            for platform_id in sorted({row["platform"] for row in rows}):
                await enqueue(self._engine, JobKind.DELIVER, PlatformNotices(platform_id))
            if rows:
                details = {"deliveries": len(rows), "perMinute": per_minute}
                await record(self._engine, by, Action.DELIVERY_REPLAYED, subject="bulk", details=details)
            return len(rows)

        return await in_transaction(self._engine, work)


def _delivery(row: dict[str, Any]) -> Delivery:
    return Delivery(
        delivery_id=row["id"],
        event=Event(row["event"]),
        verification_id=row["verification"],
        state=row["state"],
        tries=row["tries"],
        last_status=row["last_status"],
        last_reason=row["outcome"],
        created_at=row["created_at"],
        settled_at=row["settled_at"],
    )
