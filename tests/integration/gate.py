"""A question writer that waits at a gate, so that a test decides when a generation goes on."""

import asyncio
from collections.abc import Callable

from assessment.deadline import Deadline
from assessment.models import Brief, WrittenSet
from assessment.ports import QuestionWriter


class GatedWriter:
    """Holds every generation until `opened`, then passes it on; `calls` keeps what was asked for."""

    def __init__(self, inner: QuestionWriter) -> None:
        self.inner = inner
        self.calls: list[Brief] = []
        self.arrived = asyncio.Event()
        self.opened = asyncio.Event()
        self.error: Exception | None = None
        self.holds: Callable[[Brief], bool] = lambda _: True

    async def write(self, brief: Brief, deadline: Deadline) -> WrittenSet:
        self.calls.append(brief)
        self.arrived.set()
        if self.holds(brief):
            await self.opened.wait()
        if self.error is not None:
            raise self.error
        return await self.inner.write(brief, deadline)
