"""Use case: the first question set."""

import msgspec

from assessment.deadline import Deadline
from assessment.eligibility import may_generate
from assessment.generation import fresh_set
from assessment.models import FormPlan, QuestionSet, SetState
from assessment.ports import AssessmentStore, QuestionWriter


class Started(msgspec.Struct, frozen=True):
    """The set to answer; `already_generated` when it existed before this call."""

    question_set: QuestionSet
    already_generated: bool


async def start(
    verification_id: str,
    form: FormPlan,
    scenario: str | None,
    deadline: Deadline,
    store: AssessmentStore,
    writer: QuestionWriter,
) -> Started:
    """Give the set that waits, or have one written. Raises what may_generate raises, or GenerationFailed."""
    looked_at = 0.0
    while True:
        dossier = await store.load(verification_id)
        may_generate(dossier.standing)
        current = dossier.current_set
        if current is not None and current.state is SetState.ACTIVE:
            return Started(current, already_generated=True)
        fresh = await fresh_set(dossier, form, scenario, deadline, store, writer, looked_at)
        if fresh is not None:
            return Started(fresh, already_generated=False)
        looked_at = deadline.elapsed
