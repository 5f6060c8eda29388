"""Transactions that PostgreSQL gave up for the sake of another one are tried again."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
import structlog
from prometheus_client import Counter

from assessment.errors import ServiceUnavailable
from db.engine import RetakeEngine

TRIES = 6
FIRST_PAUSE_SECONDS = 0.02
RETRY_AFTER_SECONDS = 2

REPEATED = Counter("retake_transactions_repeated", "Transactions that were given up and tried again", ("reason",))

Result = TypeVar("Result")

log = structlog.get_logger(__name__)


class TryAgain(Exception):
    """What a unit of work had found was gone when it wanted to use it."""


GIVEN_UP = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, TryAgain)


async def in_transaction(
    engine: RetakeEngine,
    work: Callable[[], Awaitable[Result]],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Result:
    """Run `work` in a transaction of its own, and again after a deadlock or a serialization failure.

    Nothing of a transaction that was given up is kept, so `work` may change nothing but the database.
    Raises ServiceUnavailable when every try was given up.
    """
    for attempt in range(TRIES):
        try:
            async with engine.transaction(allow_nested=False):
                return await work()
        except GIVEN_UP as error:
            reason = type(error).__name__
            log.warning("transaction_given_up", reason=reason, attempt=attempt + 1)
            if attempt + 1 == TRIES:
                raise ServiceUnavailable(retry_after=RETRY_AFTER_SECONDS) from error
            REPEATED.labels(reason).inc()
        # those who collided must not come back at the same moment
        await sleep(FIRST_PAUSE_SECONDS * 2**attempt * random.uniform(0.5, 1.5))  # noqa: S311  # nothing secret
    raise AssertionError("the last try returns or raises")
