"""Waiting that ends on time, whatever the awaited work does."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from assessment.deadline import Deadline

Result = TypeVar("Result")

_abandoned: set[asyncio.Task[Any]] = set()


async def bounded(work: Coroutine[Any, Any, Result], deadline: Deadline) -> Result:
    """Give the result of `work`, or raise TimeoutError when the deadline comes first.

    The work is then cancelled but not awaited: it may swallow the cancellation and go on in the background. Its own
    cancellation, which is not the caller's, is reported as TimeoutError too.
    """
    task = asyncio.ensure_future(work)
    alarm = asyncio.ensure_future(deadline.clock.sleep(deadline.remaining))
    try:
        await asyncio.wait({task, alarm}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done() or task.cancelled():
            raise TimeoutError
        return task.result()
    finally:
        abandon(alarm)
        abandon(task)


def abandon(task: asyncio.Task[Any]) -> None:
    """Cancel a task without waiting for it; it is held until it has ended, and its exception is of no interest."""
    if task.done():
        _forget(task)
        return
    task.cancel()
    _abandoned.add(task)  # the loop itself holds tasks only weakly
    task.add_done_callback(_forget)


def _forget(task: asyncio.Task[Any]) -> None:
    _abandoned.discard(task)
    if not task.cancelled():
        task.exception()  # looked at, so that nobody warns about an exception never retrieved
