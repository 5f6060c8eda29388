"""Writes notices into the outbox, within the transaction of the change they tell of."""

import hashlib
from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec

from assessment.credentials import new_id
from assessment.models import Mode
from assessment.notices import Addressee, Channel, Event, Notice
from db.engine import RetakeEngine
from db.queue import JobKind, enqueue
from db.sql import fetch, fetch_of_session, to_json

MAIL_GROUP = 256  # webhooks have 0 to 255


class PlatformNotices(msgspec.Struct, frozen=True):
    """What a job delivers: whatever is due of one platform."""

    platform_id: int


class Recipient(msgspec.Struct, frozen=True):
    """Whom the notices of a verification concern and where its webhooks go; with what has to be known to change it."""

    addressee: Addressee
    platform_id: int
    callback_url: str
    attempts: int
    revision: int


async def lock_recipient(engine: RetakeEngine, verification_id: str) -> Recipient:
    """Lock a verification until the transaction ends, as lock_verification does, and read its recipient.

    Raises InvalidSession when it was erased.
    """
    row = await fetch_of_session(
        engine,
        """
        SELECT id, platform, student, external_student_id, mode, name, email, callback_url, attempts, revision
        FROM verification WHERE id = {} FOR NO KEY UPDATE
        """,
        verification_id,
    )
    addressee = Addressee(
        verification_id=row["id"],
        student_id=row["student"],
        external_student_id=row["external_student_id"],
        mode=Mode(row["mode"]),
        name=row["name"],
        email=row["email"],
    )
    return Recipient(
        addressee=addressee,
        platform_id=row["platform"],
        callback_url=row["callback_url"],
        attempts=row["attempts"],
        revision=row["revision"],
    )


async def announce(engine: RetakeEngine, recipient: Recipient, notices: Sequence[Notice]) -> None:
    """Store notices to be delivered; test mode sends no mail."""
    rows = [
        {
            "id": new_id("msg"),
            "verification": recipient.addressee.verification_id,
            "channel": notice.channel,
            "event": notice.event,
            "platform": recipient.platform_id,
            "receiver_group": receiver_group(notice.channel, target),
            "target": target,
            "body": notice.body,
        }
        for notice in notices
        if (target := target_of(recipient, notice))
    ]
    if not rows:
        return
    await fetch(
        engine,
        """
        INSERT INTO outbox_message (id, verification, platform, receiver_group, channel, event, target, body)
        SELECT id, verification, platform, receiver_group, channel, event, target, body
        FROM jsonb_to_recordset({}::jsonb) AS m (id text, verification text, platform int,
            receiver_group smallint, channel text, event text, target text, body text)
        """,
        to_json(rows),
    )
    await enqueue(engine, JobKind.DELIVER, PlatformNotices(recipient.platform_id))


async def was_announced(engine: RetakeEngine, verification_id: str, event: Event) -> bool:
    """Tell whether a verification's platform was told of an event before."""
    statement = "SELECT 1 FROM outbox_message WHERE verification = {} AND event = {} LIMIT 1"
    return bool(await fetch(engine, statement, verification_id, event.value))


def receiver_group(channel: Channel, target: str) -> int:
    """Number the receiver, whose notices wait in one line.

    All hosts fall into 256 groups: however many hosts a platform names, the outbox has few lines to look at.
    """
    if channel is Channel.MAIL:
        return MAIL_GROUP
    host = urlsplit(target).hostname or ""
    return hashlib.blake2b(host.encode(), digest_size=1).digest()[0]


def target_of(recipient: Recipient, notice: Notice) -> str | None:
    """Say where a notice goes; None when it is not to be sent."""
    if notice.channel is Channel.WEBHOOK:
        return recipient.callback_url
    return recipient.addressee.email if recipient.addressee.mode is Mode.LIVE else None
