"""Sets that are written ahead: ordered, put aside, taken or discarded, each in the transaction of what causes it."""

from collections import defaultdict
from typing import Any
from uuid import UUID

import msgspec
from prometheus_client import Counter as Metric

from assessment.ahead import SECOND_THOUGHTS_SECONDS, AheadPlan, Making, PreparedFor
from assessment.models import Mode
from assessment.ports import SetOrder
from assessment.scoring.ahead import is_wanted
from db.engine import RetakeEngine
from db.queue import PRIORITY, JobKind, enqueue
from db.sql import fetch, fetch_of_session, fetch_one
from db.standing import POLICY_COLUMNS, POLICY_JOIN, SPENT_COLUMNS, STANDING_COLUMNS, STANDING_JOIN, standing_from

WANTED = "generation_wanted"  # the channel on which a worker hears that somebody waits for what it writes ahead

SETS = Metric("retake_ahead_sets", "Sets written ahead, by what became of them", ("mode", "event", "reason"))
COST = Metric("retake_ahead_dollars", "US dollars spent on sets written ahead, by what became of them", ("event",))
SECONDS = Metric("retake_ahead_seconds_saved", "Seconds of writing for which no student had to wait")

# A verification's one generation; as if one had ended over a change, where none was begun yet.
FIRST = """
    INSERT INTO generation (verification, lease_id, ending)
    SELECT id, gen_random_uuid(), 'outdated' FROM verification WHERE id = {} FOR KEY SHARE
    ON CONFLICT DO NOTHING
"""

GENERATION = f"""
    SELECT g.verification, g.ended, g.ending, g.set_id, g.job, g.ahead, {SPENT_COLUMNS}, {POLICY_COLUMNS},
        g.ending IS NULL AND EXISTS (SELECT 1 FROM jobs.pgqueuer j WHERE j.id = g.job) AS is_under_way
    FROM generation g JOIN verification v ON v.id = g.verification {POLICY_JOIN} WHERE g.verification = {{}}
"""  # noqa: S608  # only constants of this package are put in
IS_AFFORDABLE = """
    SELECT mode = 'test' OR {} > (
        SELECT coalesce(sum(cost), 0) FROM ahead_event
        WHERE at >= date_trunc('day', statement_timestamp(), 'UTC') AND event IN ('prepared', 'joined', 'failed')
    ) AS is_affordable
    FROM verification WHERE id = {}
"""


class Prepared(msgspec.Struct, frozen=True):
    """A set that waits to be asked for, and the number of the last item that its student was shown by now."""

    set_id: UUID
    making: Making
    seen_upto: int


class Wanted(msgspec.Struct, frozen=True):
    """Somebody waits, for so many seconds, for what is being written ahead."""

    verification_id: str
    seconds: float


class Preparations:
    """Orders sets ahead as the plan says that is in force now."""

    def __init__(self, plan: AheadPlan | None = None) -> None:
        self.plan = plan or AheadPlan()

    async def after_submit(self, engine: RetakeEngine, verification_id: str) -> None:
        """Order the set of the next attempt; to be called under the lock of the verification."""
        if self.plan.retake:
            await _order(engine, verification_id, self.plan, 0.0)

    async def after_change(self, engine: RetakeEngine, verification_id: str) -> None:
        """What was written for the evidence before is of no use; order anew, unless it changes again at once."""
        await discard(engine, verification_id, "evidence")
        if self.plan.first or self.plan.retake:
            await _order(engine, verification_id, self.plan, SECOND_THOUGHTS_SECONDS)


async def _order(engine: RetakeEngine, verification_id: str, plan: AheadPlan, after_seconds: float) -> None:
    """Enqueue the writing, in the place of one that was ordered before; not while a request waits for a set."""
    statement = f"SELECT {STANDING_COLUMNS} FROM verification v {STANDING_JOIN} WHERE v.id = {{}}"  # noqa: S608  # only constants of this package are put in
    standing = standing_from(await fetch_of_session(engine, statement, verification_id))
    under_way = await locked_generation(engine, verification_id)
    if under_way["is_under_way"]:
        if not under_way["ahead"]:
            return
        await supersede(engine, verification_id, under_way["job"])
    if not is_wanted(plan, standing):
        return
    ended = under_way["ended"] + under_way["is_under_way"]
    order = SetOrder(verification_id=verification_id, ended=ended, revision=standing.revision, seconds=0.0)
    job = await enqueue(engine, JobKind.PREPARE_SET, order, priority=PRIORITY.quiet, after_seconds=after_seconds)
    await fetch(
        engine,
        """
        UPDATE generation SET lease_id = gen_random_uuid(), job = {}, finished_at = NULL, ending = NULL, set_id = NULL,
            ahead = true, ready = 0, total = 0 WHERE verification = {}
        """,
        job,
        verification_id,
    )


async def locked_generation(engine: RetakeEngine, verification_id: str) -> dict[str, Any]:
    """Lock a verification's generation and read how it stands: under way as long as its job is there."""
    lock = "SELECT 1 FROM generation WHERE verification = {} FOR UPDATE"
    if not await fetch(engine, lock, verification_id):
        await fetch(engine, FIRST, verification_id)
        await fetch(engine, lock, verification_id)
    return await fetch_of_session(engine, GENERATION, verification_id)


async def take_back(engine: RetakeEngine, job: int) -> bool:
    """Take a job out of the queue, unless a worker has begun it."""
    return bool(await fetch(engine, "DELETE FROM jobs.pgqueuer WHERE id = {} AND status = 'queued' RETURNING id", job))


async def supersede(engine: RetakeEngine, verification_id: str, job: int) -> None:
    """End what is being written ahead: whoever writes it can store nothing any more."""
    await take_back(engine, job)
    await fetch(
        engine,
        """
        UPDATE generation SET ended = ended + 1, ending = 'outdated', set_id = NULL, ahead = false,
            lease_id = gen_random_uuid(), finished_at = clock_timestamp() WHERE verification = {}
        """,
        verification_id,
    )


async def join(engine: RetakeEngine, job: int, order: SetOrder) -> bool:
    """Have what is written ahead written for somebody who waits.

    False when nobody has begun it yet, or when something else is asked for.
    """
    if await take_back(engine, job) or order.scenario is not None:
        return False
    await fetch(engine, "UPDATE jobs.pgqueuer SET priority = {} WHERE id = {}", PRIORITY.waited_for, job)
    await fetch(engine, "UPDATE generation SET ahead = false WHERE verification = {}", order.verification_id)
    wanted = msgspec.json.encode(Wanted(order.verification_id, order.seconds)).decode()
    await fetch(engine, "SELECT pg_notify({}, {})", WANTED, wanted)
    return True


async def seen_upto(engine: RetakeEngine, student_id: str) -> int:
    """The number of the last item that a student was shown."""
    row = await fetch_one(engine, "SELECT max(id) AS id FROM shown_item WHERE student = {}", student_id)
    return (row and row["id"]) or 0


async def prepared(engine: RetakeEngine, verification_id: str, student_id: str) -> Prepared | None:
    """Find the prepared set of a verification."""
    row = await fetch_one(
        engine,
        """
        SELECT id, making, coalesce((SELECT max(i.id) FROM shown_item i WHERE i.student = {}), 0) AS seen_upto
        FROM question_set WHERE verification = {} AND state = 'prepared'
        """,
        student_id,
        verification_id,
    )
    if row is None:
        return None
    return Prepared(row["id"], msgspec.json.decode(row["making"], type=Making), row["seen_upto"])


def misfit(made_for: PreparedFor, now: PreparedFor, scenario: str | None) -> str | None:
    """Why a prepared set is not what is asked for; None when it is."""
    if scenario is not None:
        return "scenario"
    if made_for.revision != now.revision:
        return "evidence"
    if made_for.seen_upto != now.seen_upto:
        return "seen"
    return "settings" if made_for.form != now.form else None


async def discard(engine: RetakeEngine, verification_id: str, reason: str) -> None:
    """Delete the prepared set, if there is one, and count what it cost."""
    rows = await fetch(
        engine,
        """
        WITH gone AS (
            DELETE FROM question_set WHERE verification = {} AND state = 'prepared' RETURNING verification, making
        )
        SELECT v.mode, gone.making FROM gone JOIN verification v ON v.id = gone.verification
        """,
        verification_id,
    )
    for row in rows:
        making = msgspec.json.decode(row["making"], type=Making)
        await note(engine, Mode(row["mode"]), "discarded", reason=reason, cost=making.cost)


async def note(
    engine: RetakeEngine, mode: Mode, event: str, *, reason: str = "", cost: float = 0.0, seconds: float = 0.0
) -> None:
    """Store what became of a set, for `retake ledger`; a transaction that is tried again counts again in metrics."""
    SETS.labels(mode.value, event, reason).inc()
    COST.labels(event).inc(cost)
    if event == "taken":
        SECONDS.inc(seconds)
    await fetch(
        engine,
        "INSERT INTO ahead_event (mode, event, reason, cost, seconds) VALUES ({}, {}, {}, {}, {})",
        mode.value,
        event,
        reason,
        cost,
        seconds,
    )


class AheadSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the sets written ahead. `joined` were asked for while they were written.

    `reasons` count those discarded and those that failed. `unused_cost` is what sets cost that nobody took, in US
    dollars, `seconds_saved` what those that were taken would have kept their students waiting.
    """

    prepared: int
    taken: int
    joined: int
    discarded: int
    expired: int
    failed: int
    reasons: dict[str, int]
    cost: float
    unused_cost: float
    seconds_saved: float


async def summary(engine: RetakeEngine, seconds: float) -> AheadSummary:
    """Sum up the last `seconds`."""
    rows = await fetch(
        engine,
        """
        SELECT event, reason, count(*)::int AS times, sum(cost) AS cost, sum(seconds) AS seconds FROM ahead_event
        WHERE at >= statement_timestamp() - make_interval(secs => {}) GROUP BY event, reason
        """,
        seconds,
    )
    times, cost, spans = defaultdict[str, int](int), defaultdict[str, float](float), defaultdict[str, float](float)
    for row in rows:
        times[row["event"]] += row["times"]
        cost[row["event"]] += row["cost"]
        spans[row["event"]] += row["seconds"]
    return AheadSummary(
        prepared=times["prepared"],
        taken=times["taken"],
        joined=times["joined"],
        discarded=times["discarded"],
        expired=times["expired"],
        failed=times["failed"],
        reasons={f"{row['event']}: {row['reason']}": row["times"] for row in rows if row["reason"]},
        cost=cost["prepared"] + cost["joined"] + cost["failed"],
        unused_cost=cost["discarded"] + cost["expired"] + cost["failed"],
        seconds_saved=round(spans["taken"], 3),
    )
