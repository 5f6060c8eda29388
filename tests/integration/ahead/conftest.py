"""The app of the run, with sets written ahead."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec
import pytest
from litestar import Litestar

from api.services import Services
from assessment.ahead import AheadPlan
from jobs.vendors import Vendors
from tests.integration.gate import GatedWriter
from tests.journey import Journey
from tests.rows import fetch
from tests.waiting import until

PLAIN = {"accept": "application/json"}  # no rehearsal: what is asked for may have been written ahead


@pytest.fixture
async def ahead(services: Services) -> AsyncIterator[None]:
    """First sets and retakes are written ahead meanwhile; what was not begun is not written in another test."""
    before, services.preparations.plan = services.preparations.plan, AheadPlan(first=True, retake=True)
    yield
    services.preparations.plan = before
    await no_jobs_left()


@pytest.fixture
def gate(app: Litestar, vendors: Vendors) -> Iterator[GatedWriter]:
    """Whoever writes waits until the test opens it."""
    gate = GatedWriter(vendors.current.writer)
    vendors.current = msgspec.structs.replace(vendors.current, writer=gate)
    yield gate
    gate.opened.set()


async def no_jobs_left() -> None:
    """Take back what is ordered ahead, and wait for what is begun."""
    await fetch("DELETE FROM jobs.pgqueuer WHERE entrypoint = 'prepare_set' AND status = 'queued'")

    async def is_quiet() -> bool:
        return not await fetch("SELECT 1 FROM jobs.pgqueuer WHERE entrypoint = 'prepare_set'")

    await until(is_quiet)


async def set_states(journey: Journey) -> list[str]:
    """The states of all sets of a verification."""
    rows = await fetch("SELECT state FROM question_set WHERE verification = {}", journey.verification_id)
    return sorted(row["state"] for row in rows)


async def prepared_set(journey: Journey) -> dict[str, Any]:
    """Wait for the prepared set."""

    async def is_there() -> bool:
        return "prepared" in await set_states(journey)

    await until(is_there)
    (row,) = await fetch(
        "SELECT * FROM question_set WHERE verification = {} AND state = 'prepared'", journey.verification_id
    )
    return row


async def hasten(journey: Journey) -> None:
    """Let the seconds for second thoughts be over; the workers look for what is due within a second."""
    await fetch(
        "UPDATE jobs.pgqueuer SET execute_after = 'epoch' WHERE entrypoint = 'prepare_set' AND status = 'queued'"
        " AND id = (SELECT job FROM generation WHERE verification = {})",
        journey.verification_id,
    )
