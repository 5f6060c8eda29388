"""The events of GET /assessment/progress."""

from collections.abc import AsyncIterator

import msgspec
from litestar.response.sse import ServerSentEventMessage

from api.schemas import EventName
from assessment.errors import GenerationFailed, RetakeError
from assessment.ports import Ending
from assessment.scoring.eligibility import Progress as State
from db.progress import Progress

RETRY_MS = 1_000  # when a client comes back after its connection broke


async def events(
    looks: AsyncIterator[Progress | None], state: State, total: int
) -> AsyncIterator[ServerSentEventMessage]:
    """Tell how far the set is until it stands or has failed; `idle`, with the state, where nobody waits for one.

    A generation that has ended over a change is followed by another one, if somebody still waits: so it is looked at
    once more. `total` is how many questions a set has whose first has not come yet.
    """
    has_begun = was_outdated = False
    async for now in looks:
        if now is not None and now.is_under_way:
            has_begun, was_outdated = True, False
            yield _event("progress", {"ready": now.ready, "total": now.total or total})
            continue
        ending = now.ending if now is not None and has_begun else None
        match ending:
            case Ending.WRITTEN:
                yield _event("ready", {})
            case Ending.FAILED:
                yield _event("failed", {"code": GenerationFailed.code})
            case Ending.BROKEN:
                yield _event("failed", {"code": RetakeError.code})
            case Ending.OUTDATED if not was_outdated:
                was_outdated = True
                continue
            case _:
                yield _event("idle", {"state": state})
        return


def _event(name: EventName, data: dict[str, int | str]) -> ServerSentEventMessage:
    return ServerSentEventMessage(data=msgspec.json.encode(data).decode(), event=name, retry=RETRY_MS)
