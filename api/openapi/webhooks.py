"""The two events a platform receives, as the webhooks section of OpenAPI 3.1; assessment/notices.py writes them."""

from typing import Literal

from api.openapi.examples import STUDENT, VERIFICATION, Json
from api.openapi.page import JSON
from api.openapi.schemas import schema_of
from api.schemas import Count, Moment, Ordinal, Percent, Sent, UserId, VerificationId

SIGNED = (
    "Signed as the Standard Webhooks specification says, with the `whsec_…` secret of the API key. Answer with any 2xx "
    "within 10 seconds; otherwise it is sent again, at most three times, with the same `webhook-id`."
)


class SkillOfEvent(Sent):
    skill_id: str
    name: str


class JudgedSkillOfEvent(Sent):
    skill_id: str
    name: str
    verified: bool
    status: Literal["verified", "rejected"]


class ResultOfEvent(Sent):
    score: Percent
    passed: bool
    attempt_number: Ordinal
    correct_answers: Count
    total_questions: Ordinal


class ConceptOfEvent(Sent):
    skill_id: str
    concept: str


class Subject(Sent):
    record_verification_id: VerificationId
    record_user_id: UserId
    external_student_id: str
    mode: Literal["live", "test"]


class InitiatedData(Subject):
    total_questions: Ordinal
    skills: list[SkillOfEvent]


class CompletedData(Subject):
    result: ResultOfEvent
    skills: list[JudgedSkillOfEvent]
    concepts_to_work_on: list[ConceptOfEvent]


class InitiatedEvent(Sent):
    """A first question set waits for its student."""

    type: Literal["verification.initiated"]
    timestamp: Moment
    data: InitiatedData


class CompletedEvent(Sent):
    """An attempt was scored; it holds no question and no right answer."""

    type: Literal["verification.completed"]
    timestamp: Moment
    data: CompletedData


SUBJECT = {
    "recordVerificationId": VERIFICATION,
    "recordUserId": STUDENT,
    "externalStudentId": "stu-1187",
    "mode": "test",
}
INITIATED: Json = {
    "type": "verification.initiated",
    "timestamp": "2026-11-22T09:31:12.004Z",
    "data": {**SUBJECT, "totalQuestions": 10, "skills": [{"skillId": "sql", "name": "SQL"}]},
}
COMPLETED: Json = {
    "type": "verification.completed",
    "timestamp": "2026-11-22T09:41:07.512Z",
    "data": {
        **SUBJECT,
        "result": {"score": 40, "passed": False, "attemptNumber": 1, "correctAnswers": 4, "totalQuestions": 10},
        "skills": [{"skillId": "sql", "name": "SQL", "verified": False, "status": "rejected"}],
        "conceptsToWorkOn": [{"skillId": "sql", "concept": "Window functions"}],
    },
}


def webhooks() -> Json:
    """Both events."""
    return {
        "verification.initiated": {
            "post": _event("onInitiated", "A first question set is ready", InitiatedEvent, INITIATED)
        },
        "verification.completed": {"post": _event("onCompleted", "An attempt was scored", CompletedEvent, COMPLETED)},
    }


def _event(operation_id: str, summary: str, kind: type[Sent], example: Json) -> Json:
    return {
        "operationId": operation_id,
        "summary": summary,
        "description": SIGNED,
        "parameters": [_header("webhook-id"), _header("webhook-timestamp"), _header("webhook-signature")],
        "requestBody": {"required": True, "content": {JSON: {"schema": schema_of(kind), "example": example}}},
        "responses": {"2XX": {"description": "Received."}},
        "security": [],
    }


def _header(name: str) -> Json:
    return {"name": name, "in": "header", "required": True, "schema": {"type": "string"}}
