"""Use case: a fresh question set after a failed attempt."""

import msgspec

from assessment.deadline import Deadline
from assessment.eligibility import may_retake
from assessment.generation import fresh_set
from assessment.models import FormPlan, QuestionSet
from assessment.ports import AssessmentStore, QuestionWriter


class Retaken(msgspec.Struct, frozen=True):
    """The new set and the number its attempt will have."""

    question_set: QuestionSet
    attempt_number: int


async def retake(
    verification_id: str,
    form: FormPlan,
    scenario: str | None,
    deadline: Deadline,
    store: AssessmentStore,
    writer: QuestionWriter,
) -> Retaken:
    """Replace the current set by a fresh one. Raises what may_retake raises, or GenerationFailed.

    Until the new set is complete, and whenever it cannot be completed, the old state stands untouched.
    """
    looked_at = 0.0
    while True:
        dossier = await store.load(verification_id)
        may_retake(dossier.standing)
        fresh = await fresh_set(dossier, form, scenario, deadline, store, writer, looked_at)
        if fresh is not None:
            return Retaken(fresh, dossier.standing.attempts + 1)
        looked_at = deadline.elapsed
