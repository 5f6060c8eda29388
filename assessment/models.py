"""The nouns of the domain, as frozen values."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

import msgspec

from assessment.findings import Finding
from assessment.quiet import Quiet


class Mode(StrEnum):
    """Whose data this is; live and test never meet."""

    LIVE = "live"
    TEST = "test"


class Method(StrEnum):
    """How a platform wants skills verified."""

    HUMAN = "human"
    ASSESSMENT = "assessment"


class SourceKind(StrEnum):
    """The three sorts of evidence a student brings."""

    PROJECT = "project"
    EXPERIENCE = "experience"
    CERTIFICATE = "certificate"


class SetState(StrEnum):
    """Life of a question set: made ahead, waiting for answers, scored."""

    PREPARED = "prepared"
    ACTIVE = "active"
    SUBMITTED = "submitted"


class SkillStatus(StrEnum):
    """What is known about one skill of one verification."""

    PENDING = "pending"
    VERIFIED = "verified"
    REJECTED = "rejected"


class Shown(StrEnum):
    """What the archive shows of a failed attempt: everything, what was right and wrong, or its score alone."""

    FULL = "full"
    SCORE = "score"
    NONE = "none"


class Difficulty(StrEnum):
    """How hard a question is meant to be."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


class Task(StrEnum):
    """What a question has the student do; one set mixes them, and a retake turns them round."""

    NEXT_STEP = "choose the best next step"
    DIAGNOSIS = "find the cause of a fault"
    PREDICTION = "predict what happens"
    COMPARISON = "weigh two approaches against each other"
    REVIEW = "judge work that a colleague hands in"


class Skill(msgspec.Struct, frozen=True):
    """A skill to verify."""

    skill_id: str
    name: str


class SourceItem(msgspec.Struct, frozen=True):
    """A project, job or certificate that questions may be set in.

    `title` and `facts` are the student's own words, hence untrusted. `facts` never holds a person's name or contact.
    """

    source_id: str
    kind: SourceKind
    title: str
    facts: tuple[tuple[str, str], ...] = ()


class OriginKind(StrEnum):
    """Who put a concept into its map: a model, the bank of the sandbox, or a person."""

    MODEL = "model"
    BANK = "bank"
    PERSON = "person"


class Origin(msgspec.Struct, frozen=True):
    """Where a concept comes from; model and prompt version are empty unless a model wrote it."""

    kind: OriginKind
    model: str = ""
    prompt_version: str = ""
    at: datetime | None = None


class Concept(msgspec.Struct, frozen=True):
    """One thing that a skill consists of, as its map has it.

    `tests` says what a question about it tests. A retired one is asked about no more.
    """

    concept_id: str
    name: str
    tests: str
    level: Difficulty
    origin: Origin
    is_retired: bool = False


class ConceptMap(msgspec.Struct, frozen=True):
    """What a skill consists of, in one language; every change makes a new version."""

    skill_id: str
    language: str
    version: int
    concepts: tuple[Concept, ...]


class MapKey(msgspec.Struct, frozen=True):
    """Whose map of which skill; without a platform it is that of the shared skill, for all platforms."""

    mode: Mode
    platform_id: int | None
    skill_id: str
    language: str


class ItemConcept(msgspec.Struct, frozen=True):
    """What an item tests; without an id where its writer named it and no map has it."""

    concept_id: str
    name: str


class Slot(msgspec.Struct, frozen=True):
    """One line of the blueprint: a question about this skill in the setting of this source.

    `concept` is None where the skill has no map, or none of it is left. `is_again` says that this student was asked
    about it before, and that now it has to be asked from another side.
    """

    skill: Skill
    source: SourceItem
    difficulty: Difficulty = Difficulty.MEDIUM
    task: Task = Task.NEXT_STEP
    concept: Concept | None = None
    is_again: bool = False


class Author(msgspec.Struct, frozen=True):
    """Who wrote an item: the vendor's label in the configuration, and its model."""

    vendor: str = ""
    model: str = ""


class Item(msgspec.Struct, frozen=True):
    """A written question before it is shown: `key` is the index of the right option.

    `difficulty` is what its writer or its bank states, empty when it states none; `findings` are the soft ones of the
    rules.
    """

    skill_id: str
    source_id: str
    stem: str
    options: tuple[str, ...]
    key: int
    rationale: str = ""
    difficulty: str = ""
    author: Author = Author()
    findings: tuple[Finding, ...] = ()
    concept: ItemConcept | None = None


class Question(msgspec.Struct, frozen=True):
    """An item as it is shown: options in display order, `key` an index into them."""

    question_id: str
    skill_id: str
    source_id: str
    stem: str
    options: tuple[str, ...]
    key: int
    rationale: str = ""
    difficulty: str = ""
    author: Author = Author()
    findings: tuple[Finding, ...] = ()
    concept: ItemConcept | None = None


class VendorShare(msgspec.Struct, frozen=True):
    """How many items of a set one model wrote."""

    vendor: str
    model: str
    items: int


class KeyCheck(msgspec.Struct, frozen=True):
    """Whether other vendors answered the set blind: who they were, and how many items they had dropped before.

    `doubted` items are still in it: they were doubted, and no complete set without them could be had in time.
    """

    solvers: tuple[str, ...] = ()
    is_complete: bool = False
    dropped: int = 0
    doubted: int = 0


class Provenance(msgspec.Struct, frozen=True):
    """Where a set comes from: kept with it and with the attempt it becomes.

    `rejected` counts the findings that kept items out, by rule. `robots` says for each robot of the rules how many
    keys it hits on average. `key_check` is None where no solvers are configured. `passed_over` items had been left out
    without breaking a rule, and were used when nobody wrote others in time.
    """

    vendors: tuple[VendorShare, ...] = ()
    prompt_version: str = ""
    config_hash: str = ""
    rounds: int = 0
    rejected: dict[str, int] = {}
    robots: dict[str, float] = {}
    language: str = ""
    key_check: KeyCheck | None = None
    passed_over: int = 0


class WrittenSet(msgspec.Struct, frozen=True):
    """What a question writer hands over: complete and checked, not yet shuffled."""

    items: tuple[Item, ...]
    provenance: Provenance


class QuestionSet(msgspec.Struct, frozen=True):
    """The set a student answers; `saved` are the options chosen so far, by question. `started_at`: when first sent."""

    set_id: str
    state: SetState
    questions: tuple[Question, ...]
    provenance: Provenance
    saved: dict[str, int] = {}
    started_at: datetime | None = None
    ends_at: datetime | None = None


USUAL_MIX = {Difficulty.EASY: 3, Difficulty.MEDIUM: 5, Difficulty.HARD: 2}


class FormPlan(msgspec.Struct, frozen=True):
    """What every set of a deployment looks like; `mix` weighs the difficulties against each other.

    `jurisdiction` names the country whose law and standards questions may rest on; empty for none in particular.
    """

    total: int = 10
    language: str = "en"
    mix: dict[Difficulty, int] = msgspec.field(default_factory=lambda: dict(USUAL_MIX))
    jurisdiction: str = ""


class SeenItem(msgspec.Struct, frozen=True):
    """What is kept of an item that a student was shown, so that it does not come again.

    `signature` is what the rule of novelty compares (assessment.items.novelty); empty for items older than the rule.
    """

    skill_id: str
    stem: str
    signature: bytes = b""
    concept: ItemConcept | None = None


class Brief(msgspec.Struct, frozen=True):
    """An order to a question writer: one item per slot, none that repeats what was seen.

    `spares` are slots with concepts of their own, for the items that are written beyond the need.
    `language` is an ISO 639-1 code. `seed` makes an offline writer repeatable. `scenario` is a rehearsal that a
    test-mode client asked for. `quiet` is given where nobody waits for the set. `on_progress`
    is called with the number of items that stand, on whatever thread they are written.
    """

    mode: Mode
    slots: tuple[Slot, ...]
    spares: tuple[Slot, ...] = ()
    seen: tuple[SeenItem, ...] = ()
    language: str = "en"
    jurisdiction: str = ""
    seed: str = ""
    scenario: str | None = None
    quiet: Quiet | None = None
    on_progress: Callable[[int], None] | None = None


class Policy(msgspec.Struct, frozen=True):
    """How a platform's students may retake; the default is the published contract's, without a limit on attempts.

    `max_attempts` are submitted attempts of one verification, `cool_down` seconds from a failed submit to the next
    retake. `sets_per_attempt` may be written before a submit. None: no limit.
    """

    max_attempts: int | None = None
    cool_down: int = 0
    time_limit: int | None = None
    sets_per_attempt: int = 5
    answers: Shown = Shown.FULL

    def attempts_left(self, submitted: int) -> int | None:
        """How many attempts may still be submitted; None when there is no limit."""
        return None if self.max_attempts is None else max(0, self.max_attempts - submitted)


class Answer(msgspec.Struct, frozen=True):
    """The option a student chose, by its index as shown."""

    question_id: str
    selected: int


class SavedAnswer(msgspec.Struct, frozen=True):
    """A choice before the submit; None takes it back."""

    question_id: str
    selected: int | None


class SkillTally(msgspec.Struct, frozen=True):
    """Result of one attempt on one skill."""

    skill_id: str
    name: str
    correct: int
    total: int


class ConceptTally(msgspec.Struct, frozen=True):
    """Result of one attempt on one concept of a skill."""

    skill_id: str
    concept: str
    correct: int
    total: int


class AnsweredQuestion(msgspec.Struct, frozen=True):
    """A question of the archive: as shown, with what was chosen and what was right.

    `selected` is None where time was up before an answer.
    """

    question_id: str
    skill_id: str
    source_id: str
    stem: str
    options: tuple[str, ...]
    key: int
    selected: int | None
    rationale: str = ""
    difficulty: str = ""
    author: Author = Author()
    findings: tuple[Finding, ...] = ()
    concept: ItemConcept | None = None


class Timing(msgspec.Struct, frozen=True):
    """When an attempt was begun, when it had to end, and the factor the time limit was multiplied by."""

    started_at: datetime | None = None
    ends_at: datetime | None = None
    time_factor: float = 1.0


class ScoredAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one submission. `score` is a percentage, 0 to 100.

    `timed_out`: the time was up, and what had been saved was scored.
    """

    number: int
    score: int
    passed: bool
    correct: int
    total: int
    skills: tuple[SkillTally, ...]
    submitted_at: datetime
    timed_out: bool = False
    concepts: tuple[ConceptTally, ...] = ()

    @property
    def to_work_on(self) -> tuple[ConceptTally, ...]:
        """The concepts that were not all answered rightly, of an attempt that failed."""
        return () if self.passed else tuple(tally for tally in self.concepts if tally.correct < tally.total)


class Attempt(ScoredAttempt, frozen=True, kw_only=True):
    """One scored submission, self-contained and never changed; `policy` is the one it was taken under."""

    questions: tuple[AnsweredQuestion, ...]
    provenance: Provenance
    policy: Policy = Policy()
    timing: Timing = Timing()


class Spent(msgspec.Struct, frozen=True):
    """How often something was done for one attempt, and after how many seconds counting begins anew."""

    times: int = 0
    seconds: int = 0


class Standing(msgspec.Struct, frozen=True):
    """All that decides what may happen next to one verification.

    `revision` grows with every change, so that a slow generation notices when its ground has moved; `ended` counts
    the generations that ended, so that a call knows with which it overlapped. `sets` were written and `starts` begun
    for the attempt to come. `set_state` is None while there is no current set. `cooling` are the seconds until the
    policy allows a retake, at `retake_allowed_at`. `time_limit` is in seconds, the factor applied. `is_over`: the time
    of the set that waits is up, and it is about to be scored; `timed_out`: it was scored for that.
    """

    verification_id: str
    platform_id: int
    student_id: str
    mode: Mode
    method: Method | None
    is_locked: bool
    attempts: int
    last_score: int | None
    last_passed: bool | None
    set_state: SetState | None
    has_sources: bool
    has_skills: bool
    revision: int
    ended: int = 0
    sets: Spent = Spent()
    starts: Spent = Spent()
    policy: Policy = Policy()
    cooling: int = 0
    retake_allowed_at: datetime | None = None
    time_factor: float = 1.0
    time_limit: int | None = None
    started_at: datetime | None = None
    ends_at: datetime | None = None
    is_over: bool = False
    timed_out: bool = False


class Verification(msgspec.Struct, frozen=True):
    """A verification as the question writer needs it; `seen` are the items this student was shown before.

    `seen_upto` is the number of the last of them.
    """

    standing: Standing
    skills: tuple[Skill, ...]
    sources: tuple[SourceItem, ...]
    seen: tuple[SeenItem, ...]
    current_set: QuestionSet | None
    seen_upto: int = 0


class ClaimedSkills(msgspec.Struct, frozen=True):
    """Skills that another verification of the same student holds for one source.

    `verified` are those already proven by `method`.
    """

    source_key: tuple[SourceKind, str]
    method: Method | None
    skill_ids: frozenset[str]
    verified: frozenset[str]
