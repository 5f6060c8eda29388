"""How many skills one source may carry, and that none is verified twice.

A bundle is a student's skills for one source item, over all verifications of that student.
"""

from collections.abc import Collection, Sequence

from assessment.errors import DuplicateSkillsInBundle, MaxSkillsPerSource
from assessment.models import ClaimedSkills, Method, SourceKind

MAX_SKILLS_PER_SOURCE = 10

SourceKey = tuple[SourceKind, str]


def check_bundle(
    skill_ids: Collection[str],
    sources: Collection[SourceKey],
    method: Method | None,
    claimed: Sequence[ClaimedSkills],
) -> None:
    """Check skills against the sources they are attached to; `claimed` is what other verifications hold.

    Before any source is attached only the skills themselves are counted. Raises MaxSkillsPerSource or
    DuplicateSkillsInBundle.
    """
    own = frozenset(skill_ids)
    if len(own) > MAX_SKILLS_PER_SOURCE:
        raise MaxSkillsPerSource
    for source in sources:
        others = [claim for claim in claimed if claim.source_key == source]
        if len(own.union(*(claim.skill_ids for claim in others))) > MAX_SKILLS_PER_SOURCE:
            raise MaxSkillsPerSource
        if any(own & claim.verified for claim in others if claim.method is method):
            raise DuplicateSkillsInBundle
