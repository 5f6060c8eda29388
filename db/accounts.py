"""Platforms, their API keys, and the two look-ups that authenticate a request."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec

from assessment.credentials import (
    SYSTEM,
    Actor,
    PlatformAccess,
    StudentAccess,
    digest,
    is_well_formed,
    new_api_key,
    new_id,
    new_webhook_secret,
    same_digest,
    sealing_key,
)
from assessment.errors import InvalidApiKey, InvalidSession, SessionExpired
from assessment.models import Mode
from db.audit import Action, record
from db.engine import RetakeEngine
from db.lookups import SharedLookups
from db.retry import in_transaction
from db.sql import fetch, run
from db.standing import STANDING_COLUMNS, STANDING_JOIN, standing_from
from db.tables import ApiKey


class NewKey(msgspec.Struct, frozen=True):
    """A key just made: the only time key and webhook secret are seen together in clear."""

    key_id: str
    api_key: str
    webhook_secret: str


class KeyInfo(msgspec.Struct, frozen=True):
    """What may be shown of a key later."""

    key_id: str
    platform: str
    mode: Mode
    name: str
    created_at: datetime
    revoked_at: datetime | None


class Accounts:
    """Credentials: made, listed, revoked, recognised."""

    def __init__(self, engine: RetakeEngine) -> None:
        self._engine = engine
        self._sessions = SharedLookups(partial(_sessions, engine))

    async def create_key(self, mode: Mode, name: str, platform: str, *, by: Actor = SYSTEM) -> NewKey:
        """Make a key for a platform, which is created when it is new."""
        made = NewKey(new_id("key", mode), new_api_key(mode), new_webhook_secret())

        async def work() -> None:
            platform_id = await _platform_id(self._engine, platform)
            await run(
                self._engine,
                ApiKey.insert(
                    ApiKey(
                        id=made.key_id,
                        platform=platform_id,
                        mode=mode.value,
                        name=name,
                        digest=digest(made.api_key),
                        webhook_secret=made.webhook_secret,
                    )
                ),
            )
            details = {"mode": mode, "name": name}
            await record(
                self._engine, by, Action.KEY_CREATED, subject=made.key_id, platform_id=platform_id, details=details
            )

        await in_transaction(self._engine, work)
        return made

    async def list_keys(self) -> Sequence[KeyInfo]:
        """List all keys, oldest first, without anything secret."""
        rows = await run(
            self._engine,
            ApiKey.select(
                ApiKey.id,
                ApiKey.platform.name.as_alias("platform"),
                ApiKey.mode,
                ApiKey.name,
                ApiKey.created_at,
                ApiKey.revoked_at,
            ).order_by(ApiKey.created_at),
        )
        return [
            KeyInfo(
                key_id=row["id"],
                platform=row["platform"],
                mode=Mode(row["mode"]),
                name=row["name"],
                created_at=row["created_at"],
                revoked_at=row["revoked_at"],
            )
            for row in rows
        ]

    async def revoke_key(self, key_id: str, *, by: Actor = SYSTEM) -> bool:
        """Revoke a key, and with it the sessions it opened. False when there is no such key in force."""

        async def work() -> bool:
            rows = await run(
                self._engine,
                ApiKey.update({ApiKey.revoked_at: datetime.now(UTC)})
                .where((ApiKey.id == key_id) & ApiKey.revoked_at.is_null())
                .returning(ApiKey.id, ApiKey.platform),
            )
            if rows:
                platform_id = rows[0]["platform"]
                await record(self._engine, by, Action.KEY_REVOKED, subject=key_id, platform_id=platform_id)
            return bool(rows)

        return await in_transaction(self._engine, work)

    async def platform_access(self, api_key: str) -> PlatformAccess:
        """Recognise an API key. Raises InvalidApiKey."""
        if not is_well_formed(api_key):
            raise InvalidApiKey
        sought = digest(api_key)
        rows = await run(
            self._engine,
            ApiKey.select(ApiKey.id, ApiKey.platform, ApiKey.mode, ApiKey.digest).where(
                (ApiKey.digest == sought) & ApiKey.revoked_at.is_null()
            ),
        )
        row = rows[0] if rows else None
        if row is None or not same_digest(row["digest"], sought):
            raise InvalidApiKey
        return PlatformAccess(
            digest=sought,
            sealing_key=sealing_key(api_key),
            key_id=row["id"],
            platform_id=row["platform"],
            mode=Mode(row["mode"]),
        )

    async def student_access(self, token: str) -> StudentAccess:
        """Recognise a session token, and read how its verification stands, in one query.

        Raises InvalidSession, also when the API key behind the session was revoked, or SessionExpired.
        """
        sought = digest(token)
        row = await self._sessions.find(sought)
        if row is None or not same_digest(row["digest"], sought):
            raise InvalidSession
        if row["expired"]:
            raise SessionExpired
        return StudentAccess(
            digest=sought,
            sealing_key=sealing_key(token),
            key_id=row["key_id"],
            expires_at=row["expires_at"],
            standing=standing_from(row),
        )


async def _platform_id(engine: RetakeEngine, name: str) -> int:
    """Find or make a platform; a change that changes nothing locks the row and gives it either way."""
    (row,) = await fetch(
        engine,
        "INSERT INTO platform (name) VALUES ({}) ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id",
        name,
    )
    platform_id: int = row["id"]
    return platform_id


async def _sessions(engine: RetakeEngine, digests: list[bytes]) -> dict[bytes, dict[str, Any]]:
    rows = await fetch(
        engine,
        f"""
        SELECT s.digest, s.expires_at, s.expires_at <= clock_timestamp() AS expired, k.id AS key_id, {STANDING_COLUMNS}
        FROM session s JOIN verification v ON v.id = s.verification JOIN api_key k ON k.id = v.api_key
        {STANDING_JOIN} WHERE s.digest = ANY({{}}) AND k.revoked_at IS NULL
        """,  # noqa: S608  # only constants of this package are put in; values go as parameters
        digests,
    )
    return {row["digest"]: row for row in rows}
