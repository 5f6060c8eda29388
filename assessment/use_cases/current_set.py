"""Use case: show the set that waits for answers once more."""

from assessment.errors import NoQuestions
from assessment.models import QuestionSet, SetState, Standing
from assessment.ports import AssessmentStore


async def current_set(*, standing: Standing, store: AssessmentStore) -> QuestionSet:
    """Give the set without any model call; if it was never sent before, its time begins. Raises NoQuestions."""
    current = await store.current_set(standing.verification_id)
    if current is None or current.state is not SetState.ACTIVE:
        raise NoQuestions
    started = await store.start(standing.verification_id, current)
    if started.started_at is None:  # begun by another call just now, or replaced
        return await current_set(standing=standing, store=store)
    return started
