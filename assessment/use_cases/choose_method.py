"""Use case: choose how the skills are verified."""

from assessment.bundle import check_bundle
from assessment.evidence import Evidence, EvidenceChange
from assessment.models import Method
from assessment.ports import VerificationStore
from assessment.scoring.eligibility import may_change_evidence


async def choose_method(*, verification_id: str, method: Method, store: VerificationStore) -> None:
    """Store the method; the same again changes nothing. Raises AssessmentAlreadyPassed or DuplicateSkillsInBundle."""

    def decide(evidence: Evidence) -> EvidenceChange | None:
        if evidence.standing.method is method:
            return None
        may_change_evidence(evidence.standing)
        check_bundle(evidence.skill_ids, evidence.attached, method, evidence.claimed)
        return EvidenceChange(discards_set=True, method=method)

    await store.change(verification_id, decide)
