"""What is deleted when its time is over, and when that is.

Each sweep deletes in batches, each batch in a statement of its own: a single DELETE of a million rows would meet the
statement's time limit, be undone, and never come further. Processes that sweep side by side share the batches.
"""

from datetime import timedelta

import msgspec

from assessment.credentials import SESSION_LIFETIME
from db.engine import RetakeEngine
from db.sql import fetch

BATCH = 5_000  # rows: some 50 ms, so that nobody waits long for what is locked meanwhile


class Sweep(msgspec.Struct, frozen=True):
    """One kind of row that runs out: `column` holds its age, and has an index; `also` narrows what is swept.

    `noted` is what is stored of those that are `gone`.
    """

    kind: str
    table: str
    column: str
    kept: timedelta
    also: str = "true"
    noted: str = ""

    @property
    def statement(self) -> str:
        """Delete the oldest rows, up to a number; takes the seconds they are kept and that number."""
        return f"""
            WITH old AS (
                SELECT ctid FROM {self.table}
                WHERE {self.column} < statement_timestamp() - make_interval(secs => {{}}) AND {self.also}
                ORDER BY {self.column} LIMIT {{}} FOR UPDATE SKIP LOCKED
            ), gone AS (
                DELETE FROM {self.table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM old)) RETURNING *
            ) {self.noted}
            SELECT count(*) AS rows FROM gone
            """  # noqa: S608  # only constants of this module are put in


EXPIRED = """, noted AS (
    INSERT INTO ahead_event (mode, event, cost)
    SELECT v.mode, 'expired', (gone.making ->> 'cost')::float FROM gone JOIN verification v ON v.id = gone.verification
)"""


class Retention(msgspec.Struct, frozen=True):
    """For how many days is kept what a deployment may decide on; persons without an end when nothing is said.

    `sessions` counts from their expiry, `deliveries` from their end, `persons` from the last verification or attempt.
    """

    sessions: int = 30
    deliveries: int = SESSION_LIFETIME.days
    ledger: int = 90
    persons: int | None = None


SWEEPS = (
    Sweep("idempotent_request", "idempotent_request", "created_at", timedelta(hours=24)),
    # the longest window is far shorter
    Sweep("rate_window", "rate_window", "started_at", timedelta(days=1)),
    # a quarter: enough to compare a bill with
    Sweep("vendor_attempt", "vendor_attempt", "started_at", timedelta(days=90)),
    # a vendor that was not asked for a quarter has to be learned anew
    Sweep("vendor_latency", "vendor_latency", "saved_at", timedelta(days=90)),
    # as the ledger, which says what became of them
    Sweep("ahead_event", "ahead_event", "at", timedelta(days=90)),
    Sweep("prepared_set", "question_set", "expires_at", timedelta(0), "state = 'prepared'", noted=EXPIRED),
    # no call takes so long; left by a process that was killed, and counted as spent
    Sweep("spend_reservation", "spend_reservation", "made_at", timedelta(days=2)),
    # As long as its session lives, a verification's calls look here for what was sent, written and spent before
    Sweep("outbox_message", "outbox_message", "settled_at", SESSION_LIFETIME),
    Sweep("generation", "generation", "finished_at", SESSION_LIFETIME),
    Sweep("generation_abandoned", "generation", "started_since", SESSION_LIFETIME, "finished_at IS NULL"),
    # for a month its student hears that the session is over, and not that there is none
    Sweep("session", "session", "expires_at", timedelta(days=30)),
)


def sweeps_for(retention: Retention) -> tuple[Sweep, ...]:
    """All sweeps, with what a deployment decided on."""
    decided = {
        "session": retention.sessions,
        "outbox_message": retention.deliveries,
        "vendor_attempt": retention.ledger,
    }
    return tuple(
        msgspec.structs.replace(sweep, kept=timedelta(days=decided[sweep.kind])) if sweep.kind in decided else sweep
        for sweep in SWEEPS
    )


async def sweep_batch(engine: RetakeEngine, sweep: Sweep) -> int:
    """Delete one batch and give its size; fewer than BATCH: nothing is left that is not locked."""
    rows = await fetch(engine, sweep.statement, sweep.kept.total_seconds(), BATCH)
    deleted: int = rows[0]["rows"]
    return deleted
