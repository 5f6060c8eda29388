"""Use case: score the answers to the current set."""

from collections.abc import Sequence

from assessment.deadline import Clock
from assessment.eligibility import may_submit
from assessment.errors import AssessmentLocked, MissingAnswers, NoQuestions
from assessment.models import Answer, Attempt, Dossier
from assessment.ports import AssessmentStore
from assessment.scoring import grade


async def submit(
    verification_id: str, answers: Sequence[Answer | None] | None, store: AssessmentStore, clock: Clock
) -> Attempt:
    """Score one submission and archive it; a refused one scores nothing and changes nothing.

    `answers` is None when none were sent; an entry is None when it could not be read. Raises, in this order,
    AssessmentLocked, MissingAnswers, NoQuestions, AlreadySubmitted, IncompleteAnswers, InvalidAnswer.
    """

    def decide(dossier: Dossier) -> Attempt:
        standing = dossier.standing
        if standing.is_locked:
            raise AssessmentLocked
        if not answers:
            raise MissingAnswers
        may_submit(standing)
        if dossier.current_set is None:
            raise NoQuestions
        return grade(dossier.current_set, answers, dossier.skills, standing.attempts + 1, clock.now())

    return await store.submit(verification_id, decide)
