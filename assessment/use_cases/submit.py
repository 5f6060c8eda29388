"""Use case: score the answers to the current set."""

from collections.abc import Sequence

import msgspec

from assessment.deadline import Clock
from assessment.errors import AssessmentLocked, Detail, MissingAnswers, NoQuestions, TimeIsUp
from assessment.models import Answer, Attempt, Skill, Verification
from assessment.ports import AssessmentStore
from assessment.scoring.eligibility import may_submit
from assessment.scoring.grade import grade, grade_saved


class Scored(msgspec.Struct, frozen=True):
    """The archived attempt and the skills it verified or rejected."""

    attempt: Attempt
    skills: tuple[Skill, ...]


async def submit(
    *, verification_id: str, answers: Sequence[Answer | None] | None, store: AssessmentStore, clock: Clock
) -> Scored:
    """Score one submission and archive it; a refused one scores nothing and changes nothing.

    Who comes after the time is up has what was saved scored. `answers` is None when none were sent; an entry is None
    when it could not be read. Raises, in this order, AssessmentLocked, MissingAnswers, NoQuestions, AlreadySubmitted or
    TimeIsUp, IncompleteAnswers, InvalidAnswer.
    """

    def decide(verification: Verification) -> Attempt:
        standing, current = verification.standing, verification.current_set
        if standing.is_locked:
            raise AssessmentLocked
        if not answers:
            raise MissingAnswers(Detail("answers", "must be an array with at least one entry"))
        if current is None:
            raise NoQuestions
        if standing.is_over:
            return grade_saved(current, verification.skills, standing=standing, submitted_at=clock.now())
        may_submit(standing)
        return grade(current, answers, verification.skills, standing=standing, submitted_at=clock.now())

    verification, attempt = await store.submit(verification_id, decide)
    if attempt.timed_out:
        raise TimeIsUp
    return Scored(attempt, verification.skills)
