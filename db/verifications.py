"""Verifications on PostgreSQL: opened, with what is to be verified in them."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from assessment.credentials import SYSTEM, Actor, PlatformAccess, new_id
from assessment.evidence import (
    Evidence,
    EvidenceChange,
    ItemRecord,
    NamedSkill,
    NewVerification,
    Opening,
    Person,
    SentItem,
    SkillRecord,
    Submission,
)
from assessment.models import ClaimedSkills, Method, Mode, SkillStatus, SourceKind, Standing
from db.ahead import Preparations
from db.audit import Action, record
from db.concept_maps import ask_for_maps
from db.engine import RetakeEngine
from db.locks import lock_student, lock_verification
from db.retry import TryAgain, in_transaction
from db.sql import fetch, fetch_of_session, fetch_one, run, to_json
from db.standing import STANDING_COLUMNS, STANDING_JOIN, standing_from, with_factor
from db.tables import Session, Verification, VerificationSkill

RECORD_PREFIXES = {SourceKind.PROJECT: "prj", SourceKind.EXPERIENCE: "exp", SourceKind.CERTIFICATE: "crt"}


class Verifications:
    """assessment.ports.VerificationStore on PostgreSQL."""

    def __init__(self, engine: RetakeEngine, preparations: Preparations | None = None) -> None:
        self._engine = engine
        self._preparations = preparations or Preparations()

    async def open(self, new: NewVerification) -> str:
        async def work() -> str:
            student_id = await _student_id(self._engine, new.access, new.opening.person)
            await run(self._engine, Verification.insert(_verification_row(student_id, new)))
            await _insert_items(self._engine, new.verification_id, new.access.mode, new.opening.items)
            session = Session(digest=new.token_digest, verification=new.verification_id, expires_at=new.expires_at)
            await run(self._engine, Session.insert(session))
            return student_id

        return await in_transaction(self._engine, work)

    async def submission(self, verification_id: str) -> Submission:
        """Read what `/verify` received. Raises InvalidSession when it was erased."""
        row = await fetch_of_session(self._engine, "SELECT * FROM verification WHERE id = {}", verification_id)
        items = await fetch(
            self._engine,
            "SELECT kind, external_id, payload FROM source_item WHERE verification = {} ORDER BY position",
            verification_id,
        )
        opening = Opening(
            external_student_id=row["external_student_id"],
            callback_url=row["callback_url"],
            person=Person(row["name"], row["email"], row["phone_number"]),
            items=tuple(
                SentItem(SourceKind(item["kind"]), item["external_id"], msgspec.json.decode(item["payload"]))
                for item in items
            ),
            skill_ids=tuple(msgspec.json.decode(row["skill_ids"])),
        )
        return Submission(verification_id, row["student"], opening)

    async def change(self, verification_id: str, decide: Callable[[Evidence], EvidenceChange | None]) -> Evidence:
        """Lock the student too, so that two verifications of one cannot pass the bundle check side by side."""

        async def work() -> Evidence:
            await lock_student(self._engine, verification_id)
            await lock_verification(self._engine, verification_id)
            evidence = await _evidence(self._engine, verification_id)
            change = decide(evidence)
            if change is not None and await _store(self._engine, verification_id, evidence, change):
                await self._preparations.after_change(self._engine, verification_id)
            return evidence

        return await in_transaction(self._engine, work)

    async def accommodate(
        self, access: PlatformAccess, verification_id: str, factor: float, *, by: Actor = SYSTEM
    ) -> bool:
        """Set by what the time limit is multiplied; the time that runs gets longer and never shorter.

        False when the platform has no such verification in this mode.
        """
        limit = with_factor("q.time_limit_seconds")

        async def work() -> bool:
            found = await fetch(
                self._engine,
                "UPDATE verification SET time_factor = {} WHERE id = {} AND platform = {} AND mode = {} RETURNING id",
                factor,
                verification_id,
                access.platform_id,
                access.mode.value,
            )
            if found:
                await fetch(
                    self._engine,
                    f"""
                    UPDATE question_set q SET ends_at = greatest(q.ends_at,
                        q.started_at + make_interval(secs => {limit} + q.given_back_seconds))
                    FROM verification v WHERE v.id = {{}} AND q.verification = v.id AND q.state = 'active'
                        AND q.ends_at IS NOT NULL
                    """,  # noqa: S608  # only constants of this package are put in
                    verification_id,
                )
                await record(
                    self._engine,
                    by,
                    Action.ACCOMMODATION_SET,
                    subject=verification_id,
                    platform_id=access.platform_id,
                    details={"timeFactor": factor},
                )
            return bool(found)

        return await in_transaction(self._engine, work)

    async def skill_records(self, access: PlatformAccess, student_id: str) -> list[SkillRecord]:
        """List what the platform's verifications of one student say, newest first; empty for a foreign student."""
        rows = await fetch(
            self._engine,
            """
            SELECT k.*, v.method FROM verification_skill k JOIN verification v ON v.id = k.verification
            WHERE v.student = {} AND v.platform = {} AND v.mode = {} ORDER BY k.created_at DESC, k.position
            """,
            student_id,
            access.platform_id,
            access.mode.value,
        )
        return [skill_record(row) for row in rows]


def skill_record(row: dict[str, Any]) -> SkillRecord:
    """Read a row of verification_skill, with the verification's method where it was joined."""
    method = row.get("method")
    return SkillRecord(
        verification_id=row["verification"],
        skill_id=row["skill_id"],
        name=row["name"],
        status=SkillStatus(row["status"]),
        proof_urls=tuple(msgspec.json.decode(row["proof_urls"])),
        verified_at=row["verified_at"],
        created_at=row["created_at"],
        method=Method(method) if method else None,
    )


async def _student_id(engine: RetakeEngine, access: PlatformAccess, person: Person) -> str:
    scope = (access.platform_id, access.mode.value)
    found = await _find_student(engine, scope, person)
    if found is None:
        await fetch(
            engine,
            """
            INSERT INTO student (id, platform, mode, email, phone_number, created_at)
            VALUES ({}, {}, {}, {}, {}, now()) ON CONFLICT DO NOTHING
            """,
            new_id("usr", access.mode),
            *scope,
            person.email,
            person.phone_number,
        )
        found = await _find_student(engine, scope, person)
    if found is None:  # whom we collided with was erased at once
        raise TryAgain
    return found


async def _find_student(engine: RetakeEngine, scope: tuple[int, str], person: Person) -> str | None:
    if person.email:
        matches, value = "lower(email) = lower({})", person.email
    else:
        matches, value = "phone_number = {}", str(person.phone_number)
    row = await fetch_one(
        engine,
        f"""
        SELECT id FROM student WHERE platform = {{}} AND mode = {{}} AND {matches}
        ORDER BY created_at LIMIT 1 FOR KEY SHARE
        """,  # noqa: S608  # one of two constants
        *scope,
        value,
    )
    return row["id"] if row else None


def _verification_row(student_id: str, new: NewVerification) -> Verification:
    person = new.opening.person
    return Verification(
        id=new.verification_id,
        platform=new.access.platform_id,
        mode=new.access.mode.value,
        student=student_id,
        api_key=new.access.key_id,
        external_student_id=new.opening.external_student_id,
        callback_url=new.opening.callback_url,
        name=person.name,
        email=person.email,
        phone_number=person.phone_number,
        skill_ids=to_json(new.opening.skill_ids),
    )


async def _insert_items(engine: RetakeEngine, verification_id: str, mode: Mode, items: Sequence[SentItem]) -> None:
    rows = [
        {
            "id": new_id(RECORD_PREFIXES[item.kind], mode),
            "kind": item.kind,
            "external_id": item.external_id,
            "position": position,
            "payload": item.payload,
        }
        for position, item in enumerate(items)
    ]
    await fetch(
        engine,
        """
        INSERT INTO source_item (id, verification, kind, external_id, position, payload, attached)
        SELECT id, {}, kind, external_id, position, payload, false FROM jsonb_to_recordset({}::jsonb)
            AS s (id text, kind text, external_id text, position int, payload jsonb)
        """,
        verification_id,
        to_json(rows),
    )


async def _evidence(engine: RetakeEngine, verification_id: str) -> Evidence:
    row = await fetch_of_session(
        engine,
        f"SELECT {STANDING_COLUMNS} FROM verification v {STANDING_JOIN} WHERE v.id = {{}}",  # noqa: S608  # only constants of this package are put in
        verification_id,
    )
    standing = standing_from(row)
    skills = await fetch(engine, "SELECT skill_id FROM verification_skill WHERE verification = {}", verification_id)
    items = await fetch(
        engine,
        "SELECT id, kind, external_id, payload, attached FROM source_item WHERE verification = {} ORDER BY position",
        verification_id,
    )
    return Evidence(
        standing=standing,
        skill_ids=frozenset(skill["skill_id"] for skill in skills),
        items=tuple(_item_record(item) for item in items),
        claimed=await _claimed(engine, standing),
    )


async def _store(engine: RetakeEngine, verification_id: str, evidence: Evidence, change: EvidenceChange) -> bool:
    """Store a change, and tell whether questions would now be about something else."""
    is_other = change.discards_set
    if change.skills is not None:
        is_other = is_other or await _differ(engine, verification_id, change.skills)
        await run(engine, VerificationSkill.delete().where(VerificationSkill.verification == verification_id))
        await _insert_skills(engine, verification_id, change.skills)
        standing = evidence.standing
        skill_ids = [skill.skill_id for skill in change.skills]
        await ask_for_maps(engine, standing.platform_id, standing.mode, skill_ids)
    if change.method is not None:
        update = Verification.update({Verification.method: change.method.value})
        await run(engine, update.where(Verification.id == verification_id))
    if change.attached is not None:
        await fetch(
            engine,
            "UPDATE source_item SET attached = (id = ANY({})) WHERE verification = {}",
            [item.record_id for item in evidence.items if item.key in change.attached],
            verification_id,
        )
    if is_other:  # a generation under way notices
        await fetch(engine, "UPDATE verification SET revision = revision + 1 WHERE id = {}", verification_id)
    if change.discards_set:
        await fetch(engine, "DELETE FROM question_set WHERE verification = {} AND state = 'active'", verification_id)
    return is_other


async def _differ(engine: RetakeEngine, verification_id: str, skills: Sequence[NamedSkill]) -> bool:
    """Tell whether other skills are stored, or in another order or under other names."""
    rows = await fetch(
        engine,
        "SELECT skill_id, name FROM verification_skill WHERE verification = {} ORDER BY position",
        verification_id,
    )
    return [(row["skill_id"], row["name"]) for row in rows] != [(skill.skill_id, skill.name) for skill in skills]


async def _insert_skills(engine: RetakeEngine, verification_id: str, skills: Sequence[NamedSkill]) -> None:
    rows = [
        {"position": position, "skill_id": skill.skill_id, "name": skill.name, "proof_urls": skill.proof_urls}
        for position, skill in enumerate(skills)
    ]
    await fetch(
        engine,
        """
        INSERT INTO verification_skill (id, verification, position, skill_id, name, proof_urls, status, created_at)
        SELECT gen_random_uuid(), {}, position, skill_id, name, proof_urls, {}, now() FROM jsonb_to_recordset({}::jsonb)
            AS s (position int, skill_id text, name text, proof_urls jsonb)
        """,
        verification_id,
        SkillStatus.PENDING.value,
        to_json(rows),
    )


async def _claimed(engine: RetakeEngine, standing: Standing) -> tuple[ClaimedSkills, ...]:
    rows = await fetch(
        engine,
        """
        SELECT i.kind, i.external_id, v.method, array_agg(k.skill_id) AS skill_ids,
               coalesce(array_agg(k.skill_id) FILTER (WHERE k.status = 'verified'), ARRAY[]::text[]) AS verified
        FROM verification v JOIN source_item i ON i.verification = v.id AND i.attached
             JOIN verification_skill k ON k.verification = v.id
        WHERE v.student = {} AND v.id <> {} GROUP BY v.id, i.kind, i.external_id
        """,
        standing.student_id,
        standing.verification_id,
    )
    return tuple(
        ClaimedSkills(
            source_key=(SourceKind(row["kind"]), row["external_id"]),
            method=Method(row["method"]) if row["method"] else None,
            skill_ids=frozenset(row["skill_ids"]),
            verified=frozenset(row["verified"]),
        )
        for row in rows
    )


def _item_record(row: dict[str, Any]) -> ItemRecord:
    return ItemRecord(
        record_id=row["id"],
        kind=SourceKind(row["kind"]),
        external_id=row["external_id"],
        payload_json=row["payload"],
        is_attached=row["attached"],
    )
