"""One student's result, as the domain hands it to its notices. The documentation shows the same."""

from datetime import UTC, datetime

from assessment.models import Attempt, Mode, Provenance, Skill
from assessment.notices import Addressee

SKILLS = (Skill("sk_python", "Python"), Skill("sk_sql", "SQL"))
BEGUN = datetime(2030, 5, 17, 9, 30, 12, 345000, tzinfo=UTC)
SUBMITTED = datetime(2030, 5, 17, 9, 44, 51, 20000, tzinfo=UTC)


def addressee(name: str = "Ada Lovelace", email: str | None = "ada@example.org") -> Addressee:
    return Addressee(
        verification_id="ver_live_0197f3a2",
        student_id="usr_live_0197f39e",
        external_student_id="student-4711",
        mode=Mode.LIVE,
        name=name,
        email=email,
    )


def attempt(*, correct: int = 8) -> Attempt:
    return Attempt(
        number=1,
        score=correct * 10,
        passed=correct >= 6,
        correct=correct,
        total=10,
        questions=(),
        skills=(),
        provenance=Provenance(),
        submitted_at=SUBMITTED,
    )
