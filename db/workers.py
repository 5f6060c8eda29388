"""Which workers are alive, and how the vendors stand with them: what a web process knows of either."""

from typing import Literal
from uuid import UUID

import msgspec

from db.engine import RetakeEngine
from db.sql import fetch, to_json

ALIVE_SECONDS = 15.0  # since the last report; three may be missed


class VendorReport(msgspec.Struct, frozen=True):
    """How one vendor of the chain stands; `reason` is its last failure."""

    name: str
    state: Literal["closed", "open", "half_open", "resting", "stuck", "out"]
    reason: str | None = None


class WorkerReport(msgspec.Struct, frozen=True):
    """What one worker can do: `serves_live` when a configured vendor may be asked. Test mode every worker serves.

    `spend_limit_reached` is None where there is no limit per day.
    """

    config_hash: str
    has_providers: bool
    serves_live: bool
    vendors: tuple[VendorReport, ...] = ()
    spend_limit_reached: bool | None = None


async def report(engine: RetakeEngine, worker_id: UUID, state: WorkerReport) -> None:
    """Say that a worker is alive, and how it stands."""
    await fetch(
        engine,
        """
        INSERT INTO worker (id, state, seen_at) VALUES ({}, {}, statement_timestamp())
        ON CONFLICT (id) DO UPDATE SET state = excluded.state, seen_at = excluded.seen_at
        """,
        worker_id,
        to_json(state),
    )


async def leave(engine: RetakeEngine, worker_id: UUID) -> None:
    """Say that a worker has ended."""
    await fetch(engine, "DELETE FROM worker WHERE id = {}", worker_id)


async def alive(engine: RetakeEngine) -> tuple[WorkerReport, ...]:
    """The workers that were heard of lately, the latest first."""
    rows = await fetch(
        engine,
        """
        SELECT state FROM worker WHERE seen_at BETWEEN statement_timestamp() - make_interval(secs => {})
            AND statement_timestamp() + make_interval(secs => {}) ORDER BY seen_at DESC
        """,
        ALIVE_SECONDS,
        ALIVE_SECONDS,
    )
    return tuple(msgspec.json.decode(row["state"], type=WorkerReport) for row in rows)
