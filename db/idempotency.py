"""First answers to repeated requests, kept 24 hours and bound to the credential that asked.

An answer may hold a session token, which must not lie in the database in clear: answers are sealed with a key that
is derived from the caller's credential and that only the caller can bring again.

Whoever works on a request holds a lease of its key. Its heartbeat is a counter and not a time, so that a database
whose clock steps back neither frees a key that is in use nor locks one whose holder is dead; and every change names
the lease, so that a holder which lost it changes nothing.
"""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import msgspec
import structlog
from cryptography.fernet import Fernet
from structlog.contextvars import get_contextvars

from assessment.errors import IdempotencyKeyReused
from db.engine import RetakeEngine
from db.sql import fetch, fetch_one

KEPT_HOURS = 24
BEAT_SECONDS = 2.0
SILENCE_SECONDS = 8.0  # after so long without a heartbeat a holder counts as dead

log = structlog.get_logger(__name__)


class StoredAnswer(msgspec.Struct, frozen=True):
    """An answer as it was sent."""

    status: int
    body: bytes


class Underway(msgspec.Struct, frozen=True):
    """The same request is being worked on; as long as its holder lives, `beats` grows."""

    lease_id: UUID | None = None
    beats: int = 0


class Lease(msgspec.Struct, frozen=True):
    """Nobody has answered this request yet; until the lease is lost, the key is ours."""

    credential: bytes
    key: str
    lease_id: UUID


class IdempotencyStore:
    """One row per credential and key."""

    silence_seconds = SILENCE_SECONDS

    def __init__(self, engine: RetakeEngine) -> None:
        self._engine = engine

    async def begin(
        self, credential: bytes, sealing_key: bytes, *, key: str, fingerprint: bytes, silent: Underway | None = None
    ) -> StoredAnswer | Underway | Lease:
        """Take the key, or find what it already stands for. Raises IdempotencyKeyReused for another request.

        A holder that is still exactly as `silent` says counts as dead: the key is taken from it.
        """
        lease_id = uuid4()
        taken = await fetch(
            self._engine,
            """
            INSERT INTO idempotent_request (id, credential, key, fingerprint, lease_id, created_at)
            VALUES (gen_random_uuid(), {}, {}, {}, {}, clock_timestamp())
            ON CONFLICT (credential, key) DO UPDATE SET fingerprint = excluded.fingerprint, status = NULL, body = NULL,
                lease_id = excluded.lease_id, beats = 0, created_at = excluded.created_at
            WHERE idempotent_request.created_at < clock_timestamp() - make_interval(hours => {})
               OR (idempotent_request.status IS NULL AND idempotent_request.fingerprint = excluded.fingerprint
                   AND idempotent_request.lease_id IS NOT DISTINCT FROM {} AND idempotent_request.beats = {})
            RETURNING id
            """,
            credential,
            key,
            fingerprint,
            lease_id,
            KEPT_HOURS,
            silent and silent.lease_id,
            silent and silent.beats,
        )
        if taken:
            return Lease(credential, key, lease_id)
        row = await fetch_one(
            self._engine,
            "SELECT fingerprint, status, body, lease_id, beats FROM idempotent_request"
            " WHERE credential = {} AND key = {}",
            credential,
            key,
        )
        if row is None:
            return Underway()
        if row["fingerprint"] != fingerprint:
            raise IdempotencyKeyReused
        if row["status"] is None:
            return Underway(row["lease_id"], row["beats"])
        return StoredAnswer(row["status"], _seal(sealing_key).decrypt(row["body"]))

    @asynccontextmanager
    async def keep(self, lease: Lease) -> AsyncIterator[None]:
        """Show meanwhile that the holder lives."""
        beating = asyncio.create_task(self._beat_for_ever(lease))
        try:
            yield
        finally:
            beating.cancel()

    async def beat(self, lease: Lease) -> bool:
        """Show once that the holder lives; False when the lease was lost."""
        rows = await fetch(
            self._engine,
            """
            UPDATE idempotent_request SET beats = beats + 1
            WHERE credential = {} AND key = {} AND lease_id = {} AND status IS NULL RETURNING id
            """,
            lease.credential,
            lease.key,
            lease.lease_id,
        )
        return bool(rows)

    async def finish(self, lease: Lease, sealing_key: bytes, answer: StoredAnswer) -> bool:
        """Keep the answer; False when the lease was lost, and somebody else answers, or whom it tells of was erased."""
        verification_id = get_contextvars().get("verification_id")
        rows = await fetch(
            self._engine,
            """
            UPDATE idempotent_request SET status = {}, body = {}, verification = {}
            WHERE credential = {} AND key = {} AND lease_id = {} AND status IS NULL
                AND ({}::text IS NULL OR EXISTS (SELECT 1 FROM verification v WHERE v.id = {} FOR KEY SHARE))
            RETURNING id
            """,
            answer.status,
            _seal(sealing_key).encrypt(answer.body),
            verification_id,
            lease.credential,
            lease.key,
            lease.lease_id,
            *[verification_id] * 2,
        )
        return bool(rows)

    async def forget(self, lease: Lease) -> None:
        """Give the key back, unless the lease was lost: the request came to nothing and may be tried again."""
        await fetch(
            self._engine,
            "DELETE FROM idempotent_request WHERE credential = {} AND key = {} AND lease_id = {} AND status IS NULL",
            lease.credential,
            lease.key,
            lease.lease_id,
        )

    async def _beat_for_ever(self, lease: Lease) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            try:
                if not await self.beat(lease):
                    log.warning("idempotency_lease_lost")
                    return
            except Exception as error:  # noqa: BLE001  # whatever it is, the next beat may succeed
                log.warning("idempotency_lease_not_renewed", reason=type(error).__name__)


def _seal(sealing_key: bytes) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(sealing_key))
