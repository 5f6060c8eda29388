"""One fresh set, however many calls ask for it at the same time: asked for and waited for here, written by a job."""

import msgspec

from assessment.deadline import Deadline
from assessment.errors import GenerationFailed, RetakeError
from assessment.models import QuestionSet, SetState, Standing
from assessment.ports import AssessmentStore, Ending, Finished, SetOrder

FIRST_PAUSE_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 0.4


class LookAgain(msgspec.Struct, frozen=True):
    """The verification is no longer what it was; `ended` counts the generations that are no answer any more."""

    ended: int


class Patience(msgspec.Struct, frozen=True):
    """How long a request waits for its set; of that, `reserve_seconds` are kept back from the writing of it."""

    deadline: Deadline
    reserve_seconds: float = 0.0

    @property
    def writing_seconds(self) -> float:
        """What is left for the writing."""
        return max(0.0, self.deadline.remaining - self.reserve_seconds)


async def fresh_set(
    *, standing: Standing, ended: int, scenario: str | None, patience: Patience, store: AssessmentStore
) -> QuestionSet | LookAgain:
    """Have a set written and activated, or take over the one that an overlapping call has written.

    A call overlaps with what ends after it saw `ended` generations end.
    Raises GenerationFailed when no complete set could be had in time, and RetakeError when the writing broke; then
    nothing was changed, and nothing will be.
    """
    if not patience.writing_seconds:
        raise GenerationFailed
    order = SetOrder(
        verification_id=standing.verification_id,
        ended=ended,
        revision=standing.revision,
        seconds=patience.writing_seconds,
        scenario=scenario,
    )
    asked = await store.ask(order)
    if isinstance(asked, Finished):
        return await _result(asked, standing, store)
    finished = await store.end_of(order.verification_id, asked, patience.deadline)
    return await _result(finished or await store.cut_off(order.verification_id, asked), standing, store)


async def rest(deadline: Deadline, seconds: float) -> float:
    """Pause before looking again, and give the next pause, a longer one. Raises GenerationFailed when time is up."""
    if deadline.remaining <= seconds:
        raise GenerationFailed
    await deadline.clock.sleep(seconds)
    return min(seconds * 2, LONGEST_PAUSE_SECONDS)


async def _result(finished: Finished, standing: Standing, store: AssessmentStore) -> QuestionSet | LookAgain:
    """The set that was written, unless it is gone or scored already."""
    match finished.ending:
        case Ending.FAILED:
            raise GenerationFailed
        case Ending.BROKEN:
            raise RetakeError
        case Ending.OUTDATED | Ending.PREPARED:
            return LookAgain(finished.ended)
    current = await store.current_set(standing.verification_id)
    if current is None or current.set_id != finished.set_id or current.state is not SetState.ACTIVE:
        return LookAgain(finished.ended)
    return current
