"""A transaction that was given up for another one is tried again, a bounded number of times."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import asyncpg
import pytest

from assessment.errors import ServiceUnavailable
from db.engine import RetakeEngine
from db.retry import FIRST_PAUSE_SECONDS, REPEATED, TRIES, TryAgain, in_transaction


class Transactions:
    """Stands for the engine: notes how each transaction ended, and how long the pauses between were."""

    def __init__(self) -> None:
        self.kept: list[bool] = []
        self.pauses: list[float] = []

    @asynccontextmanager
    async def transaction(self, *, allow_nested: bool) -> AsyncIterator[None]:
        assert not allow_nested
        try:
            yield
        except BaseException:
            self.kept.append(False)
            raise
        self.kept.append(True)

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    async def run(self, *outcomes: Exception | str) -> Any:
        remaining = list(outcomes)

        async def work() -> str:
            outcome = remaining.pop(0)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        return await in_transaction(cast("RetakeEngine", self), work, self.sleep)


@pytest.mark.parametrize(
    "error", [asyncpg.DeadlockDetectedError("40P01"), asyncpg.SerializationError("40001"), TryAgain()]
)
async def test_what_was_given_up_is_done_again_in_a_new_transaction_after_a_pause(error: Exception) -> None:
    transactions = Transactions()
    before = REPEATED.labels(type(error).__name__)._value.get()
    assert await transactions.run(error, error, "done") == "done"
    assert transactions.kept == [False, False, True]
    first, second = transactions.pauses
    assert FIRST_PAUSE_SECONDS / 2 <= first <= FIRST_PAUSE_SECONDS * 1.5
    assert FIRST_PAUSE_SECONDS <= second <= FIRST_PAUSE_SECONDS * 3
    assert REPEATED.labels(type(error).__name__)._value.get() == before + 2


async def test_pauses_differ_so_that_two_who_collided_do_not_collide_again() -> None:
    transactions = Transactions()
    for _ in range(20):
        await transactions.run(TryAgain(), "done")
    assert len(set(transactions.pauses)) == 20


async def test_when_every_try_was_given_up_the_service_is_unavailable() -> None:
    transactions = Transactions()
    with pytest.raises(ServiceUnavailable) as raised:
        await transactions.run(*[asyncpg.DeadlockDetectedError("40P01")] * TRIES)
    assert raised.value.retry_after is not None
    assert (transactions.kept, len(transactions.pauses)) == ([False] * TRIES, TRIES - 1)


async def test_any_other_error_is_told_at_once() -> None:
    transactions = Transactions()
    with pytest.raises(ZeroDivisionError):
        await transactions.run(ZeroDivisionError())
    assert (transactions.kept, transactions.pauses) == ([False], [])
