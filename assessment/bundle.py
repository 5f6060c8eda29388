"""How many skills one source may carry, and that none is verified twice.

A bundle is a student's skills for one source item, over all verifications of that student.
"""

from collections.abc import Collection, Sequence

from assessment.errors import Detail, DuplicateSkillsInBundle, MaxSkillsPerSource
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
        raise MaxSkillsPerSource(Detail("skills", f"are {len(own)} different ones"))
    for source in sorted(sources):
        _check_source(source, own, method, [claim for claim in claimed if claim.source_key == source])


def _check_source(
    source: SourceKey, own: frozenset[str], method: Method | None, others: Sequence[ClaimedSkills]
) -> None:
    kind, external_id = source
    together = own.union(*(claim.skill_ids for claim in others))
    if len(together) > MAX_SKILLS_PER_SOURCE:
        elsewhere = len(together - own)
        reason = f"{kind} {external_id} would carry {len(together)}, {elsewhere} of them from other verifications"
        raise MaxSkillsPerSource(Detail("skills", reason))
    verified = {skill_id for claim in others if claim.method is method for skill_id in claim.verified}
    twice = [
        Detail("skillId", f"{skill_id} is verified for {kind} {external_id}") for skill_id in sorted(own & verified)
    ]
    if twice:
        raise DuplicateSkillsInBundle(*twice)
