"""Use case: the first question set."""

import msgspec

from assessment.models import QuestionSet, SetState, Standing
from assessment.ports import AssessmentStore
from assessment.scoring.eligibility import may_generate
from assessment.use_cases.fresh_set import FIRST_PAUSE_SECONDS, LookAgain, Patience, fresh_set, rest
from assessment.use_cases.time_up import end_overdue


class GeneratedSet(msgspec.Struct, frozen=True):
    """The set to answer; `already_generated` when it existed before this call."""

    question_set: QuestionSet
    already_generated: bool


async def generate(
    *, arrived: Standing, scenario: str | None, patience: Patience, store: AssessmentStore
) -> GeneratedSet:
    """Give the set that waits, or have one written; `arrived` is how the verification stood when the request came.

    Raises what may_generate raises, GenerationFailed, or RateLimited when too many such calls wait.
    """
    standing, ended, pause = arrived, arrived.ended, FIRST_PAUSE_SECONDS
    with store.admitted(arrived.verification_id):
        while True:
            if standing.is_over:
                await end_overdue(verification_id=arrived.verification_id, store=store, clock=patience.deadline.clock)
                standing = await store.look(arrived.verification_id)
                continue
            may_generate(standing)
            if standing.set_state is SetState.ACTIVE:
                current = await store.current_set(arrived.verification_id)
                if current is not None and current.state is SetState.ACTIVE:
                    return GeneratedSet(await store.start(arrived.verification_id, current), already_generated=True)
            fresh = await fresh_set(standing=standing, ended=ended, scenario=scenario, patience=patience, store=store)
            if not isinstance(fresh, LookAgain):
                return GeneratedSet(await store.start(arrived.verification_id, fresh), already_generated=False)
            ended, pause = fresh.ended, await rest(patience.deadline, pause)
            standing = await store.look(arrived.verification_id)
