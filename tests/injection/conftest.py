"""Every attempt is tried out once; the tests look at what came of it."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from bench.quality.injection import first_turn
from bench.quality.trials import Trial, tried
from fakes.injection.corpus import Attempt, corpus
from fakes.injection.vendor import ObeyingVendor

TrialOf = Callable[[Attempt, float], Awaitable[Trial]]


@pytest.fixture(scope="session")
async def vendor() -> AsyncIterator[ObeyingVendor]:
    """One that obeys; every trial begins anew with it."""
    async with ObeyingVendor() as vendor:
        yield vendor


@pytest.fixture(scope="session")
def trial_of(vendor: ObeyingVendor) -> TrialOf:
    """The trial of an attempt with a vendor that obeys in a share of its items."""
    done: dict[tuple[str, float], Trial] = {}

    async def once(attempt: Attempt, share: float) -> Trial:
        if (attempt.id, share) not in done:
            done[attempt.id, share] = await tried(
                attempt, share, vendor, first_turn=first_turn(corpus().index(attempt))
            )
        return done[attempt.id, share]

    return once
