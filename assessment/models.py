"""The nouns of the domain, as frozen values."""

from datetime import datetime
from enum import StrEnum

import msgspec


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


class Slot(msgspec.Struct, frozen=True):
    """One line of the blueprint: a question about this skill in the setting of this source."""

    skill: Skill
    source: SourceItem


class Item(msgspec.Struct, frozen=True):
    """A written question before it is shown: `key` is the index of the right option."""

    skill_id: str
    source_id: str
    stem: str
    options: tuple[str, ...]
    key: int
    rationale: str = ""


class Question(msgspec.Struct, frozen=True):
    """An item as it is shown: options in display order, `key` an index into them."""

    question_id: str
    skill_id: str
    source_id: str
    stem: str
    options: tuple[str, ...]
    key: int
    rationale: str = ""


class VendorShare(msgspec.Struct, frozen=True):
    """How many items of a set one model wrote."""

    vendor: str
    model: str
    items: int


class Provenance(msgspec.Struct, frozen=True):
    """Where a set comes from: kept with it and with the attempt it becomes."""

    vendors: tuple[VendorShare, ...] = ()
    prompt_version: str = ""
    config_hash: str = ""
    rounds: int = 0
    rejected: dict[str, int] = {}


class WrittenSet(msgspec.Struct, frozen=True):
    """What a question writer hands over: complete and checked, not yet shuffled."""

    items: tuple[Item, ...]
    provenance: Provenance


class QuestionSet(msgspec.Struct, frozen=True):
    """The set a student answers."""

    set_id: str
    state: SetState
    questions: tuple[Question, ...]
    provenance: Provenance


class Brief(msgspec.Struct, frozen=True):
    """An order to a question writer: one item per slot, none that repeats a seen stem.

    `seed` makes an offline writer repeatable. `scenario` is a rehearsal that a test-mode client asked for.
    """

    mode: Mode
    slots: tuple[Slot, ...]
    seen: tuple[str, ...] = ()
    seed: str = ""
    scenario: str | None = None


class Answer(msgspec.Struct, frozen=True):
    """The option a student chose, by its index as shown."""

    question_id: str
    selected: int


class SkillTally(msgspec.Struct, frozen=True):
    """Result of one attempt on one skill."""

    skill_id: str
    name: str
    correct: int
    total: int


class AnsweredQuestion(msgspec.Struct, frozen=True):
    """A question of the archive: as shown, with what was chosen and what was right."""

    question_id: str
    skill_id: str
    source_id: str
    stem: str
    options: tuple[str, ...]
    key: int
    selected: int
    rationale: str = ""


class Attempt(msgspec.Struct, frozen=True):
    """One scored submission, self-contained and never changed. `score` is a percentage, 0 to 100."""

    number: int
    score: int
    passed: bool
    correct: int
    total: int
    questions: tuple[AnsweredQuestion, ...]
    skills: tuple[SkillTally, ...]
    provenance: Provenance
    submitted_at: datetime


class Standing(msgspec.Struct, frozen=True):
    """All that decides what may happen next to one verification.

    `revision` grows with every change, so that a slow generation notices when its ground has moved.
    `set_state` is None while there is no current set.
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


class Dossier(msgspec.Struct, frozen=True):
    """A verification as the question writer needs it; `seen` are the stems this student was shown before."""

    standing: Standing
    skills: tuple[Skill, ...]
    sources: tuple[SourceItem, ...]
    seen: tuple[str, ...]
    current_set: QuestionSet | None


class ClaimedSkills(msgspec.Struct, frozen=True):
    """Skills that another verification of the same student holds for one source.

    `verified` are those already proven by `method`.
    """

    source_key: tuple[SourceKind, str]
    method: Method | None
    skill_ids: frozenset[str]
    verified: frozenset[str]
