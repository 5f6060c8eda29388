"""Request bodies, each described once: api/intake.py reads them by this description, and the document shows it.

A body is not decoded by msgspec: which error answers first, and with which code, is part of the contract.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from assessment.errors import (
    InvalidInput,
    MissingCallbackWebhookUrl,
    MissingName,
    MissingSessionToken,
    MissingSkillId,
    MissingStudentId,
    MissingVerificationId,
)
from assessment.models import Method

MAX_ITEMS = 500  # of one kind: more than anybody has done
MAX_URL = 2048
MAX_ID = 200
MAX_NAME = 300

VISIBLE = r"\S"
NAME_OF_SKILL = "Needed when neither the catalogue nor you have named the id; it holds for this verification alone."
HTTP = r"^https?://[^\s]+$"

Id = Annotated[str, Meta(pattern=VISIBLE, max_length=MAX_ID)]
Name = Annotated[str, Meta(pattern=VISIBLE, max_length=MAX_NAME)]
Text = Annotated[str, Meta(max_length=20_000)]
Date = Annotated[Text, Meta(description="Free text; ISO 8601 dates are best.")]
Url = Annotated[str, Meta(pattern=HTTP, max_length=MAX_URL)]
Email = Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+$", max_length=320)]
Phone = Annotated[str, Meta(pattern=r"^[\d ()+./x-]*\d[\d ()+./x-]*$", max_length=40)]
Index = Annotated[int, Meta(ge=0, le=3, description="Index into `options` in the order they were sent.")]

MISSING = "missing"


def missing(error: type[InvalidInput]) -> Any:
    """Say which error answers when a required text is not there; InvalidInput where nothing is said."""
    return Meta(extra={MISSING: error})


class Received(msgspec.Struct, rename="camel"):
    """Base of all request bodies: camelCase on the wire."""


class Project(Received):
    """A project; fields of your own are kept with it."""

    project_id: Annotated[Id, Meta(description="Your id of the project.")]
    name: Name
    description: Text | None = None
    start_date: Date | None = None
    end_date: Date | None = None


class Experience(Received):
    """A job; fields of your own are kept with it."""

    work_experience_id: Annotated[Id, Meta(description="Your id of the job.")]
    role: Name
    company_name: Name
    description: Text | None = None
    start_date: Date | None = None
    end_date: Date | None = None


class Certificate(Received):
    """A certificate; fields of your own are kept with it."""

    certificate_id: Annotated[Id, Meta(description="Your id of the certificate.")]
    name: Name
    issuer: Text | None = None
    description: Text | None = None
    issue_date: Date | None = None


class VerifyRequest(Received, kw_only=True):
    """A student and the evidence: `email` or `phoneNumber`, and at least one item in one of the three arrays."""

    student_id: Annotated[
        Id, missing(MissingStudentId), Meta(description="Your id of the student; comes back as `externalStudentId`.")
    ]
    callback_webhook_url: Annotated[
        Url, missing(MissingCallbackWebhookUrl), Meta(description="Where the webhooks of this verification go.")
    ]
    name: Annotated[Name, missing(MissingName)]
    email: Email | None = None
    phone_number: Phone | None = None
    projects: Annotated[list[Project], Meta(max_length=MAX_ITEMS)]
    experience: Annotated[list[Experience], Meta(max_length=MAX_ITEMS)]
    certificates: Annotated[list[Certificate], Meta(max_length=MAX_ITEMS)]
    skill_ids: Annotated[list[Id], Meta(max_length=MAX_ITEMS, description="Kept with the verification.")] | None = None


class SkillToStore(Received):
    """A skill to verify."""

    skill_id: Annotated[Id, missing(MissingSkillId)]
    name: Annotated[str, Meta(max_length=MAX_NAME, description=NAME_OF_SKILL)] | None = None
    proof_urls: Annotated[list[Url], Meta(max_length=20)] | None = None


class OfVerification(Received):
    """What names the session's own verification."""

    record_verification_id: Annotated[
        Id, missing(MissingVerificationId), Meta(description="This session's verification.")
    ]


class StoreSkillsRequest(OfVerification):
    """The skills to verify; they replace what was stored before. One source carries at most 10 different skills."""

    record_user_id: Annotated[Id, Meta(description="This session's student.")]
    skills: Annotated[list[SkillToStore], Meta(min_length=1, max_length=100)]


class NameSkillRequest(Received):
    """What a skill is called."""

    name: Annotated[Name, missing(MissingName)]


class StoreMethodRequest(OfVerification):
    """How the skills are verified."""

    verification_method: Annotated[str, Meta(extra_json_schema={"enum": [method.value for method in Method]})]


class StoreItemsRequest(Received):
    """Ids as sent to `/verify`, at least one in all; items not named again are removed."""

    session_token: Annotated[
        str, missing(MissingSessionToken), Meta(pattern=VISIBLE, description="The credential of this call.")
    ]
    project_ids: list[str] | None = None
    work_experience_ids: list[str] | None = None
    credential_ids: Annotated[list[str], Meta(description="Ids of certificates.")] | None = None


class AnswerToQuestion(Received):
    """The option the student chose."""

    question_id: str
    selected_answer: Index


class AnswerToSave(Received):
    """The option the student chose so far."""

    question_id: str
    selected_answer: Annotated[Index | None, Meta(description="Null takes the answer back.")]


class SaveAnswersRequest(Received):
    """One answer or several; of two to one question the later one wins."""

    answers: Annotated[list[AnswerToSave], Meta(min_length=1)]


class AccommodationRequest(Received):
    """More time for one student; the reason is none of this service's business."""

    time_factor: Annotated[float, Meta(ge=1, le=4, description="The time limit is multiplied by it.")]


class SubmitRequest(Received):
    """Exactly one answer to every question of the current set."""

    answers: Annotated[list[AnswerToQuestion], Meta(min_length=1)]
