"""What clients receive. No struct for an unsubmitted question has a field for the right answer."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Count = Annotated[int, Meta(ge=0)]
Percent = Annotated[int, Meta(ge=0, le=100)]
Ordinal = Annotated[int, Meta(ge=1)]
Index = Annotated[int, Meta(ge=0, le=3, description="Index into `options`.")]
FourTexts = Annotated[list[str], Meta(min_length=4, max_length=4)]
Moment = Annotated[
    str,
    Meta(
        pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$",
        extra_json_schema={"format": "date-time"},
    ),
]


def _id(prefix: str) -> Meta:
    """How an id of ours looks (assessment.credentials.new_id)."""
    return Meta(pattern=f"^{prefix}[0-9a-f]{{24}}$")


MODES = "(live|test)_"
VerificationId = Annotated[str, _id(f"ver_{MODES}")]
UserId = Annotated[str, _id(f"usr_{MODES}")]
KeyId = Annotated[str, _id(f"key_{MODES}")]
ProjectId = Annotated[str, _id(f"prj_{MODES}")]
ExperienceId = Annotated[str, _id(f"exp_{MODES}")]
CertificateId = Annotated[str, _id(f"crt_{MODES}")]
DeliveryId = Annotated[str, _id("msg_")]
QuestionId = Annotated[str, _id("q_")]
Token = Annotated[str, Meta(pattern=f"^st_{MODES}[A-Za-z0-9_-]{{43}}$")]


class Sent(msgspec.Struct, rename="camel"):
    """Base of all answers: camelCase on the wire."""


class VerificationOpened(Sent):
    session_token: Token
    record_verification_id: VerificationId
    key_id: KeyId
    record_user_id: UserId
    external_student_id: str
    expires_in: int
    expires_at: Moment


class StoredSkill(Sent):
    skill_id: str
    proof_urls: list[str]
    total_urls: Count


class SkillsStored(Sent):
    record_verification_id: VerificationId
    skills: list[StoredSkill]
    total_processed: Count


class MethodStored(Sent):
    record_verification_id: VerificationId
    verification_method: Literal["human", "assessment"]


class SessionContents(Sent):
    record_verification_id: VerificationId
    record_user_id: UserId
    external_student_id: str
    callback_webhook_url: str
    email: str | None
    phone_number: str | None
    name: str
    projects: list[dict[str, Any]]
    experience: list[dict[str, Any]]
    certificates: list[dict[str, Any]]


class StoredProject(Sent):
    record_project_id: ProjectId
    external_project_id: str
    project_name: str


class StoredExperience(Sent):
    record_experience_id: ExperienceId
    external_experience_id: str
    role: str
    company_name: str


class StoredCertificate(Sent):
    record_certificate_id: CertificateId
    external_certificate_id: str
    certificate_name: str


class StoredItems(Sent):
    projects: list[StoredProject]
    experience: list[StoredExperience]
    certificates: list[StoredCertificate]


class ItemsStored(Sent):
    record_verification_id: VerificationId
    record_user_id: UserId
    stored: StoredItems


class ShownQuestion(Sent):
    """A question as the student sees it."""

    question_id: QuestionId
    question: str
    options: FourTexts


class Generated(Sent):
    record_verification_id: VerificationId
    total_questions: Ordinal
    questions: list[ShownQuestion]
    already_generated: bool | msgspec.UnsetType = msgspec.UNSET


class RetakeGenerated(Sent):
    record_verification_id: VerificationId
    retake_attempt_number: Ordinal
    total_questions: Ordinal
    questions: list[ShownQuestion]


class KeptAnswer(Sent):
    question_id: QuestionId
    selected_answer: Index


class CurrentSet(Sent):
    record_verification_id: VerificationId
    total_questions: Ordinal
    questions: list[ShownQuestion]
    answers: list[KeptAnswer]
    started_at: Moment
    ends_at: Moment | None


class AnswersSaved(Sent):
    """How many questions of the set have an answer now."""

    saved: Count
    total: Ordinal


class Accommodated(Sent):
    record_verification_id: VerificationId
    time_factor: Annotated[float, Meta(ge=1, le=4)]


class Result(Sent):
    score: Percent
    passed: bool
    attempt_number: Ordinal
    correct_answers: Count
    total_questions: Ordinal
    message: str


class JudgedSkill(Sent):
    skill_id: str
    name: str
    verified: bool
    status: Literal["verified", "rejected"]
    verified_at: Moment | None
    verified_by: Literal["assessment"]


class WebhookStatus(Sent):
    """`sent`: the event is stored and on its way; it is delivered at least once while the receiver can be reached."""

    sent: bool


class Submitted(Sent):
    record_verification_id: VerificationId
    result: Result
    verified_skills: list[JudgedSkill]
    skills_updated: Count
    webhook: WebhookStatus


class Writers(Sent):
    """Who wrote a set: models of vendors, or the bank of questions that ships with the service."""

    kind: Literal["ai", "bank"]
    models: list[str]
    prompt_version: str


class AssessmentState(Sent):
    record_verification_id: VerificationId
    state: Literal["not_started", "ready", "failed", "passed", "locked"]
    is_locked: bool
    attempts: Count
    last_score: Percent | None
    next: list[Literal["generate", "submit", "retakeassessment"]]
    attempts_left: Count | None
    retake_allowed_at: Moment | None
    sets_left: Annotated[int, Meta(ge=0, description="How many sets may still be written before the next submit.")]
    time_limit_seconds: Ordinal | None
    started_at: Moment | None
    ends_at: Moment | None
    questions_written_by: Writers | None


class SkillScore(Sent):
    skill_id: str
    name: str
    correct: Count
    total: Count


class ConceptScore(Sent):
    skill_id: str
    concept: str
    correct: Count
    total: Count


class AttemptSummary(Sent):
    attempt_number: Ordinal
    score: Percent
    passed: bool
    correct_answers: Count
    total_questions: Ordinal
    submitted_at: Moment
    timed_out: bool
    skills: list[SkillScore]
    concepts: Annotated[list[ConceptScore], Meta(description="Results by what was tested, where it is known.")]


class AttemptList(Sent):
    attempts: list[AttemptSummary]


class ScoredQuestion(Sent):
    """A question of a submitted attempt: the only place where a right answer is shown.

    `correctAnswer` and `explanation` are left out where the policy withholds them.
    """

    question_id: QuestionId
    skill_id: str
    concept: Annotated[str | None, Meta(description="What it tests, in at most 8 words; null where it is not known.")]
    question: str
    options: FourTexts
    selected_answer: Index | None
    is_correct: bool
    correct_answer: Index | msgspec.UnsetType = msgspec.UNSET
    explanation: str | msgspec.UnsetType = msgspec.UNSET


class AttemptInFull(AttemptSummary):
    answers_shown: Literal["full", "score", "none"]
    questions: list[ScoredQuestion]


class SkillOfStudent(Sent):
    skill_id: str
    skill_name: str
    record_verification_id: VerificationId
    verified: bool
    status: Literal["verified", "rejected", "pending"]
    proof_urls: list[str]
    created_at: Moment


class Delivery(Sent):
    """A webhook: `lastStatus` and `lastReason` are of the last try, which may have had no status."""

    delivery_id: DeliveryId
    event: Literal["verification.initiated", "verification.completed"]
    record_verification_id: VerificationId
    state: Literal["pending", "delivered", "undeliverable"]
    tries: Count
    last_status: int | None
    last_reason: str | None
    created_at: Moment
    settled_at: Moment | None


class DeliveryPage(Sent):
    deliveries: list[Delivery]
    next_cursor: str | None


class PersonExport(Sent):
    """All that is stored of a person, as it is stored; questions nobody has answered yet without what is right."""

    record_user_id: UserId
    student: dict[str, Any]
    verifications: list[dict[str, Any]]
    sessions: list[dict[str, Any]]
    items: list[dict[str, Any]]
    skills: list[dict[str, Any]]
    question_sets: list[dict[str, Any]]
    attempts: list[dict[str, Any]]
    notices: list[dict[str, Any]]
    shown_questions: list[dict[str, Any]]


class PersonErased(Sent):
    """How much of each kind is gone."""

    record_user_id: UserId
    erased: dict[str, Count]


class FoundSkill(Sent):
    skill_id: str
    name: str


class NamedSkill(Sent):
    skill_id: str
    name: str


class SkillPage(Sent):
    skills: list[FoundSkill]
    page: Ordinal
    limit: int
    count: Count


class Links(Sent):
    """Paths on this server."""

    docs: str
    openapi: str
    health: str


class About(Sent):
    """What answers here, and where things are."""

    name: str
    version: str
    links: Links


class Alive(Sent):
    status: Literal["alive"] = "alive"


EventName = Literal["progress", "ready", "failed", "idle"]


class ProgressEvent(Sent):
    """One event of the stream; `data` is a JSON object as text, `retry` after how many milliseconds to come back."""

    event: EventName
    data: str
    retry: int


class VendorState(Sent):
    """How a vendor of the live chain stands with the worker heard of last; `reason` is the outcome of its last failure.

    `closed`: it is asked. `resting`: it asked for a pause. `open`: it rests after failures. `half_open`: the next
    request probes it. `stuck`: too many of its calls go on although they were cancelled, and it is not asked until
    they end. `out`: it refused the key of every call for minutes, or does not know the model; it is probed once a
    minute.
    """

    name: str
    state: Literal["closed", "open", "half_open", "resting", "stuck", "out"]
    reason: str | None


class Readiness(Sent):
    """What the service needs and whether it has it; `providers` says for each mode whether a vendor can be used.

    `vendors` are those of the live chain, in order of preference; when all of them are out the service is not ready.
    `spend` is there where a limit per day is configured: with `limit_reached` no live set is written until midnight
    (UTC), and all the rest goes on.
    """

    status: Literal["ready", "not_ready"]
    database: bool
    migrations: bool
    providers: dict[str, bool]
    vendors: list[VendorState]
    spend: Literal["within_limit", "limit_reached"] | msgspec.UnsetType = msgspec.UNSET
