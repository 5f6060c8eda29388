"""Opening a verification and storing what is to be verified: skills, method, source items."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from assessment.bundle import check_bundle
from assessment.credentials import SESSION_LIFETIME, PlatformAccess, digest, new_id, new_session_token
from assessment.errors import Detail, InvalidInput, UnknownItem, VerificationMethodNotSet
from assessment.evidence import (
    AttachedItem,
    ChosenSkill,
    Opened,
    Opening,
    Person,
    SentItem,
    SkillRecord,
    Submission,
)
from assessment.models import ClaimedSkills, Method, Mode, SkillStatus, SourceKind, Standing
from assessment.scoring.eligibility import may_change_evidence
from db.catalogue import names_of
from db.engine import RetakeEngine
from db.locks import lock_student, lock_verification
from db.retry import TryAgain, in_transaction
from db.sql import fetch, fetch_of_session, fetch_one, to_json
from db.standing import STANDING_COLUMNS, STANDING_JOIN, standing_from
from db.tables import Session, Verification, VerificationSkill

NAMED = 10  # unknown items named in one refusal
RECORD_PREFIXES = {SourceKind.PROJECT: "prj", SourceKind.EXPERIENCE: "exp", SourceKind.CERTIFICATE: "crt"}


class Verifications:
    """One method per step of the way to an assessment."""

    def __init__(self, engine: RetakeEngine) -> None:
        self._engine = engine

    async def open(self, access: PlatformAccess, opening: Opening) -> Opened:
        """Store what was sent and open a session of 40 days; the student is found again or created."""
        token = new_session_token(access.mode)
        expires_at = datetime.now(UTC) + SESSION_LIFETIME
        verification_id = new_id("ver", access.mode)

        async def work() -> str:
            student_id = await _student_id(access, opening.person)
            await Verification.insert(_verification_row(verification_id, student_id, access, opening))
            await _insert_items(verification_id, access.mode, opening.items)
            await Session.insert(Session(digest=digest(token), verification=verification_id, expires_at=expires_at))
            return student_id

        student_id = await in_transaction(self._engine, work)
        return Opened(verification_id, student_id, token, expires_at)

    async def submission(self, verification_id: str) -> Submission:
        """Read what `/verify` received. Raises InvalidSession when it was erased."""
        row = await fetch_of_session("SELECT * FROM verification WHERE id = {}", verification_id)
        items = await fetch(
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

    async def store_skills(self, verification_id: str, skills: Sequence[ChosenSkill]) -> None:
        """Replace the skills to verify.

        Raises AssessmentAlreadyPassed, InvalidInput for an unknown skill without a name, MaxSkillsPerSource,
        DuplicateSkillsInBundle.
        """

        async def work() -> None:
            standing = await _locked_with_student(verification_id)
            may_change_evidence(standing)
            names = await _named(standing.platform_id, skills)
            check_bundle(names, await _attached_keys(verification_id), standing.method, await _claimed(standing))
            before = await _skill_ids(verification_id)
            await VerificationSkill.delete().where(VerificationSkill.verification == verification_id)
            await _insert_skills(verification_id, skills, names)
            await _evidence_changed(verification_id, discard=before != set(names))

        await in_transaction(self._engine, work)

    async def store_method(self, verification_id: str, method: Method) -> None:
        """Store how the skills are to be verified; the same again changes nothing.

        Raises AssessmentAlreadyPassed or DuplicateSkillsInBundle.
        """

        async def work() -> None:
            standing = await _locked_with_student(verification_id)
            if standing.method is method:
                return
            may_change_evidence(standing)
            skill_ids, sources = await _skill_ids(verification_id), await _attached_keys(verification_id)
            check_bundle(skill_ids, sources, method, await _claimed(standing))
            await Verification.update({Verification.method: method.value}).where(Verification.id == verification_id)
            await _evidence_changed(verification_id, discard=True)

        await in_transaction(self._engine, work)

    async def attach(self, verification_id: str, chosen: Mapping[tuple[SourceKind, str], str]) -> list[AttachedItem]:
        """Replace the source items that questions may draw on, and give them in the order they were sent.

        `chosen` says of each where the request names it.

        Raises VerificationMethodNotSet, UnknownItem, AssessmentAlreadyPassed, MaxSkillsPerSource,
        DuplicateSkillsInBundle.
        """

        async def work() -> list[dict[str, Any]]:
            standing = await _locked_with_student(verification_id)
            if standing.method is None:
                raise VerificationMethodNotSet
            rows = await _source_items(verification_id)
            _require_known(chosen, rows)
            may_change_evidence(standing)
            skill_ids = await _skill_ids(verification_id)
            check_bundle(skill_ids, chosen, standing.method, await _claimed(standing))
            attached = [row for row in rows if _source_key(row) in chosen]
            await fetch(
                "UPDATE source_item SET attached = (id = ANY({})) WHERE verification = {}",
                [row["id"] for row in attached],
                verification_id,
            )
            before = {row["id"] for row in rows if row["attached"]}
            await _evidence_changed(verification_id, discard=before != {row["id"] for row in attached})
            return attached

        return [_attached_item(row) for row in await in_transaction(self._engine, work)]

    async def skill_records(self, access: PlatformAccess, student_id: str) -> list[SkillRecord]:
        """List what the platform's verifications of one student say, newest first; empty for a foreign student."""
        rows = await fetch(
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


async def _student_id(access: PlatformAccess, person: Person) -> str:
    scope = (access.platform_id, access.mode.value)
    found = await _find_student(scope, person)
    if found is None:
        await fetch(
            """
            INSERT INTO student (id, platform, mode, email, phone_number, created_at)
            VALUES ({}, {}, {}, {}, {}, now()) ON CONFLICT DO NOTHING
            """,
            new_id("usr", access.mode),
            *scope,
            person.email,
            person.phone_number,
        )
        found = await _find_student(scope, person)
    if found is None:  # whom we collided with was erased at once
        raise TryAgain
    return found


async def _find_student(scope: tuple[int, str], person: Person) -> str | None:
    if person.email:
        matches, value = "lower(email) = lower({})", person.email
    else:
        matches, value = "phone_number = {}", str(person.phone_number)
    row = await fetch_one(
        f"""
        SELECT id FROM student WHERE platform = {{}} AND mode = {{}} AND {matches}
        ORDER BY created_at LIMIT 1 FOR KEY SHARE
        """,  # noqa: S608  # one of two constants
        *scope,
        value,
    )
    return row["id"] if row else None


def _verification_row(verification_id: str, student_id: str, access: PlatformAccess, opening: Opening) -> Verification:
    return Verification(
        id=verification_id,
        platform=access.platform_id,
        mode=access.mode.value,
        student=student_id,
        api_key=access.key_id,
        external_student_id=opening.external_student_id,
        callback_url=opening.callback_url,
        name=opening.person.name,
        email=opening.person.email,
        phone_number=opening.person.phone_number,
        skill_ids=to_json(opening.skill_ids),
    )


async def _insert_items(verification_id: str, mode: Mode, items: Sequence[SentItem]) -> None:
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
        """
        INSERT INTO source_item (id, verification, kind, external_id, position, payload, attached)
        SELECT id, {}, kind, external_id, position, payload, false FROM jsonb_to_recordset({}::jsonb)
            AS s (id text, kind text, external_id text, position int, payload jsonb)
        """,
        verification_id,
        to_json(rows),
    )


async def _insert_skills(verification_id: str, skills: Sequence[ChosenSkill], names: dict[str, str]) -> None:
    rows = [
        {
            "position": position,
            "skill_id": skill.skill_id,
            "name": names[skill.skill_id],
            "proof_urls": skill.proof_urls,
        }
        for position, skill in enumerate(skills)
    ]
    await fetch(
        """
        INSERT INTO verification_skill (id, verification, position, skill_id, name, proof_urls, status, created_at)
        SELECT gen_random_uuid(), {}, position, skill_id, name, proof_urls, {}, now() FROM jsonb_to_recordset({}::jsonb)
            AS s (position int, skill_id text, name text, proof_urls jsonb)
        """,
        verification_id,
        SkillStatus.PENDING.value,
        to_json(rows),
    )


async def _named(platform_id: int, skills: Sequence[ChosenSkill]) -> dict[str, str]:
    names = await names_of(platform_id, [skill.skill_id for skill in skills])
    for position, skill in enumerate(skills):
        if skill.skill_id not in names:
            if skill.name is None:
                reason = "is needed, since the catalogue does not know this skillId"
                raise InvalidInput(Detail(f"skills[{position}].name", reason))
            names[skill.skill_id] = skill.name
    return names


async def _locked_with_student(verification_id: str) -> Standing:
    """Lock the student too, so that two verifications of one student cannot pass the bundle check side by side."""
    await lock_student(verification_id)
    await lock_verification(verification_id)
    row = await fetch_of_session(
        f"SELECT {STANDING_COLUMNS} FROM verification v {STANDING_JOIN} WHERE v.id = {{}}",  # noqa: S608  # only constants of this package are put in
        verification_id,
    )
    return standing_from(row)


async def _source_items(verification_id: str) -> list[dict[str, Any]]:
    return await fetch(
        "SELECT id, kind, external_id, payload, attached FROM source_item WHERE verification = {} ORDER BY position",
        verification_id,
    )


def _require_known(chosen: Mapping[tuple[SourceKind, str], str], rows: Sequence[dict[str, Any]]) -> None:
    known = {_source_key(row) for row in rows}
    unknown = [place for item, place in chosen.items() if item not in known]
    if unknown:
        # some are enough: a body has room for thousands
        raise UnknownItem(*(Detail(place, "was not sent to /verify") for place in unknown[:NAMED]))


async def _attached_keys(verification_id: str) -> set[tuple[SourceKind, str]]:
    return {_source_key(row) for row in await _source_items(verification_id) if row["attached"]}


async def _skill_ids(verification_id: str) -> set[str]:
    rows = await fetch("SELECT skill_id FROM verification_skill WHERE verification = {}", verification_id)
    return {row["skill_id"] for row in rows}


async def _claimed(standing: Standing) -> list[ClaimedSkills]:
    rows = await fetch(
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
    return [
        ClaimedSkills(
            source_key=_source_key(row),
            method=Method(row["method"]) if row["method"] else None,
            skill_ids=frozenset(row["skill_ids"]),
            verified=frozenset(row["verified"]),
        )
        for row in rows
    ]


async def _evidence_changed(verification_id: str, *, discard: bool) -> None:
    """Make a generation under way notice; a set that waits for answers no longer asks about what is stored."""
    await fetch("UPDATE verification SET revision = revision + 1 WHERE id = {}", verification_id)
    if discard:
        await fetch("DELETE FROM question_set WHERE verification = {} AND state = 'active'", verification_id)


def _source_key(row: dict[str, Any]) -> tuple[SourceKind, str]:
    return SourceKind(row["kind"]), row["external_id"]


def _attached_item(row: dict[str, Any]) -> AttachedItem:
    return AttachedItem(row["id"], SourceKind(row["kind"]), row["external_id"], msgspec.json.decode(row["payload"]))
