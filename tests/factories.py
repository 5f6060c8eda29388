"""Values of the domain for unit tests; every argument has a default that fits the others."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from assessment.models import (
    Answer,
    Item,
    Method,
    Mode,
    Provenance,
    Question,
    QuestionSet,
    SeenItem,
    SetState,
    Skill,
    SourceItem,
    SourceKind,
    Standing,
    Verification,
)
from fakes.item_maker import make

VERIFICATION = "ver_test_1"
NOON = datetime(2030, 1, 1, 12, 0, 0, 123_456, tzinfo=UTC)

PREPARED = Standing(
    verification_id=VERIFICATION,
    platform_id=1,
    student_id="usr_test_1",
    mode=Mode.TEST,
    method=Method.ASSESSMENT,
    is_locked=False,
    attempts=0,
    last_score=None,
    last_passed=None,
    set_state=None,
    has_sources=True,
    has_skills=True,
    revision=1,
)
READY = msgspec.structs.replace(PREPARED, set_state=SetState.ACTIVE)
FAILED = msgspec.structs.replace(
    PREPARED, attempts=1, last_score=50, last_passed=False, set_state=SetState.SUBMITTED, revision=3
)
RETAKEN = msgspec.structs.replace(FAILED, set_state=SetState.ACTIVE, revision=4)
LOCKED = msgspec.structs.replace(FAILED, is_locked=True, last_score=100, last_passed=True)
UNLOCKED = msgspec.structs.replace(LOCKED, is_locked=False)


def standing(base: Standing = PREPARED, **changes: Any) -> Standing:
    return msgspec.structs.replace(base, **changes)


def skills(count: int) -> tuple[Skill, ...]:
    return tuple(Skill(f"skill-{number}", f"Skill {number}") for number in range(count))


def sources(count: int) -> tuple[SourceItem, ...]:
    return tuple(SourceItem(f"prj_{number}", SourceKind.PROJECT, f"Project {number}") for number in range(count))


def item(**changes: Any) -> Item:
    """An item without a fault, for the first of `skills` and the first of `sources`."""
    clean = Item(
        skill_id="skill-0",
        source_id="prj_0",
        stem="Which join keeps every row of the first table, matched or not?",
        options=("LEFT JOIN", "INNER JOIN", "CROSS JOIN", "SELF JOIN"),
        key=0,
        rationale="An outer join on the left keeps its rows.",
    )
    return msgspec.structs.replace(clean, **changes)


def items(count: int) -> tuple[Item, ...]:
    """Items that differ in stem and in every option."""
    return tuple(item(stem=it["stem"], options=tuple(it["options"]), key=it["key"]) for it in map(make, range(count)))


def question(number: int, key: int = 0, skill_id: str = "skill-0") -> Question:
    return Question(
        question_id=f"q_{number}",
        skill_id=skill_id,
        source_id="prj_0",
        stem=f"Stem {number}?",
        options=tuple(f"{number}{letter}" for letter in "abcd"),
        key=key,
        rationale=f"Because of {number}.",
    )


def question_set(
    questions: Sequence[Question], state: SetState = SetState.ACTIVE, set_id: str = "set-0"
) -> QuestionSet:
    return QuestionSet(set_id, state, tuple(questions), Provenance(), started_at=NOON)


def answered(questions: Sequence[Question], right: int) -> list[Answer]:
    """Answer the first `right` questions rightly, the others with the option after the key."""
    return [
        Answer(question.question_id, question.key if position < right else (question.key + 1) % 4)
        for position, question in enumerate(questions)
    ]


def verification(
    base: Standing = PREPARED, current: QuestionSet | None = None, seen: tuple[SeenItem, ...] = ()
) -> Verification:
    return Verification(standing=base, skills=skills(3), sources=sources(2), seen=seen, current_set=current)
