"""An event loop beside the server's: writing sets costs processor time, and nobody who only looks is to wait for it.

A burst of generations keeps a loop busy for seconds. On a thread of its own it shares the interpreter with the server's
loop a few milliseconds at a time instead.
"""

import asyncio
import sys
import threading
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

import structlog

from assessment.concepts.cleaning import ConceptDraft
from assessment.concepts.writing import ConceptWriter, MapBrief
from assessment.deadline import Deadline
from assessment.models import Brief, Origin, WrittenSet
from assessment.ports import QuestionWriter

SWITCH_SECONDS = 0.001  # how long a busy thread keeps the interpreter while another one waits; Python's default is 5 ms
CLOSING_SECONDS = 5.0

log = structlog.get_logger(__name__)

Result = TypeVar("Result")


class OwnLoop:
    """Runs coroutines on its own thread from `start` to `close`."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="vendors", daemon=True)

    def start(self) -> None:
        """Begin to run."""
        sys.setswitchinterval(SWITCH_SECONDS)
        self._thread.start()

    def call(self, work: Callable[[], None]) -> None:
        """Have something done there, soon."""
        self._loop.call_soon_threadsafe(work)

    async def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Give the result of `work`, or raise what it raises; cancelling this cancels the work."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    async def close(self) -> None:
        """Cancel what still runs, and end the thread. One that is blocked is left alone and ends with the process."""
        try:
            await asyncio.wait_for(self.run(_end_all()), CLOSING_SECONDS)
        except TimeoutError:
            log.error("vendors_loop_does_not_end")  # noqa: TRY400 - what keeps it is not in this traceback
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join, CLOSING_SECONDS)
        if not self._thread.is_alive():
            self._loop.close()


class OwnLoopWriter:
    """assessment.ports.QuestionWriter: another writer, on a loop of its own."""

    def __init__(self, writer: QuestionWriter, loop: OwnLoop) -> None:
        self._writer = writer
        self._loop = loop

    async def write(self, brief: Brief, deadline: Deadline) -> WrittenSet:
        """Write there, and wait here. Raises what the writer raises."""
        return await self._loop.run(self._writer.write(brief, deadline))


class OwnLoopMapWriter:
    """assessment.concepts.writing.ConceptWriter: another one, on a loop of its own."""

    def __init__(self, writer: ConceptWriter, loop: OwnLoop) -> None:
        self._writer = writer
        self._loop = loop

    async def write_map(self, brief: MapBrief, deadline: Deadline) -> Mapping[ConceptDraft, Origin]:
        """Write there, and wait here."""
        return await self._loop.run(self._write(brief, deadline))

    async def _write(self, brief: MapBrief, deadline: Deadline) -> Mapping[ConceptDraft, Origin]:
        return await self._writer.write_map(brief, deadline)


async def _end_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    if others:
        await asyncio.wait(others, timeout=CLOSING_SECONDS / 2)
        await asyncio.sleep(0)  # for what is to be done when they have ended
