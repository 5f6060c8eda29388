"""Use case: end an attempt whose time is up, whether or not any client is there."""

import contextlib

from assessment.deadline import Clock
from assessment.errors import InvalidSession
from assessment.models import Attempt, Verification
from assessment.ports import AssessmentStore, StateChanged
from assessment.scoring.grade import grade_saved


async def time_up(*, verification_id: str, set_id: str, store: AssessmentStore, clock: Clock) -> float | None:
    """End the attempt if its time is up; give the seconds after which to look again, None when there is no need."""
    seconds = await store.seconds_left(verification_id, set_id)
    if seconds is None or seconds > 0:
        return seconds
    await end_overdue(verification_id=verification_id, store=store, clock=clock)
    return None


async def end_overdue(*, verification_id: str, store: AssessmentStore, clock: Clock) -> None:
    """Score what was saved of the set that waits, once; nothing where its time is not up."""

    def decide(verification: Verification) -> Attempt:
        standing, current = verification.standing, verification.current_set
        if current is None or not standing.is_over:
            raise StateChanged
        return grade_saved(current, verification.skills, standing=standing, submitted_at=clock.now())

    with contextlib.suppress(StateChanged, InvalidSession):  # scored by another, replaced, or erased
        await store.submit(verification_id, decide)
