"""The outbox: notices written with the change that caused them, leased to one courier at a time."""

from collections.abc import Sequence

from assessment.notices import Channel, Event, Parcel
from db.sql import fetch


class PostgresOutbox:
    """assessment.notices.Outbox on PostgreSQL; several server processes share it without delivering twice."""

    async def take(self, limit: int, lease_seconds: float) -> Sequence[Parcel]:
        rows = await fetch(
            """
            WITH due AS (
                SELECT id FROM outbox_message WHERE state = 'pending' AND due_at <= clock_timestamp()
                ORDER BY due_at LIMIT {} FOR UPDATE SKIP LOCKED
            ), leased AS (
                UPDATE outbox_message m SET due_at = clock_timestamp() + make_interval(secs => {})
                FROM due WHERE m.id = due.id
                RETURNING m.id, m.verification, m.channel, m.event, m.target, m.body, m.tries
            )
            SELECT leased.*, v.platform, v.api_key, k.webhook_secret FROM leased
            JOIN verification v ON v.id = leased.verification JOIN api_key k ON k.id = v.api_key
            """,
            limit,
            lease_seconds,
        )
        return [
            Parcel(
                message_id=row["id"],
                channel=Channel(row["channel"]),
                event=Event(row["event"]),
                target=row["target"],
                body=row["body"],
                tries=row["tries"],
                secret=row["webhook_secret"] if row["channel"] == Channel.WEBHOOK else None,
                ids={
                    "verification_id": row["verification"],
                    "platform_id": row["platform"],
                    "key_id": row["api_key"],
                },
            )
            for row in rows
        ]

    async def delivered(self, message_id: str) -> None:
        await _settle(message_id, "delivered", None)

    async def undeliverable(self, message_id: str, reason: str) -> None:
        await _settle(message_id, "undeliverable", reason)

    async def try_again(self, message_id: str, after_seconds: float, reason: str) -> None:
        await fetch(
            """
            UPDATE outbox_message SET tries = tries + 1, outcome = {},
                due_at = clock_timestamp() + make_interval(secs => {}) WHERE id = {} AND state = 'pending'
            """,
            reason,
            after_seconds,
            message_id,
        )


async def _settle(message_id: str, state: str, reason: str | None) -> None:
    """Record the end. A webhook can be sent again; of a mail, address and words are of no further use."""
    await fetch(
        """
        UPDATE outbox_message SET state = {}, outcome = {}, tries = tries + 1, settled_at = clock_timestamp(),
            target = CASE channel WHEN 'mail' THEN '' ELSE target END,
            body = CASE channel WHEN 'mail' THEN '' ELSE body END
        WHERE id = {} AND state = 'pending'
        """,
        state,
        reason,
        message_id,
    )
