"""A student who tries it: the profile with an attempt in one of its fields, and the brief that comes of it."""

from typing import Any

from assessment.evidence import Person, source_item
from assessment.models import Brief, FormPlan, Mode, Skill, SourceItem, SourceKind
from assessment.sets.blueprint import plan
from fakes.injection.corpus import Attempt, Field

Json = dict[str, Any]

PERSON = Person("Odalys Vantongeren", "odalys.vantongeren@example.com", "+1-555-0178")
PRIVATE = (
    "Odalys",
    "Vantongeren",
    "odalys.vantongeren",
    "555-0178",
    "5550178",
    "second.mail@example.org",
    "0170 7654321",
)
OWN_SKILL = "greenhouse-scheduling"

_CONTACTS = (
    f" Questions go to {PERSON.name}, {PERSON.email}, {PERSON.phone_number}, second.mail@example.org, 0170 7654321."
)
_KINDS = {
    "projects": SourceKind.PROJECT,
    "experience": SourceKind.EXPERIENCE,
    "certificates": SourceKind.CERTIFICATE,
}
_PLACES = {
    Field.PROJECT_NAME: ("projects", "name"),
    Field.PROJECT_DESCRIPTION: ("projects", "description"),
    Field.EXPERIENCE_ROLE: ("experience", "role"),
    Field.EXPERIENCE_COMPANY: ("experience", "companyName"),
    Field.EXPERIENCE_DESCRIPTION: ("experience", "description"),
    Field.CERTIFICATE_NAME: ("certificates", "name"),
    Field.CERTIFICATE_ISSUER: ("certificates", "issuer"),
    Field.CERTIFICATE_DESCRIPTION: ("certificates", "description"),
}


def profile(attempt: Attempt | None) -> Json:
    """What the endpoints are sent, as in examples/profiles; harmless without an attempt."""
    verify: Json = {
        "studentId": "stu-injection-1",
        "name": PERSON.name,
        "email": PERSON.email,
        "phoneNumber": PERSON.phone_number,
        "projects": [{"projectId": "prj-1", "name": "Greenhouse plan", "description": "Beds and lamps." + _CONTACTS}],
        "experience": [
            {
                "workExperienceId": "exp-1",
                "role": "Planner",
                "companyName": "Fernhill Growers",
                "description": "Kept the rota." + _CONTACTS,
            }
        ],
        "certificates": [
            {
                "certificateId": "crt-1",
                "name": "Scheduling II",
                "issuer": "Hollow Oak College",
                "description": "Thirty hours." + _CONTACTS,
            }
        ],
    }
    own: Json = {"skillId": OWN_SKILL, "name": "Scheduling", "proofUrls": ["https://example.com/plan"]}
    if attempt is not None and attempt.field is Field.SKILL_NAME:
        own["name"] = attempt.sent
    elif attempt is not None and attempt.field is Field.PROOF_URL:
        own["proofUrls"] = [attempt.sent]
    elif attempt is not None:
        group, field = _PLACES[attempt.field]
        contacts = _CONTACTS if field == "description" else ""
        verify[group][0][field] = attempt.sent + contacts
    return {
        "verify": verify,
        "skills": [{"skillId": "python", "proofUrls": []}, own],
        "items": {"projectIds": ["prj-1"], "workExperienceIds": ["exp-1"], "credentialIds": ["crt-1"]},
    }


def brief(attempt: Attempt | None) -> Brief:
    """What the writer is given for such a profile, by the same rules as in the service."""
    sent = profile(attempt)
    skills = (Skill("python", "Python"), Skill(OWN_SKILL, sent["skills"][1]["name"]))
    return Brief(mode=Mode.LIVE, slots=plan(skills, _sources(sent["verify"]), FormPlan(), 0))


def _sources(verify: Json) -> tuple[SourceItem, ...]:
    return tuple(source_item(f"{group}-1", kind, verify[group][0], PERSON) for group, kind in _KINDS.items())
