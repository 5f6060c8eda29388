"""The tables. Identifiers that clients see are text with a telling prefix; the rest is internal."""

from piccolo.columns import (
    JSONB,
    UUID,
    BigInt,
    BigSerial,
    Boolean,
    Bytea,
    Date,
    DoublePrecision,
    ForeignKey,
    Integer,
    Serial,
    SmallInt,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.columns.base import OnDelete
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.columns.defaults.uuid import UUID4
from piccolo.table import Table


class Platform(Table):
    """A customer: its API keys share students and verifications."""

    id = Serial(primary_key=True)
    name = Varchar(length=200, unique=True)


class RetakePolicy(Table):
    """How a platform's students may retake; without a row the published contract holds."""

    platform = ForeignKey(references=Platform, null=False, primary_key=True, on_delete=OnDelete.cascade)
    max_attempts = Integer(null=True, default=None)
    cool_down_seconds = Integer(default=0)
    time_limit_seconds = Integer(null=True, default=None)
    sets_per_attempt = Integer(default=5)
    answers = Varchar(length=5, default="full")
    set_at = Timestamptz(default=TimestamptzNow())


class ApiKey(Table):
    """A platform's credential; only the digest of the key is kept.

    The webhook secret has to be kept as it is: it signs what we send.
    """

    id = Varchar(length=64, primary_key=True)
    platform = ForeignKey(references=Platform, null=False, index=True)
    mode = Varchar(length=4)
    name = Varchar(length=200)
    digest = Bytea(unique=True)
    webhook_secret = Varchar(length=100, secret=True)
    created_at = Timestamptz(default=TimestamptzNow())
    revoked_at = Timestamptz(null=True, default=None)


class Student(Table):
    """A person, found again by e-mail address or phone number within one platform and mode."""

    id = Varchar(length=64, primary_key=True)
    platform = ForeignKey(references=Platform, null=False)
    mode = Varchar(length=4)
    email = Text(null=True, default=None)
    phone_number = Text(null=True, default=None)
    created_at = Timestamptz(default=TimestamptzNow())


class Verification(Table):
    """One verification of one student; the last columns say where its assessment stands."""

    id = Varchar(length=64, primary_key=True)
    platform = ForeignKey(references=Platform, null=False, index=True)
    mode = Varchar(length=4)
    student = ForeignKey(references=Student, null=False, index=True, on_delete=OnDelete.cascade)
    api_key = ForeignKey(references=ApiKey, null=False)
    external_student_id = Text()
    callback_url = Text()
    name = Text()
    email = Text(null=True, default=None)
    phone_number = Text(null=True, default=None)
    skill_ids = JSONB(default="[]")
    method = Varchar(length=10, null=True, default=None)
    is_locked = Boolean(default=False)
    attempts = Integer(default=0)
    last_score = SmallInt(null=True, default=None)
    last_passed = Boolean(null=True, default=None)
    last_scored_at = Timestamptz(null=True, default=None)
    time_factor = DoublePrecision(default=1.0)
    revision = BigInt(default=0)
    created_at = Timestamptz(default=TimestamptzNow())


class Session(Table):
    """A session token's digest and what it opens."""

    digest = Bytea(primary_key=True)
    verification = ForeignKey(references=Verification, null=False, index=True, on_delete=OnDelete.cascade)
    expires_at = Timestamptz()
    created_at = Timestamptz(default=TimestamptzNow())


class SourceItem(Table):
    """A project, job or certificate as it was sent, in its place; `attached` when questions may draw on it."""

    id = Varchar(length=64, primary_key=True)
    verification = ForeignKey(references=Verification, null=False, on_delete=OnDelete.cascade)
    kind = Varchar(length=12)
    external_id = Text()
    position = Integer()
    payload = JSONB()
    attached = Boolean(default=False)


class Skill(Table):
    """The catalogue; a skill with a platform was named by that platform, with its API key."""

    id = Serial(primary_key=True)
    platform = ForeignKey(references=Platform, null=True, on_delete=OnDelete.cascade)
    skill_id = Text()
    name = Text()
    field = Text(default="")


class ConceptMap(Table):
    """A version of what a skill consists of; without a platform it is that of the shared skill."""

    id = Serial(primary_key=True)
    platform = ForeignKey(references=Platform, null=True, on_delete=OnDelete.cascade)
    mode = Varchar(length=4)
    skill_id = Text()
    language = Text()
    version = Integer()
    concepts = JSONB()
    made_at = Timestamptz(default=TimestamptzNow())


class VerificationSkill(Table):
    """A skill to verify within one verification, and what came of it."""

    id = UUID(primary_key=True, default=UUID4())
    verification = ForeignKey(references=Verification, null=False, on_delete=OnDelete.cascade)
    position = Integer()
    skill_id = Text()
    name = Text()
    proof_urls = JSONB(default="[]")
    status = Varchar(length=10, default="pending")
    verified_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz(default=TimestamptzNow())


class QuestionSet(Table):
    """The current set of a verification, keys included; a retake deletes it and puts a new one in its place.

    `started_at` is when it was first sent. With a time limit, `ends_at` is that plus the limit times the verification's
    factor, plus what was given back for outages. `answers` are those saved before the submit, by question.

    Beside it there may be one that was prepared: `making` says what it rests on and what it took.
    """

    id = UUID(primary_key=True, default=UUID4())
    verification = ForeignKey(references=Verification, null=False, index=True, on_delete=OnDelete.cascade)
    state = Varchar(length=10)
    questions = JSONB()
    provenance = JSONB()
    answers = JSONB(default="{}")
    started_at = Timestamptz(null=True, default=None)
    time_limit_seconds = Integer(null=True, default=None)
    given_back_seconds = DoublePrecision(default=0.0)
    ends_at = Timestamptz(null=True, default=None)
    timed_out = Boolean(default=False)
    created_at = Timestamptz(default=TimestamptzNow())
    making = JSONB(null=True, default=None)
    expires_at = Timestamptz(null=True, default=None)


class ShownItem(Table):
    """What a student was ever asked, also in sets that were replaced or discarded unanswered.

    The signature is what the rule of novelty compares; it is empty for items older than the rule. The concept is
    what the item tested; an id it has where a map names it.
    """

    id = BigSerial(primary_key=True)
    student = ForeignKey(references=Student, null=False, index=True, on_delete=OnDelete.cascade)
    stem = Text()
    skill_id = Text()
    signature = Bytea()
    concept_id = Text(null=True, default=None)
    concept = Text(null=True, default=None)


class Attempt(Table):
    """The archive: append-only and self-contained. A trigger refuses changes."""

    id = UUID(primary_key=True, default=UUID4())
    verification = ForeignKey(references=Verification, null=False, on_delete=OnDelete.cascade)
    number = Integer()
    score = SmallInt()
    passed = Boolean()
    correct = Integer()
    total = Integer()
    questions = JSONB()
    skills = JSONB()
    concepts = JSONB(null=True, default=None)
    provenance = JSONB()
    policy = JSONB(null=True, default=None)
    timing = JSONB(null=True, default=None)
    timed_out = Boolean(default=False)
    submitted_at = Timestamptz()


class Generation(Table):
    """The writing of a verification's next set: under way by `job` while `ending` is null, or how it ended.

    `lease_id` is new with every run of the job, so that an earlier one can end nothing. `ended` counts the generations
    that ended. `started` and `sets` count what was begun and written for the attempt to come, each within an hour of
    its `…_since`. `ahead` says that nobody waits for it, `ready` how many of `total` questions are there.
    """

    verification = ForeignKey(references=Verification, null=False, primary_key=True, on_delete=OnDelete.cascade)
    lease_id = UUID()
    job = BigInt(null=True, default=None)
    finished_at = Timestamptz(null=True, default=None)
    ending = Varchar(length=10, null=True, default=None)
    set_id = UUID(null=True, default=None)
    ended = BigInt(default=0)
    started = Integer(default=0)
    started_since = Timestamptz(null=True, default=None)
    sets = Integer(default=0)
    sets_since = Timestamptz(null=True, default=None)
    ahead = Boolean(default=False)
    ready = SmallInt(default=0)
    total = SmallInt(default=0)


class AheadEvent(Table):
    """What became of a set that was written ahead; nothing here leads to a person. `cost` is in US dollars."""

    id = BigSerial(primary_key=True)
    at = Timestamptz(default=TimestamptzNow(), index=True)
    mode = Varchar(length=4)
    event = Varchar(length=10)
    reason = Varchar(length=10, default="")
    cost = DoublePrecision(default=0.0)
    seconds = DoublePrecision(default=0.0)


class OutboxMessage(Table):
    """A notice on its way; written in the transaction of the change it tells of.

    The notices of one platform and one group of receivers wait in one line.
    """

    id = Varchar(length=64, primary_key=True)
    verification = ForeignKey(references=Verification, null=False, index=True, on_delete=OnDelete.cascade)
    platform = Integer(default=0)
    receiver_group = SmallInt(default=0)
    channel = Varchar(length=10)
    event = Varchar(length=40)
    target = Text()
    body = Text()
    state = Varchar(length=14, default="pending")
    tries = SmallInt(default=0)
    due_at = Timestamptz(default=TimestamptzNow())
    outcome = Text(null=True, default=None)
    last_status = SmallInt(null=True, default=None)
    created_at = Timestamptz(default=TimestamptzNow())
    settled_at = Timestamptz(null=True, default=None)


class IdempotentRequest(Table):
    """The first answer to a request that carried an Idempotency-Key; status is null while it is worked on.

    `verification` is the one it tells of, where it tells of one. Meanwhile whoever holds the lease makes `beats` grow.
    `leased_until` is what versions before that went by.
    """

    id = UUID(primary_key=True, default=UUID4())
    credential = Bytea()
    key = Text()
    fingerprint = Bytea()
    leased_until = Timestamptz(null=True, default=None)
    lease_id = UUID(null=True, default=None)
    beats = BigInt(default=0)
    verification = Text(null=True, default=None, index=True)
    status = SmallInt(null=True, default=None)
    body = Bytea(null=True, default=None)
    created_at = Timestamptz(default=TimestamptzNow())


class RateWindow(Table):
    """How often one address called a limited endpoint in its current window."""

    caller = Bytea(primary_key=True)
    started_at = Timestamptz(default=TimestamptzNow())
    calls = Integer(default=1)


class VendorAttempt(Table):
    """The ledger: one request to one vendor, for items (`write`) or for blind answers (`solve`).

    No column holds text of a question or a student. `cost` is in US dollars, null where no price is known;
    `is_estimated` marks tokens, and so a cost, that are a guess.
    """

    id = UUID(primary_key=True, default=UUID4())
    writing_id = Text()
    mode = Varchar(length=4)
    vendor = Text()
    model = Text()
    started_at = Timestamptz(index=True)
    seconds = DoublePrecision()
    slice_seconds = DoublePrecision()
    round_number = Integer()
    part = Integer()
    is_hedge = Boolean()
    outcome = Varchar(length=20)
    response_format = Varchar(length=20, null=True, default=None)
    wanted = Integer()
    accepted = Integer()
    rejected = JSONB(default="{}")
    input_tokens = Integer()
    output_tokens = Integer()
    is_estimated = Boolean()
    cost = DoublePrecision(null=True, default=None)
    prompt_version = Text()
    config_hash = Varchar(length=12)
    purpose = Varchar(length=8, default="write")
    mended = JSONB(default="{}")


class VendorLatency(Table):
    """How long a vendor took lately; its key changes with its model and address."""

    vendor = Text(primary_key=True)
    learned = JSONB()
    saved_at = Timestamptz(default=TimestamptzNow())


class SpendDay(Table):
    """What live calls of one day (UTC) cost, in billionths of a dollar, with what is set aside for those under way.

    Rows stay: there is one for each day.
    """

    day = Date(primary_key=True)
    nanos = BigInt(default=0)


class SpendReservation(Table):
    """What is set aside for one call under way, as a part of its day's sum; deleted when the call is settled."""

    id = UUID(primary_key=True, default=UUID4())
    day = Date()
    nanos = BigInt()
    made_at = Timestamptz(default=TimestamptzNow(), index=True)


class ReadinessProbe(Table):
    """One row that the readiness check writes; padding makes each write need room on the disk."""

    id = Integer(primary_key=True)
    written_at = Timestamptz(default=TimestamptzNow())
    padding = Bytea()


class ServiceBeat(Table):
    """One row that tells when a web process last answered; from a gap an outage is known."""

    id = Integer(primary_key=True)
    seen_at = Timestamptz(default=TimestamptzNow())


class AuditEntry(Table):
    """Who did what; a trigger refuses changes, and each digest covers the one before it. `details` is JSON."""

    id = BigInt(primary_key=True)
    at = Timestamptz(default=TimestamptzNow())
    actor_kind = Text()
    actor = Text()
    source = Text()
    action = Text()
    platform = Integer(null=True, default=None)
    subject = Text()
    details = Text(default="{}")
    previous = Bytea()
    digest = Bytea()


class Worker(Table):
    """A process that runs jobs, while it is alive; `state` is what it last said of itself and of its vendors."""

    id = UUID(primary_key=True, default=UUID4())
    state = JSONB()
    seen_at = Timestamptz(default=TimestamptzNow())


TABLES: tuple[type[Table], ...] = (
    Platform,
    RetakePolicy,
    ApiKey,
    Student,
    Verification,
    Session,
    SourceItem,
    Skill,
    ConceptMap,
    VerificationSkill,
    QuestionSet,
    ShownItem,
    Attempt,
    Generation,
    AheadEvent,
    OutboxMessage,
    IdempotentRequest,
    RateWindow,
    VendorAttempt,
    VendorLatency,
    SpendDay,
    SpendReservation,
    ReadinessProbe,
    ServiceBeat,
    AuditEntry,
    Worker,
)
