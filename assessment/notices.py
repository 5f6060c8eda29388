"""What the outside world is told: webhooks for the platform, a result mail for the student.

A notice is stored in the transaction of the change that caused it and delivered afterwards, so a crash loses none.
No notice ever holds a question, an option or a right answer; what to work on is told by the names of concepts.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Literal, Protocol

import msgspec

from assessment.models import Attempt, Mode, Skill, SkillStatus


class Channel(StrEnum):
    """How a notice travels."""

    WEBHOOK = "webhook"
    MAIL = "mail"


class Event(StrEnum):
    """What happened."""

    INITIATED = "verification.initiated"
    COMPLETED = "verification.completed"


class Addressee(msgspec.Struct, frozen=True):
    """Whom a verification's notices concern."""

    verification_id: str
    student_id: str
    external_student_id: str
    mode: Mode
    name: str
    email: str | None


class Notice(msgspec.Struct, frozen=True):
    """A notice to be stored: `body` is the JSON text of a webhook, or of a mail's subject and text."""

    channel: Channel
    event: Event
    body: str


class MailText(msgspec.Struct, frozen=True):
    """A mail's words; the address is the message's target."""

    subject: str
    text: str


class Line(msgspec.Struct, frozen=True):
    """Where notices wait in turn: those of one platform whose receivers fall into one group."""

    platform_id: int
    group: int


class Message(msgspec.Struct, frozen=True):
    """A stored notice on its way: `target` is a URL or an address, `tries` counts the deliveries tried before.

    `secret` signs a webhook (`whsec_…`); a mail has none. `ids` say in the log whose it is.
    """

    message_id: str
    channel: Channel
    event: Event
    target: str
    body: str
    tries: int
    line: Line
    secret: str | None = None
    ids: dict[str, str | int] = {}


class Waiting(msgspec.Struct, frozen=True):
    """How many messages are due in each line, the one that waits longest first, and how soon the next one is due."""

    due: Mapping[Line, int]
    next_seconds: float | None = None


CURSOR = re.compile(r"([0-9]{1,16})-(msg_[0-9a-f]{24})")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


DeliveryState = Literal["pending", "delivered", "undeliverable"]


class Delivery(msgspec.Struct, frozen=True):
    """One webhook; status and reason are of the last try."""

    delivery_id: str
    event: Event
    verification_id: str
    state: DeliveryState
    tries: int
    last_status: int | None
    last_reason: str | None
    created_at: datetime
    settled_at: datetime | None


class DeliveryFilters(msgspec.Struct, frozen=True):
    """Which deliveries are asked for; None: whichever."""

    state: str | None = None
    event: str | None = None
    verification_id: str | None = None


class DeliveryPlace(msgspec.Struct, frozen=True):
    """After which delivery a page begins."""

    created_at: datetime
    delivery_id: str

    def __str__(self) -> str:
        return f"{(self.created_at - EPOCH) // timedelta(microseconds=1)}-{self.delivery_id}"


def place_from(cursor: str) -> DeliveryPlace | None:
    """Read what `str` of a place gave; None when it did not."""
    found = CURSOR.fullmatch(cursor)
    return DeliveryPlace(EPOCH + timedelta(microseconds=int(found[1])), found[2]) if found else None


class Outbox(Protocol):
    """Stored notices, handed to one process at a time."""

    async def waiting(self, platform_id: int, most: int) -> Waiting:
        """Say what waits of a platform; in each line at most `most` are counted."""

    async def take(self, shares: Mapping[Line, int], lease_seconds: float) -> Sequence[Message]:
        """Lease so many of the messages that are due; one not settled in `lease_seconds` becomes due again."""

    async def delivered(self, message_id: str, status: int | None) -> None:
        """Record the delivery."""

    async def try_again(self, message_id: str, after_seconds: float, reason: str, status: int | None) -> None:
        """Record a failed try and make the message due again after a while."""

    async def undeliverable(self, message_id: str, reason: str, status: int | None) -> None:
        """Record that the message is given up."""


def initiated(addressee: Addressee, skills: Sequence[Skill], total: int, at: datetime) -> Notice:
    """Tell the platform that a first question set waits for its student."""
    data = {
        **_subject(addressee),
        "totalQuestions": total,
        "skills": [{"skillId": skill.skill_id, "name": skill.name} for skill in skills],
    }
    return _webhook(Event.INITIATED, data, at)


def completed(addressee: Addressee, skills: Sequence[Skill], attempt: Attempt) -> Notice:
    """Tell the platform the result of an attempt."""
    status = SkillStatus.VERIFIED if attempt.passed else SkillStatus.REJECTED
    data = {
        **_subject(addressee),
        "result": {
            "score": attempt.score,
            "passed": attempt.passed,
            "attemptNumber": attempt.number,
            "correctAnswers": attempt.correct,
            "totalQuestions": attempt.total,
        },
        "skills": [
            {"skillId": skill.skill_id, "name": skill.name, "verified": attempt.passed, "status": status}
            for skill in skills
        ],
        "conceptsToWorkOn": [{"skillId": tally.skill_id, "concept": tally.concept} for tally in attempt.to_work_on],
    }
    return _webhook(Event.COMPLETED, data, attempt.submitted_at)


def result_mail(addressee: Addressee, skills: Sequence[Skill], attempt: Attempt) -> Notice:
    """Tell the student the result of an attempt."""
    names = ", ".join(skill.name for skill in skills)
    if attempt.passed:
        subject, verdict = "You passed your skill assessment", f"You passed: {names} are now verified."
    else:
        subject = "Your skill assessment result"
        verdict = "This time it was not enough to pass (60% is needed)."
        if attempt.policy.attempts_left(attempt.number) != 0:
            verdict += " You can ask for a new set of questions."
    text = (
        f"Hello {addressee.name},\n\n"
        f"attempt {attempt.number} is scored: {attempt.correct} of {attempt.total} questions right, "
        f"{attempt.score}%.\n{verdict}\n{_to_work_on(skills, attempt)}"
    )
    return Notice(Channel.MAIL, Event.COMPLETED, _json(MailText(subject, text)))


def _to_work_on(skills: Sequence[Skill], attempt: Attempt) -> str:
    """Name the concepts that were not all answered rightly, each with its skill."""
    names = {skill.skill_id: skill.name for skill in skills}
    lines = [f"- {names.get(it.skill_id, it.skill_id)}: {it.concept}" for it in attempt.to_work_on]
    return "\n".join(["", "What to work on:", *lines, ""]) if lines else ""


def iso(moment: datetime) -> str:
    """Write a moment as the contract does: ISO 8601, UTC, milliseconds, Z."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _subject(addressee: Addressee) -> dict[str, object]:
    return {
        "recordVerificationId": addressee.verification_id,
        "recordUserId": addressee.student_id,
        "externalStudentId": addressee.external_student_id,
        "mode": addressee.mode,
    }


def _webhook(event: Event, data: dict[str, object], at: datetime) -> Notice:
    return Notice(Channel.WEBHOOK, event, _json({"type": event, "timestamp": iso(at), "data": data}))


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
