"""What a platform sends about a student, and what of it may be shown to a question writer."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from assessment.credentials import PlatformAccess
from assessment.models import ClaimedSkills, Method, SkillStatus, SourceItem, SourceKind, Standing

REDACTED = "[removed]"
SHORTEST_REDACTED_NAME = 3
NAME_PART = re.compile(r"\w+")
EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
PHONE = re.compile(r"\+?\d[\d\s()./-]{6,}\d")
_DAY = r"(?:\d{4}[-/.]\d{1,2}(?:[-/.]\d{1,2})?|\d{1,2}[-/.](?:\d{1,2}[-/.])?\d{4}|(?:19|20)\d{2})"
DATES = re.compile(rf"{_DAY}(?:[\s/-]+{_DAY})*(?:\s+\d{{1,2}})?")  # also a span, or with the hour that follows

ID_FIELDS = {
    SourceKind.PROJECT: "projectId",
    SourceKind.EXPERIENCE: "workExperienceId",
    SourceKind.CERTIFICATE: "certificateId",
}
TITLE_FIELDS = {SourceKind.PROJECT: "name", SourceKind.EXPERIENCE: "role", SourceKind.CERTIFICATE: "name"}
FACT_FIELDS = {
    SourceKind.PROJECT: ("description",),
    SourceKind.EXPERIENCE: ("companyName", "description"),
    SourceKind.CERTIFICATE: ("issuer", "description"),
}


class Person(msgspec.Struct, frozen=True):
    """Who the student is; at least one of the two contacts is there."""

    name: str
    email: str | None
    phone_number: str | None


class SentItem(msgspec.Struct, frozen=True):
    """A project, job or certificate exactly as it was sent, fields of the platform's own included."""

    kind: SourceKind
    external_id: str
    payload: dict[str, Any]


class Opening(msgspec.Struct, frozen=True):
    """All that opens a verification."""

    external_student_id: str
    callback_url: str
    person: Person
    items: tuple[SentItem, ...]
    skill_ids: tuple[str, ...] = ()


class NewVerification(msgspec.Struct, frozen=True):
    """A verification about to be stored, with the session that opens it."""

    verification_id: str
    access: PlatformAccess
    opening: Opening
    token_digest: bytes
    expires_at: datetime


class Opened(msgspec.Struct, frozen=True):
    """A verification just opened; the only time its session token is seen in clear."""

    verification_id: str
    student_id: str
    session_token: str
    expires_at: datetime


class ChosenSkill(msgspec.Struct, frozen=True):
    """A skill as a client asks to store it; `name` is needed when the catalogue does not know the id."""

    skill_id: str
    name: str | None
    proof_urls: tuple[str, ...]


class NamedSkill(msgspec.Struct, frozen=True):
    """A chosen skill with the name it has for this verification."""

    skill_id: str
    name: str
    proof_urls: tuple[str, ...]


class ItemRecord(msgspec.Struct, frozen=True):
    """A source item as it is stored; questions may draw on those that are attached."""

    record_id: str
    kind: SourceKind
    external_id: str
    payload_json: str
    is_attached: bool

    @property
    def key(self) -> tuple[SourceKind, str]:
        return self.kind, self.external_id

    @property
    def payload(self) -> dict[str, Any]:
        """The item as it was sent."""
        payload: dict[str, Any] = msgspec.json.decode(self.payload_json)
        return payload


class Evidence(msgspec.Struct, frozen=True):
    """What is to be verified, and from what; `claimed` is what other verifications of the student hold."""

    standing: Standing
    skill_ids: frozenset[str]
    items: tuple[ItemRecord, ...]
    claimed: tuple[ClaimedSkills, ...]

    @property
    def attached(self) -> frozenset[tuple[SourceKind, str]]:
        return frozenset(item.key for item in self.items if item.is_attached)


class EvidenceChange(msgspec.Struct, frozen=True):
    """What is stored anew; None stays as it is.

    `discards_set`: a set that waits for answers no longer asks about what is stored.
    """

    discards_set: bool
    skills: tuple[NamedSkill, ...] | None = None
    method: Method | None = None
    attached: frozenset[tuple[SourceKind, str]] | None = None


class Submission(msgspec.Struct, frozen=True):
    """What `/verify` received, for showing it again."""

    verification_id: str
    student_id: str
    opening: Opening


class SkillRecord(msgspec.Struct, frozen=True):
    """What one verification says about one skill."""

    verification_id: str
    skill_id: str
    name: str
    status: SkillStatus
    proof_urls: tuple[str, ...]
    verified_at: datetime | None
    created_at: datetime
    method: Method | None = None


def source_item(source_id: str, kind: SourceKind, payload: Mapping[str, Any], person: Person) -> SourceItem:
    """Reduce what was sent to what a question writer may see: title and facts, without personal data."""
    facts = tuple(
        (field, redact(payload[field], person))
        for field in FACT_FIELDS[kind]
        if isinstance(payload.get(field), str) and payload[field].strip()
    )
    return SourceItem(source_id, kind, redact(str(payload[TITLE_FIELDS[kind]]), person), facts)


def redact(text: str, person: Person) -> str:
    """Take out the student's name and contacts, and every e-mail address and phone number, whoever's it is."""
    text = unicodedata.normalize("NFC", text)
    for contact in (person.email, person.phone_number):
        text = _without(contact, text) if contact else text
    text = EMAIL.sub(REDACTED, text)  # before the names, which would take an address apart
    for word in _name_words(unicodedata.normalize("NFC", person.name)):
        text = _without(word, text)
    return PHONE.sub(lambda match: match[0] if DATES.fullmatch(match[0]) else REDACTED, text)


def _without(words: str, text: str) -> str:
    return re.sub(rf"(?<!\w){re.escape(words)}(?!\w)", REDACTED, text, flags=re.IGNORECASE)


def _name_words(name: str) -> Sequence[str]:
    """The whole name, and those of its parts that are long enough to be no common syllable."""
    parts = [part for part in NAME_PART.findall(name) if len(part) >= SHORTEST_REDACTED_NAME]
    return [name.strip(), *parts] if name.strip() else parts
