"""First answers to repeated requests, kept 24 hours and bound to the credential that asked.

An answer may hold a session token, which must not lie in the database in clear: answers are sealed with a key that
is derived from the caller's credential and that only the caller can bring again.
"""

import base64

import msgspec
from cryptography.fernet import Fernet

from assessment.errors import IdempotencyKeyReused
from db.sql import fetch, fetch_one

KEPT_HOURS = 24
LEASE_SECONDS = 120.0  # longer than any request may take, so that a crashed one frees its key and a slow one does not


class StoredAnswer(msgspec.Struct, frozen=True):
    """An answer as it was sent."""

    status: int
    body: bytes


class Underway(msgspec.Struct, frozen=True):
    """The same request is being worked on at this moment."""


class Fresh(msgspec.Struct, frozen=True):
    """Nobody has answered this request yet; the key is now ours."""


class IdempotencyStore:
    """One row per credential and key."""

    async def begin(
        self, credential: bytes, sealing_key: bytes, key: str, fingerprint: bytes
    ) -> StoredAnswer | Underway | Fresh:
        """Take the key, or find what it already stands for. Raises IdempotencyKeyReused for another request."""
        taken = await fetch(
            """
            INSERT INTO idempotent_request (id, credential, key, fingerprint, leased_until, created_at)
            VALUES (gen_random_uuid(), {}, {}, {}, clock_timestamp() + make_interval(secs => {}), clock_timestamp())
            ON CONFLICT (credential, key) DO UPDATE SET fingerprint = excluded.fingerprint, status = NULL, body = NULL,
                leased_until = excluded.leased_until, created_at = excluded.created_at
            WHERE idempotent_request.created_at < clock_timestamp() - make_interval(hours => {})
               OR (idempotent_request.status IS NULL AND idempotent_request.leased_until < clock_timestamp()
                   AND idempotent_request.fingerprint = excluded.fingerprint)
            RETURNING id
            """,
            credential,
            key,
            fingerprint,
            LEASE_SECONDS,
            KEPT_HOURS,
        )
        if taken:
            return Fresh()
        row = await fetch_one(
            "SELECT fingerprint, status, body FROM idempotent_request WHERE credential = {} AND key = {}",
            credential,
            key,
        )
        if row is None or (row["fingerprint"] == fingerprint and row["status"] is None):
            return Underway()
        if row["fingerprint"] != fingerprint:
            raise IdempotencyKeyReused
        return StoredAnswer(row["status"], _seal(sealing_key).decrypt(row["body"]))

    async def finish(self, credential: bytes, sealing_key: bytes, key: str, answer: StoredAnswer) -> None:
        """Keep the answer."""
        await fetch(
            "UPDATE idempotent_request SET status = {}, body = {} WHERE credential = {} AND key = {}",
            answer.status,
            _seal(sealing_key).encrypt(answer.body),
            credential,
            key,
        )

    async def forget(self, credential: bytes, key: str) -> None:
        """Give the key back: the request came to nothing and may be tried again."""
        await fetch("DELETE FROM idempotent_request WHERE credential = {} AND key = {}", credential, key)

    async def sweep(self) -> None:
        """Delete what is older than a day."""
        await fetch(
            "DELETE FROM idempotent_request WHERE created_at < clock_timestamp() - make_interval(hours => {})",
            KEPT_HOURS,
        )


def _seal(sealing_key: bytes) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(sealing_key))
