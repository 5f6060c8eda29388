"""What came of a call for a fresh set that was cut off."""

from assessment.errors import Detail, ServiceUnavailable
from assessment.models import Dossier, SetState, Standing
from assessment.ports import AssessmentStore, Busy

RETRY_AFTER_SECONDS = 2


def still_open() -> ServiceUnavailable:
    """The error of a call of which nobody knows yet what it changed."""
    return ServiceUnavailable(
        Detail("", "whether the set was replaced is not known yet; GET /assessment tells"),
        retry_after=RETRY_AFTER_SECONDS,
    )


async def outcome(arrived: Standing, store: AssessmentStore) -> Dossier | None:
    """Give the verification with the set that was put in place since the call arrived, or None when none was.

    Raises ServiceUnavailable while that is open, since the last step may be under way.
    """
    generation = await store.generation(arrived.verification_id)
    if isinstance(generation, Busy):
        raise still_open()
    if generation is None or generation.ended <= arrived.ended or generation.set_id is None:
        return None
    dossier = await store.load(arrived.verification_id)
    current = dossier.current_set
    if current is None or current.set_id != generation.set_id or current.state is not SetState.ACTIVE:
        raise still_open()  # somebody has changed it since
    return dossier
