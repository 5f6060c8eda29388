"""From the JSON of each endpoint to values of the domain, with the checks in the order of the contract."""

from collections.abc import Mapping
from typing import Any

from api.fields import Body, Fields, callback_url, http_url
from api.received import (
    MAX_ID,
    AccommodationRequest,
    AnswerToQuestion,
    Certificate,
    Experience,
    NameSkillRequest,
    OfVerification,
    Project,
    Received,
    SaveAnswersRequest,
    SkillToStore,
    StoreItemsRequest,
    StoreMethodRequest,
    StoreSkillsRequest,
    SubmitRequest,
    VerifyRequest,
)
from assessment.errors import (
    Detail,
    ForbiddenVerification,
    InvalidDataFormat,
    InvalidInput,
    InvalidSkillIds,
    InvalidVerificationMethod,
    MissingContact,
    MissingSkills,
    MissingVerificationMethod,
    NoDataSent,
    NoItemsSelected,
)
from assessment.evidence import (
    ID_FIELDS,
    ChosenSkill,
    Opening,
    Person,
    SentItem,
)
from assessment.models import Answer, Method, SavedAnswer, Skill, SourceKind, Standing
from assessment.notices import DeliveryFilters, DeliveryPlace, Event, place_from

EVIDENCE: dict[SourceKind, tuple[str, type[Received]]] = {
    SourceKind.PROJECT: ("projects", Project),
    SourceKind.EXPERIENCE: ("experience", Experience),
    SourceKind.CERTIFICATE: ("certificates", Certificate),
}
CHOICES = {
    SourceKind.PROJECT: "project_ids",
    SourceKind.EXPERIENCE: "work_experience_ids",
    SourceKind.CERTIFICATE: "credential_ids",
}
DELIVERY_STATES = ("pending", "delivered", "undeliverable")
SMALLEST_FACTOR = 1
LARGEST_FACTOR = 4
NOT_OWN = "is not this session's"


def opening(fields: Fields, *, private_webhooks: bool) -> Opening:
    """Read the body of POST /verify; webhooks to the operator's own network are refused unless allowed."""
    body = Body(VerifyRequest, fields)
    student_id, url, name = body.text("student_id"), body.text("callback_webhook_url"), body.text("name")
    email, phone = body.optional_text("email"), body.optional_text("phone_number")
    if email is None and phone is None:
        raise MissingContact(Detail(body.path("email"), "is required where there is no phoneNumber"))
    lists = [body.sent(attribute) for attribute, _ in EVIDENCE.values()]
    no_arrays = [it for (it, _), sent in zip(EVIDENCE.values(), lists, strict=True) if not isinstance(sent, list)]
    if no_arrays:
        raise InvalidDataFormat(*(Detail(body.path(attribute), "must be an array") for attribute in no_arrays))
    if not any(lists):
        raise NoDataSent
    return Opening(
        external_student_id=student_id,
        callback_url=callback_url(url, body.path("callback_webhook_url"), may_be_private=private_webhooks),
        person=Person(
            name=name,
            email=body.check_pattern("email", email, "an e-mail address"),
            phone_number=body.check_pattern("phone_number", phone, "a phone number"),
        ),
        skill_ids=_skill_ids(body),
        items=tuple(item for kind in EVIDENCE for item in _sent_items(kind, body)),
    )


def own_verification(fields: Fields, standing: Standing) -> None:
    """Check that the ids in a body are the session's own. Raises MissingVerificationId or ForbiddenVerification."""
    body = Body(OfVerification, fields)
    if body.text("record_verification_id") != standing.verification_id:
        raise ForbiddenVerification(Detail(body.path("record_verification_id"), NOT_OWN))


def own_student(fields: Fields, standing: Standing) -> None:
    """Check that the student in a body is the session's own. Raises InvalidInput or ForbiddenVerification."""
    body = Body(StoreSkillsRequest, fields)
    if body.text("record_user_id") != standing.student_id:
        raise ForbiddenVerification(Detail(body.path("record_user_id"), NOT_OWN))


def chosen_skills(fields: Fields) -> list[ChosenSkill]:
    """Read the skills to store; a skill sent twice is one, with the proof URLs of both."""
    body = Body(StoreSkillsRequest, fields)
    sent, path = body.sent("skills"), body.path("skills")
    if not isinstance(sent, list) or not sent:
        raise MissingSkills(Detail(path, "must be an array with at least one entry"))
    if len(sent) > body.longest("skills"):
        raise InvalidInput(Detail(path, f"must have at most {body.longest('skills')} entries"))
    merged: dict[str, ChosenSkill] = {}
    for position, entry in enumerate(sent):
        skill = _chosen_skill(entry, f"{path}[{position}]")
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
        Body(SkillToStore, {"skillId": skill_id}).text("skill_id"),
        Body(NameSkillRequest, fields).text("name"),
    )


def method(fields: Fields) -> Method:
    """Read how the skills are to be verified."""
    body = Body(StoreMethodRequest, fields)
    value, path = body.sent("verification_method"), body.path("verification_method")
    if value is None or (isinstance(value, str) and not value.strip()):
        raise MissingVerificationMethod(Detail(path, "is required"))
    if not isinstance(value, str) or value not in list(Method):
        raise InvalidVerificationMethod(Detail(path, f"must be {' or '.join(Method)}"))
    return Method(value)


def chosen_items(fields: Fields) -> dict[tuple[SourceKind, str], str]:
    """Read which source items to attach, and where in the body each is named."""
    body = Body(StoreItemsRequest, fields)
    chosen = {
        (kind, item): f"{body.path(attribute)}[{position}]"
        for kind, attribute in CHOICES.items()
        for position, item in enumerate(_ids(body, attribute))
    }
    if not chosen:
        raise NoItemsSelected
    return chosen


def answers(fields: Fields) -> list[Answer | None] | None:
    """Read the answers: None when there are none, and None in the place of one that cannot be read."""
    sent = Body(SubmitRequest, fields).sent("answers")
    if not isinstance(sent, list) or not sent:
        return None
    return [_answer(entry) for entry in sent]


def _answer(entry: object) -> Answer | None:
    if not isinstance(entry, dict):
        return None
    body = Body(AnswerToQuestion, entry)
    question_id, selected = body.sent("question_id"), body.sent("selected_answer")
    if not isinstance(question_id, str) or type(selected) is not int:
        return None
    return Answer(question_id, selected)


def answers_to_save(fields: Fields) -> list[SavedAnswer | None] | None:
    """Read answers that are not final: None when there are none, and None in the place of one that cannot be read."""
    sent = Body(SaveAnswersRequest, fields).sent("answers")
    if not isinstance(sent, list) or not sent:
        return None
    return [_answer_to_save(entry) for entry in sent]


def _answer_to_save(entry: object) -> SavedAnswer | None:
    if not isinstance(entry, dict) or "selectedAnswer" not in entry:
        return None
    question_id, selected = entry.get("questionId"), entry["selectedAnswer"]
    if not isinstance(question_id, str) or not (selected is None or type(selected) is int):
        return None
    return SavedAnswer(question_id, selected)


def time_factor(fields: Fields) -> float:
    """Read by what a student's time limit is to be multiplied. Raises InvalidInput."""
    body = Body(AccommodationRequest, fields)
    sent = body.sent("time_factor")
    if type(sent) not in (int, float) or not SMALLEST_FACTOR <= sent <= LARGEST_FACTOR:
        reason = f"must be a number from {SMALLEST_FACTOR} to {LARGEST_FACTOR}"
        raise InvalidInput(Detail(body.path("time_factor"), reason))
    return float(sent)


def delivery_filters(query: Mapping[str, str]) -> tuple[DeliveryFilters, DeliveryPlace | None]:
    """Read which deliveries are asked for, and where the page begins. Raises InvalidInput."""
    for name, known in (("state", DELIVERY_STATES), ("event", tuple(Event))):
        if query.get(name, known[0]) not in known:
            raise InvalidInput(Detail(name, f"must be {' or '.join(known)}"))
    cursor = query.get("cursor")
    after = place_from(cursor) if cursor is not None else None
    if cursor is not None and after is None:
        raise InvalidInput(Detail("cursor", "is not one that an earlier page gave"))
    verification_id = query.get("recordVerificationId")
    if verification_id is not None and ("\x00" in verification_id or not verification_id):
        raise InvalidInput(Detail("recordVerificationId", "must be the id of a verification"))
    return DeliveryFilters(query.get("state"), query.get("event"), verification_id), after


def _skill_ids(body: Body) -> tuple[str, ...]:
    value, path = body.sent("skill_ids"), body.path("skill_ids")
    if value is None:
        return ()
    if not isinstance(value, list):
        raise InvalidSkillIds(Detail(path, "must be an array"))
    if len(value) > body.longest("skill_ids"):
        raise InvalidSkillIds(Detail(path, f"must have at most {body.longest('skill_ids')} entries"))
    for position, entry in enumerate(value):
        if not isinstance(entry, str) or not entry.strip() or len(entry) > MAX_ID:
            raise InvalidSkillIds(Detail(f"{path}[{position}]", f"must be a text of at most {MAX_ID} characters"))
    return tuple(value)


def _sent_items(kind: SourceKind, body: Body) -> list[SentItem]:
    attribute, struct = EVIDENCE[kind]
    sent, path = body.sent(attribute), body.path(attribute)
    if len(sent) > body.longest(attribute):
        raise InvalidInput(Detail(path, f"must have at most {body.longest(attribute)} entries"))
    items = [_sent_item(kind, struct, entry, f"{path}[{position}]") for position, entry in enumerate(sent)]
    before: set[str] = set()
    for position, item in enumerate(items):
        if item.external_id in before:
            raise InvalidInput(Detail(f"{path}[{position}].{ID_FIELDS[kind]}", "is there twice"))
        before.add(item.external_id)
    return items


def _sent_item(kind: SourceKind, struct: type[Received], entry: object, path: str) -> SentItem:
    if not isinstance(entry, dict):
        raise InvalidInput(Detail(path, "must be an object"))
    Body(struct, entry, path).check_texts()
    return SentItem(kind, entry[ID_FIELDS[kind]].strip(), entry)


def _chosen_skill(entry: Any, path: str) -> ChosenSkill:
    if not isinstance(entry, dict):
        raise InvalidInput(Detail(path, "must be an object"))
    body = Body(SkillToStore, entry, path)
    skill_id = body.text("skill_id")
    urls, place, longest = body.sent("proof_urls"), body.path("proof_urls"), body.longest("proof_urls")
    if urls is None:
        urls = []
    if not isinstance(urls, list) or len(urls) > longest:
        raise InvalidInput(Detail(place, f"must be an array of at most {longest} URLs"))
    return ChosenSkill(
        skill_id=skill_id,
        name=body.optional_text("name"),
        proof_urls=tuple(_proof_url(url, f"{place}[{index}]") for index, url in enumerate(urls)),
    )


def _proof_url(url: object, path: str) -> str:
    if not isinstance(url, str):
        raise InvalidInput(Detail(path, "must be a string"))
    return http_url(url, path)


def _ids(body: Body, attribute: str) -> list[str]:
    value, path = body.sent(attribute), body.path(attribute)
    if value is None:
        return []
    if not isinstance(value, list):
        raise InvalidInput(Detail(path, "must be an array of ids"))
    for position, entry in enumerate(value):
        if not isinstance(entry, str):
            raise InvalidInput(Detail(f"{path}[{position}]", "must be a string"))
    return [entry.strip() for entry in value]  # as Body.text does where the ids are introduced
