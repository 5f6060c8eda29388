"""Use case: the first question set."""

import msgspec

from assessment.eligibility import may_generate
from assessment.generation import FIRST_PAUSE_SECONDS, LookAgain, Patience, fresh_set, rest
from assessment.models import QuestionSet, SetState, Standing
from assessment.ports import AssessmentStore


class Started(msgspec.Struct, frozen=True):
    """The set to answer; `already_generated` when it existed before this call."""

    question_set: QuestionSet
    already_generated: bool


async def start(arrived: Standing, *, scenario: str | None, patience: Patience, store: AssessmentStore) -> Started:
    """Give the set that waits, or have one written; `arrived` is how the verification stood when the request came.

    Raises what may_generate raises, GenerationFailed, or RateLimited when too many such calls wait.
    """
    ended, pause = arrived.ended, FIRST_PAUSE_SECONDS
    with store.admitted(arrived.verification_id):
        while True:
            dossier = await store.load(arrived.verification_id)
            may_generate(dossier.standing)
            current = dossier.current_set
            if current is not None and current.state is SetState.ACTIVE:
                return Started(current, already_generated=True)
            fresh = await fresh_set(dossier, ended, scenario, patience, store)
            if not isinstance(fresh, LookAgain):
                return Started(fresh, already_generated=False)
            ended, pause = fresh.ended, await rest(patience.deadline, pause)
