"""How each error code is provoked: a way for the operations in general, and one for an operation in particular."""

from collections.abc import Awaitable, Callable
from typing import Any, NoReturn
from uuid import uuid4

import httpx

from assessment.errors import RateLimited, ServiceUnavailable
from assessment.models import Policy
from db.idempotency import IdempotencyStore, Underway
from db.policies import Policies
from db.rate_limit import RateLimiter
from piccolo_conf import DB
from tests.journey import answers
from tests.rows import RUN_OUT, SPEND_SETS, fetch, fetch_one
from tests.stage import TO_STATE, Stage, client_from

UNKNOWN_TOKEN = "st_test_" + "A" * 43
MORE_THAN_ANY_ROUTE_TAKES = b'"' + b"a" * 300_000 + b'"'
Provocation = Callable[[Stage, str], Awaitable[httpx.Response]]


class Broken:
    """A service whose every use raises."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> NoReturn:
        raise self._error


class NeverFinished(IdempotencyStore):
    """Keys whose first request is worked on for ever, by a holder that lives."""

    silence_seconds = 0.0

    async def begin(self, *_: object, **__: object) -> Underway:
        return Underway(uuid4())


def _broken_by(error: Exception) -> Provocation:
    async def provoke(stage: Stage, operation_id: str) -> httpx.Response:
        call = await stage.call(operation_id)
        broken = Broken(error)
        stage.replace(accounts=broken, search_limiter=broken, readiness=broken)
        return await call.send()

    return provoke


def _with_credential(credential: str | None, *, state: str | None = None) -> Provocation:
    async def provoke(stage: Stage, operation_id: str) -> httpx.Response:
        call = await stage.call(operation_id, state)
        if credential is None:
            del call.headers["x-api-key"]
        else:
            call.headers["x-api-key"] = credential
        return await call.send()

    return provoke


def _with_content(content: bytes, content_type: str = "application/json") -> Provocation:
    async def provoke(stage: Stage, operation_id: str) -> httpx.Response:
        call = await stage.call(operation_id)
        call.headers["content-type"] = content_type
        return await call.send(content)

    return provoke


def _with_body(state: str | None = None, **fields: Any) -> Provocation:
    async def provoke(stage: Stage, operation_id: str) -> httpx.Response:
        return await (await stage.call(operation_id, state)).changed(**fields).send()

    return provoke


def _in_state(state: str) -> Provocation:
    async def provoke(stage: Stage, operation_id: str) -> httpx.Response:
        return await (await stage.call(operation_id, state)).send()

    return provoke


def _after_sql(state: str, statement: str) -> Provocation:
    """For states that only an operator or an erasure brings about."""

    async def provoke(stage: Stage, operation_id: str) -> httpx.Response:
        journey = await stage.journey_to(state)
        await fetch(statement, journey.verification_id)
        return await stage.call_of(operation_id, journey).send()

    return provoke


def _after_steps(*steps: str) -> Provocation:
    async def provoke(stage: Stage, operation_id: str) -> httpx.Response:
        journey = stage.journey()
        for step in steps:
            (await getattr(journey, step)()).raise_for_status()
        return await stage.call_of(operation_id, journey).send()

    return provoke


def _by_human(state: str) -> Provocation:
    async def provoke(stage: Stage, operation_id: str) -> httpx.Response:
        journey = await stage.journey_to(state)
        (await journey.choose_method("human")).raise_for_status()
        return await stage.call_of(operation_id, journey).send()

    return provoke


def _at(path: str) -> Provocation:
    """The operation's request, with another path below the one it has."""

    async def provoke(stage: Stage, operation_id: str) -> httpx.Response:
        call = await stage.call(operation_id)
        call.url = call.url.rsplit("/", 1)[0] + path
        return await call.send()

    return provoke


def _of_another(named: str) -> Provocation:
    """Name another one in the last place but one of the path."""

    async def provoke(stage: Stage, operation_id: str) -> httpx.Response:
        call = await stage.call(operation_id)
        before, _, after = call.url.rpartition("/")
        call.url = f"{before.rpartition('/')[0]}/{named}/{after}"
        return await call.send()

    return provoke


async def _key_reused(stage: Stage, operation_id: str) -> httpx.Response:
    call = await stage.call(operation_id)
    call.headers["Idempotency-Key"] = uuid4().hex
    await call.send()
    return await call.changed(another=1).send()


async def _key_in_use(stage: Stage, operation_id: str) -> httpx.Response:
    call = await stage.call(operation_id)
    stage.replace(idempotency=NeverFinished(DB), budget_seconds=0.0, reserve_seconds=0.0)
    return await call.send()


async def _generation_failed(stage: Stage, operation_id: str) -> httpx.Response:
    call = await stage.call(operation_id)
    call.headers["x-sandbox-scenario"] = "fail"
    return await call.send()


async def _spent(stage: Stage, operation_id: str) -> httpx.Response:
    return await _after_sql(TO_STATE[operation_id], SPEND_SETS)(stage, operation_id)


def _under_policy(policy: Policy) -> Provocation:
    async def provoke(stage: Stage, operation_id: str) -> httpx.Response:
        journey = await stage.journey_to("failed")
        row = await fetch_one(
            "SELECT p.name FROM platform p JOIN verification v ON v.platform = p.id WHERE v.id = {}",
            journey.verification_id,
        )
        assert row is not None
        await Policies(DB).put(row["name"], policy)
        return await stage.call_of(operation_id, journey).send()

    return provoke


async def _in_vain(stage: Stage, operation_id: str) -> httpx.Response:
    """An answer to a question that nobody asked."""
    call = await stage.call(operation_id)
    return await call.changed(answers=[{"questionId": "q_nobody", "selectedAnswer": 0}]).send()


async def _too_late(stage: Stage, operation_id: str) -> httpx.Response:
    journey = await stage.journey_to("ready")
    await fetch(RUN_OUT, journey.verification_id)
    return await stage.call_of(operation_id, journey).send()


def _save_in(state: str) -> Provocation:
    async def provoke(stage: Stage, operation_id: str) -> httpx.Response:
        journey = await stage.journey_to(state)
        return await stage.call_of(operation_id, journey).changed(answers=answers(journey.questions, 0)).send()

    return provoke


async def _crowded(stage: Stage, operation_id: str) -> httpx.Response:
    call = await stage.call(operation_id)
    stage.replace(store=Broken(RateLimited(retry_after=2)))
    return await call.send()


async def _too_many_look_on(stage: Stage, operation_id: str) -> httpx.Response:
    call = await stage.call(operation_id)
    stage.replace(progress=Broken(RateLimited(retry_after=2)))
    return await call.send()


async def _one_call_too_many(stage: Stage, operation_id: str) -> httpx.Response:
    call = await stage.call(operation_id)
    async with client_from(f"address-{uuid4().hex}", stage.app) as client:
        for _ in range(15):
            (await call.send(client=client)).raise_for_status()
        return await call.send(client=client)


async def _one_verification_too_many(stage: Stage, operation_id: str) -> httpx.Response:
    stage.replace(verify_limiter=RateLimiter(DB, 1, 60))
    (await (await stage.call(operation_id)).send()).raise_for_status()
    return await (await stage.call(operation_id)).send()


async def _too_many_skills(stage: Stage, operation_id: str) -> httpx.Response:
    """Ten skills of this verification and another one's two make more than ten for their common source."""
    journey = await stage.journey_to("prepared")
    later = stage.journey()
    later.profile["verify"]["email"] = journey.profile["verify"]["email"]
    later.profile["skills"] = [{"skillId": f"own-{number}", "name": f"Own {number}"} for number in range(10)]
    before = later.attach if operation_id == "storeSkills" else later.store_skills
    for step in (later.verify, later.choose_method, before):
        (await step()).raise_for_status()
    return await (later.store_skills() if operation_id == "storeSkills" else later.attach())


async def _verified_before(stage: Stage, operation_id: str) -> httpx.Response:
    """A second verification with what the first one passed."""
    passed = await stage.journey_to("locked")
    again = stage.journey()
    again.profile["verify"]["email"] = passed.profile["verify"]["email"]
    before = again.attach if operation_id == "storeSkills" else again.store_skills
    for step in (again.verify, again.choose_method, before):
        (await step()).raise_for_status()
    return await stage.call_of(operation_id, again).send()


async def _verified_before_by_the_other_method(stage: Stage, operation_id: str) -> httpx.Response:
    """A second verification with what the first one passed, until now by another method."""
    passed = await stage.journey_to("locked")
    again = stage.journey()
    again.profile["verify"]["email"] = passed.profile["verify"]["email"]
    (await again.verify()).raise_for_status()
    (await again.choose_method("human")).raise_for_status()
    for step in (again.store_skills, again.attach):
        (await step()).raise_for_status()
    return await stage.call_of(operation_id, again).send()


async def _another_method_after_all(stage: Stage, operation_id: str) -> httpx.Response:
    journey = await stage.journey_to("locked")
    return await stage.call_of(operation_id, journey).changed(verificationMethod="human").send()


def _with_answers(count: int, index: int = 0) -> Provocation:
    async def provoke(stage: Stage, operation_id: str) -> httpx.Response:
        journey = await stage.journey_to("ready")
        sent = answers(journey.questions, right=0)[:count]
        sent[0]["selectedAnswer"] = index
        return await stage.call_of(operation_id, journey).changed(answers=sent).send()

    return provoke


async def _unknown_attempt(stage: Stage, operation_id: str) -> httpx.Response:
    return await (await stage.call(operation_id, "ready")).send()


def _with_query(**query: str) -> Provocation:
    async def provoke(stage: Stage, operation_id: str) -> httpx.Response:
        call = await stage.call(operation_id)
        call.query.update(query)
        async with client_from(f"address-{uuid4().hex}", stage.app) as client:
            return await call.send(client=client)

    return provoke


EXPIRE = "UPDATE session SET expires_at = now() - interval '1 second' WHERE verification = {}"
LIFT_LOCK = "UPDATE verification SET is_locked = false WHERE id = {}"
DETACH = "UPDATE source_item SET attached = false WHERE verification = {}"
FORGET_SKILLS = "DELETE FROM verification_skill WHERE verification = {}"


async def _expired(stage: Stage, operation_id: str) -> httpx.Response:
    return await _after_sql(TO_STATE[operation_id], EXPIRE)(stage, operation_id)


GENERAL: dict[str, Provocation] = {
    "INVALID_INPUT": _with_content(b"["),
    "MISSING_API_KEY": _with_credential(None),
    "INVALID_API_KEY": _with_credential("sk_test_unknown"),
    "INVALID_SESSION": _with_credential(UNKNOWN_TOKEN),
    "SESSION_EXPIRED": _expired,
    "FORBIDDEN_VERIFICATION": _with_body(recordVerificationId="ver_test_other"),
    "MISSING_VERIFICATION_ID": _with_body(recordVerificationId=" "),
    "PAYLOAD_TOO_LARGE": _with_content(MORE_THAN_ANY_ROUTE_TAKES),
    "UNSUPPORTED_MEDIA_TYPE": _with_content(b"a=b", "application/x-www-form-urlencoded"),
    "IDEMPOTENCY_KEY_REUSED": _key_reused,
    "IDEMPOTENCY_KEY_IN_USE": _key_in_use,
    "INTERNAL_ERROR": _broken_by(RuntimeError("a bug")),
    "SERVICE_UNAVAILABLE": _broken_by(ServiceUnavailable(retry_after=2)),
    "GENERATION_FAILED": _generation_failed,
    "TOO_MANY_SETS": _spent,
    "RATE_LIMITED": _crowded,
    "ASSESSMENT_LOCKED": _in_state("locked"),
    "ASSESSMENT_PASSED": _after_sql("locked", LIFT_LOCK),
    "ASSESSMENT_ALREADY_PASSED": _in_state("locked"),
    "MAX_SKILLS_PER_SOURCE": _too_many_skills,
    "DUPLICATE_SKILLS_IN_BUNDLE": _verified_before,
    "NOT_FOUND": _at("/there/is/nothing"),
}
PARTICULAR: dict[tuple[str, str], Provocation] = {
    ("verify", "MISSING_STUDENT_ID"): _with_body(studentId=None),
    ("verify", "MISSING_CALLBACK_WEBHOOK_URL"): _with_body(callbackWebhookUrl=""),
    ("verify", "MISSING_NAME"): _with_body(name="\t"),
    ("verify", "MISSING_CONTACT"): _with_body(email=None),
    ("verify", "INVALID_DATA_FORMAT"): _with_body(projects={}),
    ("verify", "NO_DATA"): _with_body(projects=[], experience=[], certificates=[]),
    ("verify", "RATE_LIMITED"): _one_verification_too_many,
    ("verify", "INVALID_SKILL_IDS"): _with_body(skillIds=["sql", 5]),
    ("storeSkills", "MISSING_SKILLS"): _with_body(skills=[]),
    ("storeSkills", "MISSING_SKILL_ID"): _with_body(skills=[{"proofUrls": []}]),
    ("storeVerificationMethod", "MISSING_VERIFICATION_METHOD"): _with_body(verificationMethod=None),
    ("storeVerificationMethod", "INVALID_VERIFICATION_METHOD"): _with_body(verificationMethod="dice"),
    ("storeVerificationMethod", "DUPLICATE_SKILLS_IN_BUNDLE"): _verified_before_by_the_other_method,
    ("storeVerificationMethod", "ASSESSMENT_ALREADY_PASSED"): _another_method_after_all,
    ("getSession", "MISSING_SESSION_TOKEN"): _at("/%20"),
    ("getSession", "SESSION_NOT_FOUND"): _at(f"/{UNKNOWN_TOKEN}"),
    ("storeVerificationItems", "MISSING_SESSION_TOKEN"): _with_body(sessionToken=None),
    ("storeVerificationItems", "SESSION_NOT_FOUND"): _with_body(sessionToken=UNKNOWN_TOKEN),
    ("storeVerificationItems", "NO_ITEMS_SELECTED"): _with_body(projectIds=[], workExperienceIds=[], credentialIds=[]),
    ("storeVerificationItems", "UNKNOWN_ITEM"): _with_body(projectIds=["prj-of-somebody-else"]),
    ("storeVerificationItems", "VERIFICATION_METHOD_NOT_SET"): _after_steps("verify", "store_skills"),
    ("generateAssessment", "VERIFICATION_NOT_FOUND"): _after_steps("verify", "store_skills"),
    ("generateAssessment", "INVALID_VERIFICATION_TYPE"): _by_human("prepared"),
    ("generateAssessment", "NO_DATA"): _after_steps("verify", "store_skills", "choose_method"),
    ("generateAssessment", "NO_SKILLS"): _after_steps("verify", "choose_method", "attach"),
    ("generateAssessment", "RETAKE_REQUIRED"): _in_state("failed"),
    ("submitAssessment", "MISSING_ANSWERS"): _with_body(answers="all"),
    ("submitAssessment", "NO_QUESTIONS"): _with_body("prepared", answers=[{}]),
    ("submitAssessment", "ALREADY_SUBMITTED"): _in_state("failed"),
    ("submitAssessment", "INCOMPLETE_ANSWERS"): _with_answers(9),
    ("submitAssessment", "INVALID_ANSWER"): _with_answers(10, index=4),
    ("retakeAssessment", "RETAKE_LIMIT_REACHED"): _under_policy(Policy(max_attempts=1)),
    ("retakeAssessment", "RETAKE_TOO_SOON"): _under_policy(Policy(cool_down=60)),
    ("retakeAssessment", "NO_PRIOR_ATTEMPT"): _in_state("ready"),
    ("retakeAssessment", "INVALID_VERIFICATION_TYPE"): _by_human("failed"),
    ("retakeAssessment", "NO_DATA"): _after_sql("failed", DETACH),
    ("retakeAssessment", "NO_SKILLS"): _after_sql("failed", FORGET_SKILLS),
    ("submitAssessment", "TIME_IS_UP"): _too_late,
    ("getQuestions", "NO_QUESTIONS"): _in_state("failed"),
    ("saveAnswers", "NO_QUESTIONS"): _with_body("prepared", answers=[{}]),
    ("saveAnswers", "INVALID_ANSWER"): _in_vain,
    ("saveAnswers", "ALREADY_SUBMITTED"): _save_in("failed"),
    ("saveAnswers", "TIME_IS_UP"): _too_late,
    ("accommodate", "VERIFICATION_NOT_FOUND"): _of_another("ver_test_nobody"),
    ("accommodate", "NOT_FOUND"): _at("/nothing"),
    ("listDeliveries", "INVALID_INPUT"): _with_query(cursor="yesterday"),
    ("replayDelivery", "DELIVERY_NOT_FOUND"): _of_another("msg_nobody"),
    ("replayDelivery", "NOT_FOUND"): _at("/nothing"),
    ("exportPerson", "USER_NOT_FOUND"): _of_another("usr_test_nobody"),
    ("exportPerson", "NOT_FOUND"): _at("/nothing"),
    ("erasePerson", "USER_NOT_FOUND"): _at("/usr_test_nobody"),
    ("getAttempt", "ATTEMPT_NOT_FOUND"): _unknown_attempt,
    ("nameSkill", "MISSING_SKILL_ID"): _at("/%20"),
    ("nameSkill", "MISSING_NAME"): _with_body(name=" "),
    ("searchSkills", "INVALID_KEYWORD"): _with_query(keyword="+++"),
    ("searchSkills", "INVALID_PAGE"): _with_query(page="6"),
    ("searchSkills", "RATE_LIMITED"): _one_call_too_many,
    ("getProgress", "RATE_LIMITED"): _too_many_look_on,
}


def provocation(operation_id: str, code: str) -> Provocation | None:
    """Find the way to make an operation answer with a code."""
    return PARTICULAR.get((operation_id, code)) or GENERAL.get(code)
