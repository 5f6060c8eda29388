"""Use case: a fresh question set after a failed attempt."""

import msgspec

from assessment.models import QuestionSet, Standing
from assessment.ports import AssessmentStore
from assessment.scoring.eligibility import may_retake
from assessment.use_cases.fresh_set import FIRST_PAUSE_SECONDS, LookAgain, Patience, fresh_set, rest
from assessment.use_cases.time_up import end_overdue


class Retaken(msgspec.Struct, frozen=True):
    """The new set and the number its attempt will have."""

    question_set: QuestionSet
    attempt_number: int


async def retake(*, arrived: Standing, scenario: str | None, patience: Patience, store: AssessmentStore) -> Retaken:
    """Replace the current set by a fresh one; `arrived` is how the verification stood when the request came.

    Until the new set is complete, and whenever it cannot be completed, the old state stands untouched. Raises what
    may_retake raises, GenerationFailed, or RateLimited when too many such calls wait.
    """
    standing, ended, pause = arrived, arrived.ended, FIRST_PAUSE_SECONDS
    with store.admitted(arrived.verification_id):
        while True:
            if standing.is_over:
                await end_overdue(verification_id=arrived.verification_id, store=store, clock=patience.deadline.clock)
                standing = await store.look(arrived.verification_id)
                continue
            may_retake(standing)
            fresh = await fresh_set(standing=standing, ended=ended, scenario=scenario, patience=patience, store=store)
            if not isinstance(fresh, LookAgain):
                return Retaken(await store.start(arrived.verification_id, fresh), standing.attempts + 1)
            ended, pause = fresh.ended, await rest(patience.deadline, pause)
            standing = await store.look(arrived.verification_id)
