"""Use case: score the answers to the current set."""

from collections.abc import Sequence

import msgspec

from assessment.deadline import Clock
from assessment.errors import AssessmentLocked, Detail, MissingAnswers, NoQuestions
from assessment.models import Answer, Attempt, Skill, Verification
from assessment.ports import AssessmentStore
from assessment.scoring.eligibility import may_submit
from assessment.scoring.grade import grade


class Scored(msgspec.Struct, frozen=True):
    """The archived attempt and the skills it verified or rejected."""

    attempt: Attempt
    skills: tuple[Skill, ...]


async def submit(
    *, verification_id: str, answers: Sequence[Answer | None] | None, store: AssessmentStore, clock: Clock
) -> Scored:
    """Score one submission and archive it; a refused one scores nothing and changes nothing.

    `answers` is None when none were sent; an entry is None when it could not be read. Raises, in this order,
    AssessmentLocked, MissingAnswers, NoQuestions, AlreadySubmitted, IncompleteAnswers, InvalidAnswer.
    """

    def decide(verification: Verification) -> Attempt:
        standing = verification.standing
        if standing.is_locked:
            raise AssessmentLocked
        if not answers:
            raise MissingAnswers(Detail("answers", "must be an array with at least one entry"))
        may_submit(standing)
        if verification.current_set is None:
            raise NoQuestions
        return grade(
            verification.current_set,
            answers,
            verification.skills,
            number=standing.attempts + 1,
            submitted_at=clock.now(),
            policy=standing.policy,
        )

    verification, attempt = await store.submit(verification_id, decide)
    return Scored(attempt, verification.skills)
