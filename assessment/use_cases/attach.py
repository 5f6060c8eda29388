"""Use case: attach the source items that questions may draw on."""

from collections.abc import Mapping

from assessment.bundle import check_bundle
from assessment.errors import Detail, UnknownItem, VerificationMethodNotSet
from assessment.evidence import Evidence, EvidenceChange, ItemRecord
from assessment.models import SourceKind
from assessment.ports import VerificationStore
from assessment.scoring.eligibility import may_change_evidence

NAMED = 10  # unknown items named in one refusal: a body has room for thousands


async def attach(
    *, verification_id: str, chosen: Mapping[tuple[SourceKind, str], str], store: VerificationStore
) -> list[ItemRecord]:
    """Replace the attached items, and give them in the order they were sent; `chosen` says where each was named.

    Raises VerificationMethodNotSet, UnknownItem, AssessmentAlreadyPassed, MaxSkillsPerSource, DuplicateSkillsInBundle.
    """

    def decide(evidence: Evidence) -> EvidenceChange:
        if evidence.standing.method is None:
            raise VerificationMethodNotSet
        _require_known(chosen, evidence)
        may_change_evidence(evidence.standing)
        check_bundle(evidence.skill_ids, chosen, evidence.standing.method, evidence.claimed)
        attached = frozenset(chosen)
        return EvidenceChange(discards_set=attached != evidence.attached, attached=attached)

    evidence = await store.change(verification_id, decide)
    return [item for item in evidence.items if item.key in chosen]


def _require_known(chosen: Mapping[tuple[SourceKind, str], str], evidence: Evidence) -> None:
    known = {item.key for item in evidence.items}
    unknown = [place for key, place in chosen.items() if key not in known]
    if unknown:
        raise UnknownItem(*(Detail(place, "was not sent to /verify") for place in unknown[:NAMED]))
