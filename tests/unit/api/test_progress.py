"""What somebody who looks on is told, from how a generation stands at each look."""

from collections.abc import AsyncIterator, Sequence

import pytest

from api.progress import events
from assessment.ports import Ending
from db.progress import Progress

WAITING = Progress(is_under_way=True, ending=None, ready=0, total=0)
HALF = Progress(is_under_way=True, ending=None, ready=5, total=10)
AHEAD = Progress(is_under_way=False, ending=None, ready=5, total=10)


def ended(ending: Ending) -> Progress:
    return Progress(is_under_way=False, ending=ending, ready=10, total=10)


async def told(*looks: Progress | None) -> list[tuple[str | None, str]]:
    async def given() -> AsyncIterator[Progress | None]:
        for look in looks:
            yield look
        raise AssertionError("the stream should have ended")

    return [(event.event, str(event.data)) async for event in events(given(), "failed", 10)]


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ([WAITING, HALF, ended(Ending.WRITTEN)], [("progress", 0), ("progress", 5), ("ready", None)]),
        ([HALF, ended(Ending.FAILED)], [("progress", 5), ("failed", "GENERATION_FAILED")]),
        ([HALF, ended(Ending.BROKEN)], [("progress", 5), ("failed", "INTERNAL_ERROR")]),
        # somebody still waits, and another one is begun
        (
            [HALF, ended(Ending.OUTDATED), WAITING, ended(Ending.WRITTEN)],
            [("progress", 5), ("progress", 0), ("ready", None)],
        ),
        ([HALF, ended(Ending.OUTDATED), ended(Ending.OUTDATED)], [("progress", 5), ("idle", "failed")]),
        ([ended(Ending.WRITTEN)], [("idle", "failed")]),
        ([AHEAD], [("idle", "failed")]),
        ([ended(Ending.PREPARED)], [("idle", "failed")]),
        ([None], [("idle", "failed")]),
        ([HALF, None], [("progress", 5), ("idle", "failed")]),
    ],
)
async def test_events_follow_the_generation(
    looks: Sequence[Progress | None], expected: Sequence[tuple[str, int | str | None]]
) -> None:
    data = {
        "progress": '{{"ready":{},"total":10}}',
        "ready": "{{}}",
        "failed": '{{"code":"{}"}}',
        "idle": '{{"state":"{}"}}',
    }
    assert await told(*looks) == [(name, data[name].format(value)) for name, value in expected]
