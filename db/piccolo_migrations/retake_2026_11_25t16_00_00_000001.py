"""The tables. What Piccolo cannot say of them, and the queue's own tables, follow in the next two."""

from typing import Any

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import OnDelete, OnUpdate
from piccolo.columns.column_types import (
    JSONB,
    UUID,
    BigInt,
    BigSerial,
    Boolean,
    Bytea,
    DoublePrecision,
    ForeignKey,
    Integer,
    Serial,
    SmallInt,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.columns.defaults.uuid import UUID4
from piccolo.columns.indexes import IndexMethod
from piccolo.table import Table

ID = "2026-11-25T16:00:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "The tables"


class Verification(Table, tablename="verification"):
    id = Varchar(length=64, primary_key=True)


class Platform(Table, tablename="platform"):
    id = Serial(primary_key=True)


class Student(Table, tablename="student"):
    id = Varchar(length=64, primary_key=True)


class ApiKey(Table, tablename="api_key"):
    id = Varchar(length=64, primary_key=True)


PLAIN: dict[str, Any] = {
    "null": False,
    "primary_key": False,
    "unique": False,
    "index": False,
    "index_method": IndexMethod.btree,
    "choices": None,
    "db_column_name": None,
    "secret": False,
}
REFERENCE: dict[str, Any] = {
    "default": None,
    "on_delete": OnDelete.cascade,
    "on_update": OnUpdate.cascade,
    "target_column": None,
}

Columns = tuple[tuple[str, type[Any], dict[str, Any]], ...]

TABLES: dict[tuple[str, str], Columns] = {
    ("VerificationSkill", "verification_skill"): (
        ("id", UUID, {"default": UUID4(), "primary_key": True}),
        ("verification", ForeignKey, {**REFERENCE, "references": Verification}),
        ("position", Integer, {"default": 0}),
        ("skill_id", Text, {"default": ""}),
        ("name", Text, {"default": ""}),
        ("proof_urls", JSONB, {"default": "[]"}),
        ("status", Varchar, {"length": 10, "default": "pending"}),
        ("verified_at", Timestamptz, {"default": None, "null": True}),
        ("created_at", Timestamptz, {"default": TimestamptzNow()}),
    ),
    ("Worker", "worker"): (
        ("id", UUID, {"default": UUID4(), "primary_key": True}),
        ("state", JSONB, {"default": "{}"}),
        ("seen_at", Timestamptz, {"default": TimestamptzNow()}),
    ),
    ("Platform", "platform"): (
        ("id", Serial, {"primary_key": True}),
        ("name", Varchar, {"length": 200, "default": "", "unique": True}),
    ),
    ("Generation", "generation"): (
        ("verification", ForeignKey, {**REFERENCE, "references": Verification, "primary_key": True}),
        ("lease_id", UUID, {"default": UUID4()}),
        ("job", BigInt, {"default": None, "null": True}),
        ("finished_at", Timestamptz, {"default": None, "null": True}),
        ("ending", Varchar, {"length": 10, "default": None, "null": True}),
        ("set_id", UUID, {"default": None, "null": True}),
        ("ended", BigInt, {"default": 0}),
        ("started", Integer, {"default": 0}),
        ("started_since", Timestamptz, {"default": None, "null": True}),
        ("sets", Integer, {"default": 0}),
        ("sets_since", Timestamptz, {"default": None, "null": True}),
    ),
    ("VendorAttempt", "vendor_attempt"): (
        ("id", UUID, {"default": UUID4(), "primary_key": True}),
        ("writing_id", Text, {"default": ""}),
        ("mode", Varchar, {"length": 4, "default": ""}),
        ("vendor", Text, {"default": ""}),
        ("model", Text, {"default": ""}),
        ("started_at", Timestamptz, {"default": TimestamptzNow(), "index": True}),
        ("seconds", DoublePrecision, {"default": 0.0}),
        ("slice_seconds", DoublePrecision, {"default": 0.0}),
        ("round_number", Integer, {"default": 0}),
        ("part", Integer, {"default": 0}),
        ("is_hedge", Boolean, {"default": False}),
        ("outcome", Varchar, {"length": 20, "default": ""}),
        ("response_format", Varchar, {"length": 20, "default": None, "null": True}),
        ("wanted", Integer, {"default": 0}),
        ("accepted", Integer, {"default": 0}),
        ("rejected", JSONB, {"default": "{}"}),
        ("input_tokens", Integer, {"default": 0}),
        ("output_tokens", Integer, {"default": 0}),
        ("is_estimated", Boolean, {"default": False}),
        ("cost", DoublePrecision, {"default": None, "null": True}),
        ("prompt_version", Text, {"default": ""}),
        ("config_hash", Varchar, {"length": 12, "default": ""}),
        ("purpose", Varchar, {"length": 8, "default": "write"}),
    ),
    ("QuestionSet", "question_set"): (
        ("id", UUID, {"default": UUID4(), "primary_key": True}),
        ("verification", ForeignKey, {**REFERENCE, "references": Verification, "index": True}),
        ("state", Varchar, {"length": 10, "default": ""}),
        ("questions", JSONB, {"default": "{}"}),
        ("provenance", JSONB, {"default": "{}"}),
        ("created_at", Timestamptz, {"default": TimestamptzNow()}),
    ),
    ("RateWindow", "rate_window"): (
        ("caller", Bytea, {"default": b"", "primary_key": True}),
        ("started_at", Timestamptz, {"default": TimestamptzNow()}),
        ("calls", Integer, {"default": 1}),
    ),
    ("Student", "student"): (
        ("id", Varchar, {"length": 64, "default": "", "primary_key": True}),
        ("platform", ForeignKey, {**REFERENCE, "references": Platform}),
        ("mode", Varchar, {"length": 4, "default": ""}),
        ("email", Text, {"default": None, "null": True}),
        ("phone_number", Text, {"default": None, "null": True}),
        ("created_at", Timestamptz, {"default": TimestamptzNow()}),
    ),
    ("ReadinessProbe", "readiness_probe"): (
        ("id", Integer, {"default": 0, "primary_key": True}),
        ("written_at", Timestamptz, {"default": TimestamptzNow()}),
        ("padding", Bytea, {"default": b""}),
    ),
    ("Session", "session"): (
        ("digest", Bytea, {"default": b"", "primary_key": True}),
        ("verification", ForeignKey, {**REFERENCE, "references": Verification, "index": True}),
        ("expires_at", Timestamptz, {"default": TimestamptzNow()}),
        ("created_at", Timestamptz, {"default": TimestamptzNow()}),
    ),
    ("Verification", "verification"): (
        ("id", Varchar, {"length": 64, "default": "", "primary_key": True}),
        ("platform", ForeignKey, {**REFERENCE, "references": Platform, "index": True}),
        ("mode", Varchar, {"length": 4, "default": ""}),
        ("student", ForeignKey, {**REFERENCE, "references": Student, "index": True}),
        ("api_key", ForeignKey, {**REFERENCE, "references": ApiKey}),
        ("external_student_id", Text, {"default": ""}),
        ("callback_url", Text, {"default": ""}),
        ("name", Text, {"default": ""}),
        ("email", Text, {"default": None, "null": True}),
        ("phone_number", Text, {"default": None, "null": True}),
        ("skill_ids", JSONB, {"default": "[]"}),
        ("method", Varchar, {"length": 10, "default": None, "null": True}),
        ("is_locked", Boolean, {"default": False}),
        ("attempts", Integer, {"default": 0}),
        ("last_score", SmallInt, {"default": None, "null": True}),
        ("last_passed", Boolean, {"default": None, "null": True}),
        ("revision", BigInt, {"default": 0}),
        ("created_at", Timestamptz, {"default": TimestamptzNow()}),
    ),
    ("VendorLatency", "vendor_latency"): (
        ("vendor", Text, {"default": "", "primary_key": True}),
        ("learned", JSONB, {"default": "{}"}),
        ("saved_at", Timestamptz, {"default": TimestamptzNow()}),
    ),
    ("Attempt", "attempt"): (
        ("id", UUID, {"default": UUID4(), "primary_key": True}),
        ("verification", ForeignKey, {**REFERENCE, "references": Verification}),
        ("number", Integer, {"default": 0}),
        ("score", SmallInt, {"default": 0}),
        ("passed", Boolean, {"default": False}),
        ("correct", Integer, {"default": 0}),
        ("total", Integer, {"default": 0}),
        ("questions", JSONB, {"default": "{}"}),
        ("skills", JSONB, {"default": "{}"}),
        ("provenance", JSONB, {"default": "{}"}),
        ("submitted_at", Timestamptz, {"default": TimestamptzNow()}),
    ),
    ("IdempotentRequest", "idempotent_request"): (
        ("id", UUID, {"default": UUID4(), "primary_key": True}),
        ("credential", Bytea, {"default": b""}),
        ("key", Text, {"default": ""}),
        ("fingerprint", Bytea, {"default": b""}),
        ("leased_until", Timestamptz, {"default": None, "null": True}),
        ("lease_id", UUID, {"default": None, "null": True}),
        ("beats", BigInt, {"default": 0}),
        ("status", SmallInt, {"default": None, "null": True}),
        ("body", Bytea, {"default": None, "null": True}),
        ("created_at", Timestamptz, {"default": TimestamptzNow()}),
    ),
    ("OutboxMessage", "outbox_message"): (
        ("id", Varchar, {"length": 64, "default": "", "primary_key": True}),
        ("verification", ForeignKey, {**REFERENCE, "references": Verification, "index": True}),
        ("platform", Integer, {"default": 0}),
        ("receiver_group", SmallInt, {"default": 0}),
        ("channel", Varchar, {"length": 10, "default": ""}),
        ("event", Varchar, {"length": 40, "default": ""}),
        ("target", Text, {"default": ""}),
        ("body", Text, {"default": ""}),
        ("state", Varchar, {"length": 14, "default": "pending"}),
        ("tries", SmallInt, {"default": 0}),
        ("due_at", Timestamptz, {"default": TimestamptzNow()}),
        ("outcome", Text, {"default": None, "null": True}),
        ("created_at", Timestamptz, {"default": TimestamptzNow()}),
        ("settled_at", Timestamptz, {"default": None, "null": True}),
    ),
    ("SourceItem", "source_item"): (
        ("id", Varchar, {"length": 64, "default": "", "primary_key": True}),
        ("verification", ForeignKey, {**REFERENCE, "references": Verification}),
        ("kind", Varchar, {"length": 12, "default": ""}),
        ("external_id", Text, {"default": ""}),
        ("position", Integer, {"default": 0}),
        ("payload", JSONB, {"default": "{}"}),
        ("attached", Boolean, {"default": False}),
    ),
    ("ShownItem", "shown_item"): (
        ("id", BigSerial, {"primary_key": True}),
        ("student", ForeignKey, {**REFERENCE, "references": Student, "index": True}),
        ("stem", Text, {"default": ""}),
        ("skill_id", Text, {"default": ""}),
        ("signature", Bytea, {"default": b""}),
    ),
    ("ApiKey", "api_key"): (
        ("id", Varchar, {"length": 64, "default": "", "primary_key": True}),
        ("platform", ForeignKey, {**REFERENCE, "references": Platform, "index": True}),
        ("mode", Varchar, {"length": 4, "default": ""}),
        ("name", Varchar, {"length": 200, "default": ""}),
        ("digest", Bytea, {"default": b"", "unique": True}),
        ("webhook_secret", Varchar, {"length": 100, "default": "", "secret": True}),
        ("created_at", Timestamptz, {"default": TimestamptzNow()}),
        ("revoked_at", Timestamptz, {"default": None, "null": True}),
    ),
    ("Skill", "skill"): (
        ("id", Serial, {"primary_key": True}),
        ("platform", ForeignKey, {**REFERENCE, "references": Platform, "null": True}),
        ("skill_id", Text, {"default": ""}),
        ("name", Text, {"default": ""}),
        ("field", Text, {"default": ""}),
    ),
}


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="retake", description=DESCRIPTION)
    for (class_name, tablename), columns in TABLES.items():
        manager.add_table(class_name=class_name, tablename=tablename, schema=None, columns=None)
        for name, kind, params in columns:
            manager.add_column(
                table_class_name=class_name,
                tablename=tablename,
                column_name=name,
                db_column_name=name,
                column_class_name=kind.__name__,
                column_class=kind,
                params={**PLAIN, **params},
                schema=None,
            )
    return manager
