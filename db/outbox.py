"""The outbox: notices written with the change that caused them, leased to one process at a time."""

from collections.abc import Mapping, Sequence

from assessment.notices import Channel, Event, Line, Message, Waiting
from db.engine import RetakeEngine
from db.sql import fetch


class PostgresOutbox:
    """assessment.notices.Outbox on PostgreSQL; several server processes share it without delivering twice."""

    def __init__(self, engine: RetakeEngine) -> None:
        self._engine = engine

    async def waiting(self, platform_id: int, most: int) -> Waiting:
        # Each step of the recursion finds the first of the next line through the index, past all that waits in the
        # last one.
        rows = await fetch(
            self._engine,
            """
            WITH RECURSIVE line AS (
                (SELECT receiver_group, due_at FROM outbox_message WHERE state = 'pending' AND platform = {}
                 ORDER BY receiver_group, due_at LIMIT 1)
                UNION ALL
                SELECT next.receiver_group, next.due_at FROM line CROSS JOIN LATERAL (
                    SELECT m.receiver_group, m.due_at FROM outbox_message m WHERE m.state = 'pending'
                        AND m.platform = {} AND m.receiver_group > line.receiver_group
                    ORDER BY m.receiver_group, m.due_at LIMIT 1
                ) next
            )
            SELECT receiver_group, extract(epoch FROM due_at - statement_timestamp())::float8 AS seconds, (
                SELECT count(*) FROM (
                    SELECT 1 FROM outbox_message m WHERE m.state = 'pending' AND m.platform = {}
                        AND m.receiver_group = line.receiver_group AND m.due_at <= statement_timestamp() LIMIT {}
                ) counted
            ) AS due
            FROM line ORDER BY due_at
            """,
            platform_id,
            platform_id,
            platform_id,
            most,
        )
        later = [row["seconds"] for row in rows if row["seconds"] > 0]
        due = {Line(platform_id, row["receiver_group"]): row["due"] for row in rows if row["due"]}
        return Waiting(due, min(later, default=None))

    async def take(self, shares: Mapping[Line, int], lease_seconds: float) -> Sequence[Message]:
        rows = await fetch(
            self._engine,
            """
            WITH first AS (
                SELECT m.id FROM unnest({}::int[], {}::smallint[], {}::int[]) AS s (platform, receiver_group, share)
                CROSS JOIN LATERAL (
                    SELECT id FROM outbox_message WHERE state = 'pending' AND platform = s.platform
                        AND receiver_group = s.receiver_group AND due_at <= statement_timestamp()
                    ORDER BY due_at LIMIT s.share FOR UPDATE SKIP LOCKED
                ) m
            ), leased AS (
                UPDATE outbox_message m SET due_at = statement_timestamp() + make_interval(secs => {})
                FROM first WHERE m.id = first.id
                RETURNING m.id, m.verification, m.platform, m.receiver_group, m.channel, m.event, m.target, m.body,
                    m.tries
            )
            SELECT leased.*, v.api_key, k.webhook_secret FROM leased
            JOIN verification v ON v.id = leased.verification JOIN api_key k ON k.id = v.api_key
            """,
            [line.platform_id for line in shares],
            [line.group for line in shares],
            list(shares.values()),
            lease_seconds,
        )
        return [
            Message(
                message_id=row["id"],
                channel=Channel(row["channel"]),
                event=Event(row["event"]),
                target=row["target"],
                body=row["body"],
                tries=row["tries"],
                line=Line(row["platform"], row["receiver_group"]),
                secret=row["webhook_secret"] if row["channel"] == Channel.WEBHOOK else None,
                ids={
                    "verification_id": row["verification"],
                    "platform_id": row["platform"],
                    "key_id": row["api_key"],
                },
            )
            for row in rows
        ]

    async def delivered(self, message_id: str, status: int | None) -> None:
        await _settle(self._engine, message_id, "delivered", status=status)

    async def undeliverable(self, message_id: str, reason: str, status: int | None) -> None:
        await _settle(self._engine, message_id, "undeliverable", reason, status=status)

    async def try_again(self, message_id: str, after_seconds: float, reason: str, status: int | None) -> None:
        await fetch(
            self._engine,
            """
            UPDATE outbox_message SET tries = tries + 1, outcome = {}, last_status = {},
                due_at = statement_timestamp() + make_interval(secs => {}) WHERE id = {} AND state = 'pending'
            """,
            reason,
            status,
            after_seconds,
            message_id,
        )


async def _settle(
    engine: RetakeEngine, message_id: str, state: str, reason: str | None = None, *, status: int | None
) -> None:
    """Record the end. A webhook can be sent again; of a mail, address and words are of no further use."""
    await fetch(
        engine,
        """
        UPDATE outbox_message SET state = {}, outcome = {}, last_status = {}, tries = tries + 1,
            settled_at = clock_timestamp(),
            target = CASE channel WHEN 'mail' THEN '' ELSE target END,
            body = CASE channel WHEN 'mail' THEN '' ELSE body END
        WHERE id = {} AND state = 'pending'
        """,
        state,
        reason,
        status,
        message_id,
    )
