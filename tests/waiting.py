"""Bounded waiting for something that is about to become true."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable

PAUSE_SECONDS = 0.02


async def until(holds: Callable[[], bool | Awaitable[bool]], seconds: float = 10.0) -> None:
    """Return as soon as `holds` does. Raises TimeoutError when it does not within `seconds`."""
    async with asyncio.timeout(seconds):
        while True:
            answer = holds()
            if await answer if inspect.isawaitable(answer) else answer:
                return
            await asyncio.sleep(PAUSE_SECONDS)
