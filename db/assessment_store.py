"""The archive of attempts, the current question set, and the lease under which the next set is written."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import msgspec

from assessment.ahead import Making, PreparedFor
from assessment.deadline import Deadline
from assessment.errors import RateLimited
from assessment.evidence import Person, source_item
from assessment.items.novelty import signature
from assessment.models import (
    AnsweredQuestion,
    Attempt,
    ConceptTally,
    ItemConcept,
    Mode,
    Policy,
    Provenance,
    Question,
    QuestionSet,
    ScoredAttempt,
    SeenItem,
    SetState,
    Skill,
    SkillStatus,
    SkillTally,
    SourceKind,
    Standing,
    Timing,
    Verification,
)
from assessment.notices import Addressee, Event, completed, initiated, result_mail
from assessment.ports import Ending, Finished, Lease, SetOrder, StateChanged
from assessment.scoring.eligibility import may_spend
from db import ahead, tables
from db.ahead import Preparations
from db.announcements import Recipient, announce, lock_recipient, was_announced
from db.engine import RetakeEngine
from db.generation_ends import CHANNEL, GenerationEnds
from db.locks import lock_student
from db.presence import OUTAGE_SECONDS, RunningSet, look_at_end
from db.queue import PRIORITY, JobKind, enqueue
from db.retry import in_transaction
from db.sql import fetch, fetch_of_session, fetch_one, run, to_json
from db.standing import (
    GRACE_SECONDS,
    POLICY_JOIN,
    STANDING_COLUMNS,
    STANDING_JOIN,
    policy_from,
    runs,
    spent_from,
    standing_from,
    times,
    with_factor,
)

# of a burst of generations; the other connections are for everybody else. A set that is complete never waits behind
# those who ask for one.
CLAIMS_AT_ONCE = 2
ACTIVATIONS_AT_ONCE = 3
SAVES_AT_ONCE = 3  # saves of one student wait for each other, and would hold every connection meanwhile
REQUESTS_AT_ONCE = 100  # of one session in one process: more than any page sends, and few enough to wait for one set
RETRY_AFTER_SECONDS = 2
SEEN_ITEMS = 1_000  # the newest of one student: a hundred sets, compared in some 3 ms
ENDED = "SELECT verification, ended, ending, set_id FROM generation"

COUNT_START = f"""started = {times("g.started", "g.started_since")} + {{by}},
        started_since = CASE WHEN {runs("g.started_since")} THEN g.started_since ELSE clock_timestamp() END"""
BEGIN = f"""
    UPDATE generation g SET lease_id = gen_random_uuid(), job = {{}}, finished_at = NULL, ending = NULL, set_id = NULL,
        ahead = false, ready = 0, total = 0, {COUNT_START.format(by=1)}
    WHERE verification = {{}}
"""  # noqa: S608  # only constants of this package are put in
COUNT_SET = f""", sets = {times("g.sets", "g.sets_since")} + 1,
            sets_since = CASE WHEN {runs("g.sets_since")} THEN g.sets_since ELSE clock_timestamp() END"""

TAKE = """
    UPDATE question_set SET state = 'active', making = NULL, expires_at = NULL, created_at = clock_timestamp()
    WHERE id = {} RETURNING *
"""
TAKEN = f"""
    WITH taken AS (
        UPDATE generation g SET ended = g.ended + 1, ending = 'written', set_id = {{}}, finished_at = clock_timestamp()
            {COUNT_SET} WHERE verification = {{}} RETURNING verification
    )
    SELECT pg_notify('{CHANNEL}', verification) FROM taken
"""  # noqa: S608  # only constants of this package are put in

SCORED_FIELDS = ("number", "score", "passed", "correct", "total", "submitted_at", "timed_out")
SCORED = "SELECT number, score, passed, correct, total, skills, concepts, submitted_at, timed_out FROM attempt"


class PostgresAssessmentStore:
    """assessment.ports.AssessmentStore on PostgreSQL."""

    def __init__(self, engine: RetakeEngine, preparations: Preparations | None = None) -> None:
        self._engine = engine
        self._preparations = preparations or Preparations()
        self._claiming = asyncio.Semaphore(CLAIMS_AT_ONCE)
        self._activating = asyncio.Semaphore(ACTIVATIONS_AT_ONCE)
        self._saving = asyncio.Semaphore(SAVES_AT_ONCE)
        self._admitted: Counter[str] = Counter()
        self.ends = GenerationEnds(partial(_ends, engine))

    async def load(self, verification_id: str) -> Verification:
        verification = await _verification(self._engine, verification_id)
        skill_ids, student_id = [skill.skill_id for skill in verification.skills], verification.standing.student_id
        upto = await ahead.seen_upto(self._engine, student_id)  # before them: what comes in between counts as unseen
        seen = await _seen(self._engine, student_id, skill_ids)
        return msgspec.structs.replace(verification, seen=seen, seen_upto=upto)

    async def look(self, verification_id: str) -> Standing:
        return standing_from(await fetch_of_session(self._engine, STANDING, verification_id))

    async def current_set(self, verification_id: str) -> QuestionSet | None:
        row = await fetch_one(
            self._engine,
            "SELECT * FROM question_set WHERE verification = {} AND state IN ('active', 'submitted')",
            verification_id,
        )
        return _question_set(row) if row else None

    async def provenance(self, verification_id: str) -> Provenance | None:
        """Read where the set comes from that is active or submitted, without its questions."""
        statement = "SELECT provenance FROM question_set WHERE verification = {} AND state IN ('active', 'submitted')"
        row = await fetch_one(self._engine, statement, verification_id)
        return msgspec.json.decode(row["provenance"], type=Provenance) if row else None

    @contextlib.contextmanager
    def admitted(self, verification_id: str) -> Iterator[None]:
        if self._admitted[verification_id] >= REQUESTS_AT_ONCE:
            raise RateLimited(retry_after=RETRY_AFTER_SECONDS)
        self._admitted[verification_id] += 1
        try:
            yield
        finally:
            self._admitted[verification_id] -= 1
            if not self._admitted[verification_id]:
                del self._admitted[verification_id]

    async def ask(self, order: SetOrder) -> int | Finished:
        async with self._claiming:
            return await in_transaction(self._engine, lambda: _ask(self._engine, order, self._preparations))

    async def end_of(self, verification_id: str, number: int, deadline: Deadline) -> Finished | None:
        return await self.ends.wait(verification_id, number, deadline)

    async def cut_off(self, verification_id: str, number: int) -> Finished:
        await fetch(self._engine, _finish("ended = {}"), Ending.FAILED, None, verification_id, number - 1)
        return _finished(await fetch_of_session(self._engine, f"{ENDED} WHERE verification = {{}}", verification_id))

    async def begin(self, order: SetOrder) -> Lease | None:
        rows = await fetch(
            self._engine,
            f"""
            UPDATE generation g SET lease_id = gen_random_uuid(),
                {COUNT_START.format(by="g.ahead::int")}
            WHERE verification = {{}} AND ended = {{}} AND ending IS NULL RETURNING lease_id, ahead
            """,  # noqa: S608  # only constants of this package are put in
            order.verification_id,
            order.ended,
        )
        return Lease(order.verification_id, str(rows[0]["lease_id"]), rows[0]["ahead"]) if rows else None

    async def give_up(self, lease: Lease, ending: Ending) -> None:
        statement = _finish("lease_id = {}", ending="CASE WHEN g.ahead THEN 'outdated' ELSE {} END")
        await fetch(self._engine, statement, ending, None, lease.verification_id, UUID(lease.lease_id))

    async def activate(
        self,
        lease: Lease,
        revision: int,
        questions: Sequence[Question],
        provenance: Provenance,
        *,
        making: Making | None = None,
    ) -> None:
        fresh = QuestionSet(str(uuid4()), SetState.ACTIVE, tuple(questions), provenance)
        await self._replace_set(lease, revision, fresh, making)

    async def note_failure(self, verification_id: str, reason: str, cost: float) -> None:
        for row in await fetch(self._engine, "SELECT mode FROM verification WHERE id = {}", verification_id):
            await ahead.note(self._engine, Mode(row["mode"]), "failed", reason=reason, cost=cost)

    async def may_write_ahead(self, verification_id: str, max_dollars: float) -> bool:
        """Tell whether the sets written ahead today (UTC) have cost less than this; those of test mode cost nothing."""
        row = await fetch_one(self._engine, ahead.IS_AFFORDABLE, max_dollars, verification_id)
        return row is None or bool(row["is_affordable"])

    async def waited_for(self, verification_ids: list[str]) -> list[str]:
        """Of verifications whose sets are being written ahead, give those where somebody waits by now."""
        statement = "SELECT verification FROM generation WHERE verification = ANY({}) AND ending IS NULL AND NOT ahead"
        return [row["verification"] for row in await fetch(self._engine, statement, verification_ids)]

    async def _replace_set(self, lease: Lease, revision: int, fresh: QuestionSet, making: Making | None) -> None:
        async def work() -> None:
            await lock_student(self._engine, lease.verification_id)
            recipient = await lock_recipient(self._engine, lease.verification_id)
            if recipient.revision != revision:
                raise StateChanged
            if making is not None and await _is_ahead(self._engine, lease):
                await _put_aside(self._engine, recipient, fresh, making)
                await self._finish(lease, Ending.PREPARED)
                return
            if making is not None:
                await ahead.note(
                    self._engine, recipient.addressee.mode, "joined", cost=making.cost, seconds=making.seconds
                )
            await ahead.discard(self._engine, lease.verification_id, "replaced")
            await fetch(self._engine, "DELETE FROM question_set WHERE verification = {}", lease.verification_id)
            await run(self._engine, tables.QuestionSet.insert(_set_row(lease.verification_id, fresh)))
            await _show(self._engine, recipient, fresh)
            await self._finish(lease, Ending.WRITTEN, fresh.set_id)

        async with self._activating:
            await in_transaction(self._engine, work)

    async def start(self, verification_id: str, question_set: QuestionSet) -> QuestionSet:
        if question_set.started_at is not None:
            return question_set
        row = await in_transaction(self._engine, lambda: _start(self._engine, verification_id, question_set.set_id))
        if row is None:  # begun by another call, or replaced meanwhile
            return question_set
        return msgspec.structs.replace(question_set, started_at=row["started_at"], ends_at=row["ends_at"])

    async def seconds_left(self, verification_id: str, set_id: str) -> float | None:
        row = await fetch_one(
            self._engine,
            f"""
            SELECT extract(epoch FROM ends_at - statement_timestamp())::float8 + {GRACE_SECONDS} AS seconds,
                coalesce((SELECT seen_at < statement_timestamp() - make_interval(secs => {{}}) FROM service_beat
                          WHERE id = 1), false) AS is_away
            FROM question_set WHERE id = {{}} AND verification = {{}} AND state = 'active' AND ends_at IS NOT NULL
            """,  # noqa: S608  # a constant
            OUTAGE_SECONDS,
            UUID(set_id),
            verification_id,
        )
        if row is None:
            return None
        seconds: float = row["seconds"]
        return max(OUTAGE_SECONDS, seconds) if row["is_away"] else seconds

    async def save(self, verification_id: str, set_id: str, chosen: Mapping[str, int | None]) -> int | None:
        async with self._saving:
            rows = await fetch(
                self._engine,
                f"""
                UPDATE question_set SET answers = jsonb_strip_nulls(answers || {{}}::jsonb)
                WHERE id = {{}} AND verification = {{}} AND state = 'active'
                    AND (ends_at IS NULL OR statement_timestamp() <= ends_at + interval '{GRACE_SECONDS} seconds')
                RETURNING (SELECT count(*) FROM jsonb_object_keys(answers)) AS saved
                """,  # noqa: S608  # a constant
                to_json(chosen),
                UUID(set_id),
                verification_id,
            )
        return rows[0]["saved"] if rows else None

    async def _finish(self, lease: Lease, ending: Ending, set_id: str | None = None) -> None:
        """End the generation whose row this transaction has locked."""
        also = COUNT_SET if set_id else ""
        values = set_id and UUID(set_id), lease.verification_id, UUID(lease.lease_id)
        if not await fetch(self._engine, _finish("lease_id = {}", also), ending, *values):
            raise StateChanged

    async def submit(
        self, verification_id: str, decide: Callable[[Verification], Attempt]
    ) -> tuple[Verification, Attempt]:
        async def work() -> tuple[Verification, Attempt]:
            recipient = await lock_recipient(self._engine, verification_id)
            # whoever saves an answer now waits, and finds the set scored
            await fetch(
                self._engine,
                "SELECT 1 FROM question_set WHERE verification = {} AND state = 'active' FOR NO KEY UPDATE",
                verification_id,
            )
            verification = await _verification(self._engine, verification_id)
            attempt = decide(verification)
            await run(self._engine, tables.Attempt.insert(_attempt_row(verification_id, attempt)))
            await _record_result(self._engine, verification_id, attempt)
            if not attempt.passed:
                await self._preparations.after_submit(self._engine, verification_id)
            tell = (recipient.addressee, verification.skills, attempt)
            await announce(self._engine, recipient, [completed(*tell), result_mail(*tell)])
            return verification, attempt

        return await in_transaction(self._engine, work)

    async def attempts(self, verification_id: str) -> list[ScoredAttempt]:
        """Read what came of each attempt, oldest first, and leave its questions in the archive."""
        rows = await fetch(self._engine, f"{SCORED} WHERE verification = {{}} ORDER BY number", verification_id)
        return [ScoredAttempt(**_scored(row)) for row in rows]

    async def attempt(self, verification_id: str, number: int) -> Attempt | None:
        """Read one attempt."""
        row = await fetch_one(
            self._engine, "SELECT * FROM attempt WHERE verification = {} AND number = {}", verification_id, number
        )
        return _attempt(row) if row else None


async def _ask(engine: RetakeEngine, order: SetOrder, preparations: Preparations) -> int | Finished:
    """Take the set that was prepared, or begin a generation, unless one is under way or is the answer.

    It is under way while its job is there: one that is lost with its job begins anew under the same number.
    """
    await lock_student(engine, order.verification_id)  # who is shown more, if a set is taken
    recipient = await lock_recipient(engine, order.verification_id)
    row = await ahead.locked_generation(engine, order.verification_id)
    before: int = row["ended"]
    if row["is_under_way"]:
        if not row["ahead"]:
            return before + 1
        if await ahead.join(engine, row["job"], order):
            return before + 1
        await ahead.supersede(engine, order.verification_id, row["job"])
        before += 1
    elif row["ending"] not in (None, Ending.PREPARED) and before > order.ended:
        return _finished(row)
    may_spend(*spent_from(row), policy_from(row))
    if recipient.revision != order.revision:
        return Finished(Ending.OUTDATED, before)
    taken = await _take(engine, order, recipient, preparations)
    if taken is not None:
        return Finished(Ending.WRITTEN, before + 1, taken)
    numbered = msgspec.structs.replace(order, ended=before)
    job = await enqueue(engine, JobKind.WRITE_SET, numbered, priority=PRIORITY.waited_for)
    await fetch(engine, BEGIN, job, order.verification_id)
    return before + 1


async def _start(engine: RetakeEngine, verification_id: str, set_id: str) -> dict[str, Any] | None:
    """Let the time of a set begin, and have somebody look when it is up."""
    limit = with_factor("p.time_limit_seconds")
    row = await fetch_one(
        engine,
        f"""
        UPDATE question_set q SET started_at = statement_timestamp(), time_limit_seconds = p.time_limit_seconds,
            ends_at = statement_timestamp() + make_interval(secs => {limit})
        FROM verification v {POLICY_JOIN}
        WHERE q.id = {{}} AND q.verification = {{}} AND v.id = q.verification AND q.started_at IS NULL
        RETURNING q.started_at, q.ends_at, {limit} AS seconds
        """,  # noqa: S608  # only constants of this package are put in
        UUID(set_id),
        verification_id,
    )
    if row is not None and row["seconds"] is not None:
        await look_at_end(engine, RunningSet(verification_id, set_id), row["seconds"] + GRACE_SECONDS)
    return row


async def _take(engine: RetakeEngine, order: SetOrder, recipient: Recipient, preparations: Preparations) -> str | None:
    """Make the prepared set the current one, if it is what would be written now, and give its id."""
    found = await ahead.prepared(engine, order.verification_id, recipient.addressee.student_id)
    if found is None:
        return None
    set_id, making = found.set_id, found.making
    now = PreparedFor(recipient.revision, found.seen_upto, preparations.plan.form)
    reason = ahead.misfit(making.made_for, now, order.scenario)
    if reason is not None:
        await ahead.discard(engine, order.verification_id, reason)
        return None
    await fetch(engine, "DELETE FROM question_set WHERE verification = {} AND id <> {}", order.verification_id, set_id)
    row = await fetch_of_session(engine, TAKE, set_id)
    await _show(engine, recipient, _question_set(row))
    await fetch(engine, TAKEN, set_id, order.verification_id)
    await ahead.note(engine, recipient.addressee.mode, "taken", seconds=making.seconds)
    return str(set_id)


async def _show(engine: RetakeEngine, recipient: Recipient, fresh: QuestionSet) -> None:
    """Count the questions as seen, and tell the platform of a first set."""
    await _record_shown(engine, recipient.addressee, fresh)
    if not recipient.attempts:
        await _announce_first(engine, recipient, len(fresh.questions))


async def _put_aside(engine: RetakeEngine, recipient: Recipient, fresh: QuestionSet, making: Making) -> None:
    """Keep a set for when it is asked for. Raises StateChanged when its student was shown other questions meanwhile."""
    addressee = recipient.addressee
    if await ahead.seen_upto(engine, addressee.student_id) != making.made_for.seen_upto:
        raise StateChanged
    row = _set_row(addressee.verification_id, fresh, making)
    await run(engine, tables.QuestionSet.insert(row))
    await ahead.note(engine, addressee.mode, "prepared", cost=making.cost, seconds=making.seconds)


async def _is_ahead(engine: RetakeEngine, lease: Lease) -> bool:
    """Lock the generation and tell whether nobody waits for it. Raises StateChanged when the lease was lost."""
    rows = await fetch(
        engine,
        "SELECT ahead FROM generation WHERE verification = {} AND lease_id = {} AND ending IS NULL FOR UPDATE",
        lease.verification_id,
        UUID(lease.lease_id),
    )
    if not rows:
        raise StateChanged
    return bool(rows[0]["ahead"])


def _finished(row: dict[str, Any]) -> Finished:
    if row["ending"] is None:  # the next one has begun, and its set, if there was one, will not stay
        return Finished(Ending.OUTDATED, row["ended"])
    return Finished(Ending(row["ending"]), row["ended"], str(row["set_id"]) if row["set_id"] else None)


async def _ends(engine: RetakeEngine, verification_ids: list[str]) -> dict[str, Finished]:
    rows = await fetch(engine, f"{ENDED} WHERE verification = ANY({{}})", verification_ids)
    return {row["verification"]: _finished(row) for row in rows}


def _finish(which: str, also: str = "", ending: str = "{}") -> str:
    """End a generation that has not ended, in the same moment telling those who wait for it."""
    return f"""
        WITH done AS (
            UPDATE generation g
            SET finished_at = clock_timestamp(), ending = {ending}, set_id = {{}}, ended = g.ended + 1 {also}
            WHERE verification = {{}} AND ending IS NULL AND {which} RETURNING verification
        )
        SELECT pg_notify('{CHANNEL}', verification) FROM done
    """  # noqa: S608  # only constants of this module are put in


STANDING = f"SELECT {STANDING_COLUMNS} FROM verification v {STANDING_JOIN} WHERE v.id = {{}}"  # noqa: S608  # only constants of this package are put in
WHOLE_VERIFICATION = f"""
    SELECT v.name, v.email, v.phone_number, {STANDING_COLUMNS}, q.id AS set_id, q.questions, q.provenance, q.answers,
        (SELECT coalesce(jsonb_agg(jsonb_build_object('skill_id', k.skill_id, 'name', k.name) ORDER BY k.position),
                         '[]') FROM verification_skill k WHERE k.verification = v.id) AS skills,
        (SELECT coalesce(jsonb_agg(jsonb_build_array(i.id, i.kind, i.payload) ORDER BY i.position), '[]')
         FROM source_item i WHERE i.verification = v.id AND i.attached) AS sources
    FROM verification v {STANDING_JOIN} WHERE v.id = {{}}
"""  # noqa: S608  # only constants of this package are put in


async def _verification(engine: RetakeEngine, verification_id: str) -> Verification:
    """Read a verification in one statement, hence in one consistent view; without what the student has seen.

    Raises InvalidSession when it was erased.
    """
    row = await fetch_of_session(engine, WHOLE_VERIFICATION, verification_id)
    current = _question_set({**row, "id": row["set_id"], "state": row["set_state"]}) if row["set_id"] else None
    person = Person(row["name"], row["email"], row["phone_number"])
    sources = msgspec.json.decode(row["sources"], type=tuple[tuple[str, SourceKind, dict[str, Any]], ...])
    return Verification(
        standing=standing_from(row),
        skills=msgspec.json.decode(row["skills"], type=tuple[Skill, ...]),
        sources=tuple(source_item(source_id, kind, payload, person) for source_id, kind, payload in sources),
        seen=(),
        current_set=current,
    )


# The student comes out of an array, so that the planner does not know who it is: for one with many items it would go
# through those of everybody, from the newest on, instead of along an index of the student's own.
SEEN = f"""
    WITH asked AS (
        SELECT DISTINCT student, skill_id FROM unnest(ARRAY[{{}}]) AS student, unnest({{}}::text[]) AS skill_id
    ), of_skills AS (
        SELECT i.* FROM asked CROSS JOIN LATERAL (
            SELECT id, skill_id, stem, signature, concept_id, concept FROM shown_item i
            WHERE i.student = asked.student AND i.skill_id = asked.skill_id ORDER BY i.id DESC LIMIT {SEEN_ITEMS}
        ) i ORDER BY i.id DESC LIMIT {SEEN_ITEMS}
    ), newest AS (
        SELECT i.* FROM unnest(ARRAY[{{}}]) AS whose (student_id) CROSS JOIN LATERAL (
            SELECT id, skill_id, stem, signature, concept_id, concept FROM shown_item i
            WHERE i.student = whose.student_id ORDER BY i.id DESC LIMIT {SEEN_ITEMS}
        ) i
    ), kept AS (
        SELECT 0 AS rank, * FROM of_skills
        UNION ALL SELECT 1, * FROM newest WHERE id NOT IN (SELECT id FROM of_skills)
        ORDER BY rank, id DESC LIMIT {SEEN_ITEMS}
    )
    SELECT skill_id, stem, signature, concept_id, concept FROM kept ORDER BY id
"""  # noqa: S608  # only constants of this module are put in


async def _seen(engine: RetakeEngine, student_id: str, skill_ids: Sequence[str]) -> tuple[SeenItem, ...]:
    """What a student was shown, oldest first, as far as it is compared with.

    Where that is too much, the oldest items of other skills are left out first, then the oldest of these: the same
    question comes back where the same skill is asked about.
    """
    rows = await fetch(engine, SEEN, student_id, list(skill_ids), student_id)
    return tuple(SeenItem(row["skill_id"], row["stem"], row["signature"], _tested(row)) for row in rows)


def _tested(row: dict[str, Any]) -> ItemConcept | None:
    return ItemConcept(row["concept_id"] or "", row["concept"]) if row["concept"] is not None else None


async def _record_shown(engine: RetakeEngine, addressee: Addressee, fresh: QuestionSet) -> None:
    await fetch(
        engine,
        """
        WITH shown AS (
            INSERT INTO shown_item (student, skill_id, stem, signature, concept_id, concept)
            SELECT {}, unnest({}::text[]), unnest({}::text[]), unnest({}::bytea[]), unnest({}::text[]),
                unnest({}::text[])
        )
        UPDATE verification SET revision = revision + 1 WHERE id = {}
        """,
        addressee.student_id,
        [question.skill_id for question in fresh.questions],
        [question.stem for question in fresh.questions],
        [signature(question) for question in fresh.questions],
        [question.concept and question.concept.concept_id for question in fresh.questions],
        [question.concept and question.concept.name for question in fresh.questions],
        addressee.verification_id,
    )


async def _announce_first(engine: RetakeEngine, recipient: Recipient, total: int) -> None:
    """Tell of a first set, once: one that a change of skills discarded was announced too."""
    verification_id = recipient.addressee.verification_id
    if not await was_announced(engine, verification_id, Event.INITIATED):
        skills = (await _verification(engine, verification_id)).skills
        await announce(engine, recipient, [initiated(recipient.addressee, skills, total, datetime.now(UTC))])


async def _record_result(engine: RetakeEngine, verification_id: str, attempt: Attempt) -> None:
    status = SkillStatus.VERIFIED if attempt.passed else SkillStatus.REJECTED
    await fetch(
        engine,
        """
        WITH scored AS (UPDATE question_set SET state = 'submitted', timed_out = {}
                        WHERE verification = {} AND state = 'active'),
             judged AS (UPDATE verification_skill SET status = {}, verified_at = {} WHERE verification = {}),
             counted AS (UPDATE generation SET sets = 0, sets_since = NULL, started = 0, started_since = NULL
                         WHERE verification = {})
        UPDATE verification SET attempts = {}, last_score = {}, last_passed = {}, is_locked = {},
               last_scored_at = clock_timestamp(), revision = revision + 1 WHERE id = {}
        """,
        attempt.timed_out,
        verification_id,
        status.value,
        attempt.submitted_at if attempt.passed else None,
        verification_id,
        verification_id,
        attempt.number,
        attempt.score,
        attempt.passed,
        attempt.passed,
        verification_id,
    )


def _set_row(verification_id: str, fresh: QuestionSet, making: Making | None = None) -> tables.QuestionSet:
    """The row of a current set, or with `making` of one that is prepared."""
    return tables.QuestionSet(
        id=UUID(fresh.set_id),
        verification=verification_id,
        state=(SetState.PREPARED if making else fresh.state).value,
        making=making and to_json(making),
        expires_at=making and datetime.now(UTC) + timedelta(days=making.keep_days),
        questions=to_json(fresh.questions),
        provenance=to_json(fresh.provenance),
    )


def _question_set(row: dict[str, Any]) -> QuestionSet:
    return QuestionSet(
        set_id=str(row["id"]),
        state=SetState(row["state"]),
        questions=msgspec.json.decode(row["questions"], type=tuple[Question, ...]),
        provenance=msgspec.json.decode(row["provenance"], type=Provenance),
        saved=msgspec.json.decode(row["answers"], type=dict[str, int]),
        started_at=row["started_at"],
        ends_at=row["ends_at"],
    )


def _attempt_row(verification_id: str, attempt: Attempt) -> tables.Attempt:
    return tables.Attempt(
        verification=verification_id,
        number=attempt.number,
        score=attempt.score,
        passed=attempt.passed,
        correct=attempt.correct,
        total=attempt.total,
        questions=to_json(attempt.questions),
        skills=to_json(attempt.skills),
        concepts=to_json(attempt.concepts),
        provenance=to_json(attempt.provenance),
        policy=to_json(attempt.policy),
        timing=to_json(attempt.timing),
        timed_out=attempt.timed_out,
        submitted_at=attempt.submitted_at,
    )


def _attempt(row: dict[str, Any]) -> Attempt:
    return Attempt(
        **_scored(row),
        questions=msgspec.json.decode(row["questions"], type=tuple[AnsweredQuestion, ...]),
        provenance=msgspec.json.decode(row["provenance"], type=Provenance),
        policy=msgspec.json.decode(row["policy"] or "{}", type=Policy),
        timing=msgspec.json.decode(row["timing"] or "{}", type=Timing),
    )


def _scored(row: dict[str, Any]) -> dict[str, Any]:
    plain = {field: row[field] for field in SCORED_FIELDS}
    return {
        **plain,
        "skills": msgspec.json.decode(row["skills"], type=tuple[SkillTally, ...]),
        "concepts": msgspec.json.decode(row["concepts"] or "[]", type=tuple[ConceptTally, ...]),
    }
