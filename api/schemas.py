"""What clients receive. No struct for an unsubmitted question has a field for the right answer."""

from typing import Any, Literal

import msgspec


class Sent(msgspec.Struct, rename="camel"):
    """Base of all answers: camelCase on the wire."""


class VerificationOpened(Sent):
    session_token: str
    record_verification_id: str
    key_id: str
    record_user_id: str
    external_student_id: str
    expires_in: int
    expires_at: str


class StoredSkill(Sent):
    skill_id: str
    proof_urls: list[str]
    total_urls: int


class SkillsStored(Sent):
    record_verification_id: str
    skills: list[StoredSkill]
    total_processed: int


class MethodStored(Sent):
    record_verification_id: str
    verification_method: Literal["human", "assessment"]


class SessionContents(Sent):
    record_verification_id: str
    record_user_id: str
    external_student_id: str
    callback_webhook_url: str
    email: str | None
    phone_number: str | None
    name: str
    projects: list[dict[str, Any]]
    experience: list[dict[str, Any]]
    certificates: list[dict[str, Any]]


class StoredProject(Sent):
    record_project_id: str
    external_project_id: str
    project_name: str


class StoredExperience(Sent):
    record_experience_id: str
    external_experience_id: str
    role: str
    company_name: str


class StoredCertificate(Sent):
    record_certificate_id: str
    external_certificate_id: str
    certificate_name: str


class StoredItems(Sent):
    projects: list[StoredProject]
    experience: list[StoredExperience]
    certificates: list[StoredCertificate]


class ItemsStored(Sent):
    record_verification_id: str
    record_user_id: str
    stored: StoredItems


class ShownQuestion(Sent):
    """A question as the student sees it."""

    question_id: str
    question: str
    options: list[str]


class Generated(Sent):
    record_verification_id: str
    total_questions: int
    questions: list[ShownQuestion]
    already_generated: bool | msgspec.UnsetType = msgspec.UNSET


class RetakeGenerated(Sent):
    record_verification_id: str
    retake_attempt_number: int
    total_questions: int
    questions: list[ShownQuestion]


class Result(Sent):
    score: int
    passed: bool
    attempt_number: int
    correct_answers: int
    total_questions: int
    message: str


class JudgedSkill(Sent):
    skill_id: str
    name: str
    verified: bool
    status: Literal["verified", "rejected"]
    verified_at: str | None
    verified_by: Literal["assessment"]


class WebhookStatus(Sent):
    """`sent`: the event is stored and on its way; it is delivered at least once while the receiver can be reached."""

    sent: bool


class Submitted(Sent):
    record_verification_id: str
    result: Result
    verified_skills: list[JudgedSkill]
    skills_updated: int
    webhook: WebhookStatus


class AssessmentState(Sent):
    record_verification_id: str
    state: Literal["not_started", "ready", "failed", "passed", "locked"]
    is_locked: bool
    attempts: int
    last_score: int | None
    next: list[Literal["generate", "submit", "retakeassessment"]]


class SkillScore(Sent):
    skill_id: str
    name: str
    correct: int
    total: int


class AttemptSummary(Sent):
    attempt_number: int
    score: int
    passed: bool
    correct_answers: int
    total_questions: int
    submitted_at: str
    skills: list[SkillScore]


class AttemptList(Sent):
    attempts: list[AttemptSummary]


class ScoredQuestion(Sent):
    """A question of a submitted attempt: the only place where a right answer is shown."""

    question_id: str
    skill_id: str
    question: str
    options: list[str]
    selected_answer: int
    correct_answer: int
    is_correct: bool
    explanation: str


class AttemptInFull(AttemptSummary):
    questions: list[ScoredQuestion]


class SkillOfStudent(Sent):
    skill_id: str
    skill_name: str
    record_verification_id: str
    verified: bool
    status: Literal["verified", "rejected", "pending"]
    proof_urls: list[str]
    created_at: str


class FoundSkill(Sent):
    skill_id: str
    name: str


class SkillPage(Sent):
    skills: list[FoundSkill]
    page: int
    limit: int
    count: int


class Alive(Sent):
    status: Literal["alive"] = "alive"


class Readiness(Sent):
    """What the service needs and whether it has it; `providers` says for each mode whether a vendor can be used."""

    status: Literal["ready", "not_ready"]
    database: bool
    migrations: bool
    providers: dict[str, bool]
