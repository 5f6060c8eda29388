"""The audit log: who did what, when and from where. Every entry holds the digest of the one before it."""

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from assessment.credentials import Actor
from db.engine import RetakeEngine
from db.sql import fetch, fetch_one

LOCK = 7_265_746_102  # any number of our own: an advisory lock has no name
BATCH = 1_000
FIRST = b""


class Action(StrEnum):
    """What is written down."""

    KEY_CREATED = "key_created"
    CONFIGURATION_RELOADED = "configuration_reloaded"
    KEY_REVOKED = "key_revoked"
    POLICY_SET = "policy_set"
    ACCOMMODATION_SET = "accommodation_set"
    DELIVERY_REPLAYED = "delivery_replayed"
    PERSON_EXPORTED = "person_exported"
    PERSON_ERASED = "person_erased"


class AuditEntry(msgspec.Struct, frozen=True):
    """One line of the log; `details` is JSON, and never holds a credential or what is known of a person."""

    id: int
    at: datetime
    actor_kind: str
    actor: str
    source: str
    action: str
    platform: int | None
    subject: str
    details: str
    previous: bytes
    digest: bytes = b""

    @property
    def expected(self) -> bytes:
        """What the digest has to be."""
        told = [getattr(self, name) for name in self.__struct_fields__ if name not in ("digest", "previous")]
        return hashlib.sha256(self.previous + b"\x00" + msgspec.json.encode(told)).digest()


class Verdict(msgspec.Struct, frozen=True):
    """How far the chain holds: `broken_at` is the first entry that does not fit, None where all do.

    `knows_head`: the entry that was the last one earlier is in it.
    """

    entries: int
    broken_at: int | None
    head: bytes
    knows_head: bool = True


async def record(
    engine: RetakeEngine,
    by: Actor,
    action: Action,
    *,
    subject: str,
    platform_id: int | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    """Write an entry in the transaction of what it tells of, as the last thing in it: others wait for its end."""
    await fetch(engine, "SELECT pg_advisory_xact_lock({})", LOCK)
    row = await fetch_one(
        engine,
        """
        SELECT clock_timestamp() AS at, last.id, last.digest
        FROM (SELECT 1) one LEFT JOIN (SELECT id, digest FROM audit_entry ORDER BY id DESC LIMIT 1) last ON true
        """,
    )
    assert row is not None
    entry = AuditEntry(
        id=(row["id"] or 0) + 1,
        at=row["at"],
        actor_kind=by.kind,
        actor=by.name,
        source=by.source,
        action=action.value,
        platform=platform_id,
        subject=subject,
        details=msgspec.json.encode(details or {}, order="deterministic").decode(),
        previous=row["digest"] or FIRST,
    )
    await fetch(
        engine,
        """
        INSERT INTO audit_entry
            (id, at, actor_kind, actor, source, action, platform, subject, details, previous, digest)
        VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})
        """,
        *msgspec.structs.astuple(entry)[:-1],
        entry.expected,
    )


async def newest(engine: RetakeEngine, limit: int) -> list[AuditEntry]:
    """Read the last entries, newest first."""
    rows = await fetch(engine, "SELECT * FROM audit_entry ORDER BY id DESC LIMIT {}", limit)
    return [AuditEntry(**row) for row in rows]


async def verify(engine: RetakeEngine, earlier_head: bytes | None = None) -> Verdict:
    """Read the whole chain, from the first entry on, and recompute it."""
    count, previous, knows_head = 0, FIRST, earlier_head is None
    while True:
        statement = "SELECT * FROM audit_entry WHERE id > {} ORDER BY id LIMIT {}"
        entries = [AuditEntry(**row) for row in await fetch(engine, statement, count, BATCH)]
        for entry in entries:
            if not (entry.id == count + 1 and entry.previous == previous and entry.digest == entry.expected):
                return Verdict(count, count + 1, previous, knows_head)
            count, previous = entry.id, entry.digest
            knows_head |= previous == earlier_head
        if len(entries) < BATCH:
            return Verdict(count, None, previous, knows_head)
