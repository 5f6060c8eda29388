"""How many skills one source carries, and that none is verified twice."""

import pytest

from assessment.bundle import check_bundle
from assessment.errors import Detail, DuplicateSkillsInBundle, MaxSkillsPerSource, RetakeError
from assessment.models import ClaimedSkills, Method, SourceKind

ONE = (SourceKind.PROJECT, "one")
TWO = (SourceKind.PROJECT, "two")
JOB_ONE = (SourceKind.EXPERIENCE, "one")

FULL = "MAX_SKILLS_PER_SOURCE"
TWICE = "DUPLICATE_SKILLS_IN_BUNDLE"


def ids(count: int, first: int = 0) -> frozenset[str]:
    return frozenset(f"skill-{number}" for number in range(first, first + count))


def claim(
    source: tuple[SourceKind, str],
    held: frozenset[str],
    verified: frozenset[str] = frozenset(),
    by: Method | None = None,
) -> ClaimedSkills:
    return ClaimedSkills(source, by or Method.ASSESSMENT, held, verified)


TABLE = [
    ("ten skills before any source", ids(10), set(), [], None),
    ("eleven skills before any source", ids(11), set(), [], FULL),
    ("eleven skills on one source", ids(11), {ONE}, [], FULL),
    ("no source attached here: others do not count", ids(10), set(), [claim(ONE, ids(10, 10))], None),
    ("ten with another verification's", ids(4), {ONE}, [claim(ONE, ids(6, 4))], None),
    ("eleven with another verification's", ids(4), {ONE}, [claim(ONE, ids(7, 4))], FULL),
    ("the same skills count once", ids(10), {ONE}, [claim(ONE, ids(10))], None),
    ("eleven over three verifications", ids(3), {ONE}, [claim(ONE, ids(4, 3)), claim(ONE, ids(4, 7))], FULL),
    ("other sources of the student do not count", ids(10), {ONE}, [claim(TWO, ids(10, 10))], None),
    ("the same id of another kind is another source", ids(10), {ONE}, [claim(JOB_ONE, ids(10, 10))], None),
    ("one full source is enough", ids(2), {ONE, TWO}, [claim(TWO, ids(9, 5))], FULL),
    ("verified for the same source", ids(2), {ONE}, [claim(ONE, ids(1), ids(1))], TWICE),
    ("verified for another source", ids(2), {ONE}, [claim(TWO, ids(1), ids(1))], None),
    ("held but not verified", ids(2), {ONE}, [claim(ONE, ids(2))], None),
    ("another skill verified", ids(2), {ONE}, [claim(ONE, ids(3), ids(1, 2))], None),
    ("verified by another method", ids(2), {ONE}, [claim(ONE, ids(1), ids(1), Method.HUMAN)], None),
    ("full before twice", ids(4), {ONE}, [claim(ONE, ids(8, 3), ids(1, 3))], FULL),
    ("no skills yet", frozenset[str](), {ONE}, [claim(ONE, ids(10), ids(10))], None),
]  # fmt: skip  # a table reads by its columns


@pytest.mark.parametrize(
    ("own", "sources", "claimed", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_a_bundle_is_full_at_ten_and_verifies_a_skill_once(
    own: frozenset[str], sources: set[tuple[SourceKind, str]], claimed: list[ClaimedSkills], expected: str | None
) -> None:
    assert refusal(own, sources, claimed) == expected


def test_a_refusal_names_the_source_and_how_many_skills_come_from_elsewhere() -> None:
    with pytest.raises(MaxSkillsPerSource) as full:
        check_bundle(ids(4), {ONE, TWO}, Method.ASSESSMENT, [claim(TWO, ids(8, 3))])
    assert full.value.details == (Detail("skills", "project two would carry 11, 7 of them from other verifications"),)
    with pytest.raises(MaxSkillsPerSource) as alone:
        check_bundle(ids(12), set(), None, [])
    assert alone.value.details == (Detail("skills", "are 12 different ones"),)


def test_a_refusal_names_each_skill_that_is_verified_for_the_source() -> None:
    with pytest.raises(DuplicateSkillsInBundle) as twice:
        check_bundle(
            ids(4), {JOB_ONE}, Method.ASSESSMENT, [claim(JOB_ONE, ids(6), ids(2, 1)), claim(ONE, ids(1), ids(1))]
        )
    assert twice.value.details == (
        Detail("skillId", "skill-1 is verified for experience one"),
        Detail("skillId", "skill-2 is verified for experience one"),
    )


def refusal(own: frozenset[str], sources: set[tuple[SourceKind, str]], claimed: list[ClaimedSkills]) -> str | None:
    try:
        check_bundle(own, sources, Method.ASSESSMENT, claimed)
    except RetakeError as error:
        return error.code
    return None
