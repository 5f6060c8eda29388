"""Use case: choose the skills to verify."""

from collections.abc import Mapping, Sequence

from assessment.bundle import check_bundle
from assessment.errors import Detail, InvalidInput
from assessment.evidence import ChosenSkill, Evidence, EvidenceChange, NamedSkill
from assessment.models import Standing
from assessment.ports import SkillNames, VerificationStore
from assessment.scoring.eligibility import may_change_evidence


async def choose_skills(
    *, standing: Standing, skills: Sequence[ChosenSkill], store: VerificationStore, names: SkillNames
) -> None:
    """Replace the skills to verify.

    Raises AssessmentAlreadyPassed, InvalidInput for an unknown skill without a name, MaxSkillsPerSource,
    DuplicateSkillsInBundle.
    """
    known = await names.names_of(standing.platform_id, [skill.skill_id for skill in skills])

    def decide(evidence: Evidence) -> EvidenceChange:
        may_change_evidence(evidence.standing)
        named = tuple(_named(position, skill, known) for position, skill in enumerate(skills))
        skill_ids = {skill.skill_id for skill in named}
        check_bundle(skill_ids, evidence.attached, evidence.standing.method, evidence.claimed)
        return EvidenceChange(discards_set=skill_ids != evidence.skill_ids, skills=named)

    await store.change(standing.verification_id, decide)


def _named(position: int, skill: ChosenSkill, known: Mapping[str, str]) -> NamedSkill:
    name = known.get(skill.skill_id, skill.name)
    if name is None:
        reason = "is needed, since the catalogue does not know this skillId"
        raise InvalidInput(Detail(f"skills[{position}].name", reason))
    return NamedSkill(skill.skill_id, name, skill.proof_urls)
