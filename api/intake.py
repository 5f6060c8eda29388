"""From the JSON of each endpoint to values of the domain, with the checks in the order of the contract."""

from collections.abc import Sequence
from typing import Any

from api.fields import (
    EMAIL,
    MAX_EMAIL,
    MAX_ID,
    MAX_NAME,
    MAX_PHONE,
    MAX_TEXT,
    MAX_URL,
    PHONE,
    Fields,
    callback_url,
    http_url,
    matching,
    optional_text,
    required_text,
)
from assessment.errors import (
    Detail,
    ForbiddenVerification,
    InvalidDataFormat,
    InvalidInput,
    InvalidSkillIds,
    InvalidVerificationMethod,
    MissingCallbackWebhookUrl,
    MissingContact,
    MissingName,
    MissingSkillId,
    MissingSkills,
    MissingStudentId,
    MissingVerificationId,
    MissingVerificationMethod,
    NoDataSent,
    NoItemsSelected,
)
from assessment.evidence import (
    FACT_FIELDS,
    ID_FIELDS,
    TITLE_FIELDS,
    ChosenSkill,
    Opening,
    Person,
    SentItem,
)
from assessment.models import Answer, Method, Skill, SourceKind, Standing

LIST_FIELDS = {
    SourceKind.PROJECT: "projects",
    SourceKind.EXPERIENCE: "experience",
    SourceKind.CERTIFICATE: "certificates",
}
CHOICE_FIELDS = {
    SourceKind.PROJECT: "projectIds",
    SourceKind.EXPERIENCE: "workExperienceIds",
    SourceKind.CERTIFICATE: "credentialIds",
}
DATE_FIELDS = {
    SourceKind.PROJECT: ("startDate", "endDate"),
    SourceKind.EXPERIENCE: ("startDate", "endDate"),
    SourceKind.CERTIFICATE: ("issueDate",),
}
MAX_PROOF_URLS = 20
NOT_OWN = "is not this session's"
MAX_SKILLS = 100
MAX_ITEMS = 500  # of one kind: more than anybody has done


def opening(fields: Fields, *, private_webhooks: bool) -> Opening:
    """Read the body of POST /verify; webhooks to the operator's own network are refused unless allowed."""
    student_id = required_text(fields, "studentId", MissingStudentId, MAX_ID)
    url = required_text(fields, "callbackWebhookUrl", MissingCallbackWebhookUrl, MAX_URL)
    name = required_text(fields, "name", MissingName, MAX_NAME)
    email = optional_text(fields, "email", MAX_EMAIL)
    phone = optional_text(fields, "phoneNumber", MAX_PHONE)
    if email is None and phone is None:
        raise MissingContact(Detail("email", "is required where there is no phoneNumber"))
    lists = {kind: fields.get(field) for kind, field in LIST_FIELDS.items()}
    no_arrays = [kind for kind, sent in lists.items() if not isinstance(sent, list)]
    if no_arrays:
        raise InvalidDataFormat(*(Detail(LIST_FIELDS[kind], "must be an array") for kind in no_arrays))
    if not any(lists.values()):
        raise NoDataSent
    return Opening(
        external_student_id=student_id,
        callback_url=callback_url(url, "callbackWebhookUrl", may_be_private=private_webhooks),
        person=Person(
            name=name,
            email=matching(email, EMAIL, "email", "an e-mail address"),
            phone_number=matching(phone, PHONE, "phoneNumber", "a phone number"),
        ),
        skill_ids=_skill_ids(fields.get("skillIds")),
        items=tuple(item for kind, sent in lists.items() for item in _sent_items(kind, sent or [])),
    )


def own_verification(fields: Fields, standing: Standing) -> None:
    """Check that the ids in a body are the session's own. Raises MissingVerificationId or ForbiddenVerification."""
    named = required_text(fields, "recordVerificationId", MissingVerificationId, MAX_ID)
    if named != standing.verification_id:
        raise ForbiddenVerification(Detail("recordVerificationId", NOT_OWN))


def own_student(fields: Fields, standing: Standing) -> None:
    """Check that the student in a body is the session's own. Raises InvalidInput or ForbiddenVerification."""
    if required_text(fields, "recordUserId", InvalidInput, MAX_ID) != standing.student_id:
        raise ForbiddenVerification(Detail("recordUserId", NOT_OWN))


def chosen_skills(fields: Fields) -> list[ChosenSkill]:
    """Read the skills to store; a skill sent twice is one, with the proof URLs of both."""
    sent = fields.get("skills")
    if not isinstance(sent, list) or not sent:
        raise MissingSkills(Detail("skills", "must be an array with at least one entry"))
    if len(sent) > MAX_SKILLS:
        raise InvalidInput(Detail("skills", f"must have at most {MAX_SKILLS} entries"))
    merged: dict[str, ChosenSkill] = {}
    for position, entry in enumerate(sent):
        skill = _chosen_skill(entry, f"skills[{position}]")
        earlier = merged.get(skill.skill_id)
        urls = (*earlier.proof_urls, *skill.proof_urls) if earlier else skill.proof_urls
        name = skill.name or (earlier.name if earlier else None)
        merged[skill.skill_id] = ChosenSkill(skill.skill_id, name, tuple(dict.fromkeys(urls)))
    return list(merged.values())


def named_skill(skill_id: str, fields: Fields) -> Skill:
    """Read the name that a platform gives a skill; the id stands in the path."""
    if "\x00" in skill_id:
        raise InvalidInput(Detail("skillId", "holds a NUL character"))
    return Skill(
        required_text({"skillId": skill_id}, "skillId", MissingSkillId, MAX_ID),
        required_text(fields, "name", MissingName, MAX_NAME),
    )


def method(fields: Fields) -> Method:
    """Read how the skills are to be verified."""
    value = fields.get("verificationMethod")
    if value is None or (isinstance(value, str) and not value.strip()):
        raise MissingVerificationMethod(Detail("verificationMethod", "is required"))
    if not isinstance(value, str) or value not in list(Method):
        raise InvalidVerificationMethod(Detail("verificationMethod", f"must be {' or '.join(Method)}"))
    return Method(value)


def chosen_items(fields: Fields) -> dict[tuple[SourceKind, str], str]:
    """Read which source items to attach, and where in the body each is named."""
    chosen = {
        (kind, item): f"{field}[{position}]"
        for kind, field in CHOICE_FIELDS.items()
        for position, item in enumerate(_ids(fields.get(field), field))
    }
    if not chosen:
        raise NoItemsSelected
    return chosen


def answers(fields: Fields) -> list[Answer | None] | None:
    """Read the answers: None when there are none, and None in the place of one that cannot be read."""
    sent = fields.get("answers")
    if not isinstance(sent, list) or not sent:
        return None
    return [_answer(entry) for entry in sent]


def _answer(entry: object) -> Answer | None:
    if not isinstance(entry, dict):
        return None
    question_id, selected = entry.get("questionId"), entry.get("selectedAnswer")
    if not isinstance(question_id, str) or type(selected) is not int:
        return None
    return Answer(question_id, selected)


def _skill_ids(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise InvalidSkillIds(Detail("skillIds", "must be an array"))
    if len(value) > MAX_ITEMS:
        raise InvalidSkillIds(Detail("skillIds", f"must have at most {MAX_ITEMS} entries"))
    for position, entry in enumerate(value):
        if not isinstance(entry, str) or not entry.strip() or len(entry) > MAX_ID:
            raise InvalidSkillIds(Detail(f"skillIds[{position}]", f"must be a text of at most {MAX_ID} characters"))
    return tuple(value)


def _sent_items(kind: SourceKind, sent: Sequence[object]) -> list[SentItem]:
    if len(sent) > MAX_ITEMS:
        raise InvalidInput(Detail(LIST_FIELDS[kind], f"must have at most {MAX_ITEMS} entries"))
    items = [_sent_item(kind, entry, f"{LIST_FIELDS[kind]}[{position}]") for position, entry in enumerate(sent)]
    before: set[str] = set()
    for position, item in enumerate(items):
        if item.external_id in before:
            raise InvalidInput(Detail(f"{LIST_FIELDS[kind]}[{position}].{ID_FIELDS[kind]}", "is there twice"))
        before.add(item.external_id)
    return items


def _sent_item(kind: SourceKind, entry: object, path: str) -> SentItem:
    if not isinstance(entry, dict):
        raise InvalidInput(Detail(path, "must be an object"))
    external_id = required_text(entry, ID_FIELDS[kind], InvalidInput, MAX_ID, path)
    required_text(entry, TITLE_FIELDS[kind], InvalidInput, MAX_NAME, path)
    if kind is SourceKind.EXPERIENCE:
        required_text(entry, "companyName", InvalidInput, MAX_NAME, path)
    for field in (*FACT_FIELDS[kind], *DATE_FIELDS[kind]):
        optional_text(entry, field, MAX_TEXT, path)
    return SentItem(kind, external_id, entry)


def _chosen_skill(entry: Any, path: str) -> ChosenSkill:
    if not isinstance(entry, dict):
        raise InvalidInput(Detail(path, "must be an object"))
    skill_id = required_text(entry, "skillId", MissingSkillId, MAX_ID, path)
    urls = [] if entry.get("proofUrls") is None else entry["proofUrls"]
    if not isinstance(urls, list) or len(urls) > MAX_PROOF_URLS:
        raise InvalidInput(Detail(f"{path}.proofUrls", f"must be an array of at most {MAX_PROOF_URLS} URLs"))
    return ChosenSkill(
        skill_id=skill_id,
        name=optional_text(entry, "name", MAX_NAME, path),
        proof_urls=tuple(_proof_url(url, f"{path}.proofUrls[{index}]") for index, url in enumerate(urls)),
    )


def _proof_url(url: object, path: str) -> str:
    if not isinstance(url, str):
        raise InvalidInput(Detail(path, "must be a string"))
    return http_url(url, path)


def _ids(value: object, field: str) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise InvalidInput(Detail(field, "must be an array of ids"))
    for position, entry in enumerate(value):
        if not isinstance(entry, str):
            raise InvalidInput(Detail(f"{field}[{position}]", "must be a string"))
    return [entry.strip() for entry in value]  # as required_text does where the ids are introduced
