"""Nobody reads or changes what is another's: every operation with every credential that does not fit."""

from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest
from litestar import Litestar

from api.services import Services
from assessment.models import Mode
from tests.app_client import client_of_app
from tests.journey import Journey, Json, profile
from tests.rows import digest_of, expire_session

SESSION_PATH = "/step3/store-verification-items/session"
PLATFORM = f"platform-{uuid4().hex}"  # of the one to whom nothing happens


class Due(StrEnum):
    """Where an operation looks for which credential."""

    API_KEY = "an API key in the header"
    HEADER = "a session token in the header"
    PATH = "a session token in the path"
    BODY = "a session token in the body"


class Operation(msgspec.Struct, frozen=True):
    """`path` and `body` name the victim: {verification}, {student}, {item} and {question} stand for its ids."""

    name: str
    due: Due
    method: str
    path: str
    body: Any = None


ANSWERS = [{"questionId": "{question}", "selectedAnswer": 0}] * 10
SKILLS = [{"skillId": "java"}]

OPERATIONS = (
    Operation("verify", Due.API_KEY, "POST", "/verify", profile()["verify"]),
    Operation("metadata", Due.API_KEY, "GET", "/metadata/user/{student}"),
    Operation("name", Due.API_KEY, "PUT", "/skills/own-skill", {"name": "Own Skill"}),
    Operation("accommodate", Due.API_KEY, "PUT", "/verifications/{verification}/accommodation", {"timeFactor": 2}),
    Operation("export", Due.API_KEY, "GET", "/users/{student}/export"),
    Operation("erase", Due.API_KEY, "DELETE", "/users/{student}"),
    Operation("deliveries", Due.API_KEY, "GET", "/webhooks/deliveries?recordVerificationId={verification}"),
    Operation("replay", Due.API_KEY, "POST", "/webhooks/deliveries/{delivery}/replay"),
    Operation(
        "skills",
        Due.HEADER,
        "POST",
        "/step1/storeskills/store",
        {"recordVerificationId": "{verification}", "recordUserId": "{student}", "skills": SKILLS},
    ),
    Operation(
        "method",
        Due.HEADER,
        "POST",
        "/step2/verification-method",
        {"recordVerificationId": "{verification}", "verificationMethod": "human"},
    ),
    Operation("session", Due.PATH, "GET", SESSION_PATH),
    Operation("items", Due.BODY, "POST", "/step3/store-verification-items/store", {"projectIds": ["{item}"]}),
    Operation("generate", Due.HEADER, "POST", "/assessment/generate"),
    Operation("submit", Due.HEADER, "POST", "/assessment/submit", {"answers": ANSWERS}),
    Operation("retake", Due.HEADER, "POST", "/assessment/retakeassessment"),
    Operation("state", Due.HEADER, "GET", "/assessment"),
    Operation("questions", Due.HEADER, "GET", "/assessment/questions"),
    Operation("save", Due.HEADER, "PUT", "/assessment/answers", {"answers": ANSWERS}),
    Operation("attempts", Due.HEADER, "GET", "/assessment/attempts"),
    Operation("attempt", Due.HEADER, "GET", "/assessment/attempts/1"),
)

OF_A_SESSION = tuple(operation for operation in OPERATIONS if operation.due is not Due.API_KEY)
(METADATA,) = (operation for operation in OPERATIONS if operation.name == "metadata")
OF_A_PLATFORM = tuple(
    each for each in OPERATIONS if each.name in ("accommodate", "deliveries", "replay", "export", "erase")
)
(STORE_SKILLS,) = (operation for operation in OPERATIONS if operation.name == "skills")

every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=[operation.name for operation in OPERATIONS])

Ids = dict[str, str]


def ids_of(victim: Journey) -> Ids:
    return {
        "{verification}": victim.verification_id,
        "{student}": victim.student_id,
        "{item}": victim.profile["verify"]["projects"][0]["projectId"],
        "{question}": victim.questions[0]["questionId"],
        "{delivery}": victim.delivery_id,
    }


def unknown_ids(mode: str) -> Ids:
    return {
        "{verification}": f"ver_{mode}_{'0' * 24}",
        "{student}": f"usr_{mode}_{'0' * 24}",
        "{item}": "nobody-sent-this",
        "{question}": f"q_{'0' * 24}",
        "{delivery}": f"msg_{'0' * 24}",
    }


def filled(template: object, ids: Ids) -> Any:
    text = msgspec.json.encode(template).decode()
    for name, value in ids.items():
        text = text.replace(name, value)
    return msgspec.json.decode(text)


async def call(client: httpx.AsyncClient, operation: Operation, credential: bytes, ids: Ids) -> httpx.Response:
    """Call with a credential where it is due; an empty one is left out."""
    path, body, headers = filled(operation.path, ids), filled(operation.body, ids), {}
    if operation.due is Due.PATH:
        path += f"/{httpx.URL(path=credential.decode()).path}" if credential else ""
    elif operation.due is Due.BODY:
        body |= {"sessionToken": credential.decode()} if credential else {}
    elif credential:
        headers[b"x-api-key"] = credential
    sent = None if operation.method == "GET" else body
    return await client.request(operation.method, path, json=sent, headers=headers)


def answer(response: httpx.Response) -> tuple[int, Json]:
    """What a caller can tell two answers apart by."""
    body = response.json()
    body.pop("executionTime", None)
    body.get("error", {}).pop("requestId", None)
    return response.status_code, body


def unfitting(due: Due, *, expired: bool = False, missing: bool = False) -> tuple[int, str]:
    """The answer to a credential that does not fit."""
    if expired:
        return 401, "SESSION_EXPIRED"
    if due is Due.API_KEY:
        return 401, "MISSING_API_KEY" if missing else "INVALID_API_KEY"
    if due is Due.HEADER:
        return 401, "MISSING_API_KEY" if missing else "INVALID_SESSION"
    return (400, "MISSING_SESSION_TOKEN") if missing else (404, "SESSION_NOT_FOUND")


async def assert_refused(victim: Journey, operation: Operation, credential: bytes, expected: tuple[int, str]) -> None:
    """Refused in the same way as with unknown ids, and nothing of the victim has changed."""
    before = await digest_of(victim.verification_id)
    response = await call(victim.client, operation, credential, ids_of(victim))
    assert (response.status_code, response.json()["error"]["code"]) == expected
    unknown = await call(victim.client, operation, credential, unknown_ids("test"))
    assert answer(response) == answer(unknown)
    assert await digest_of(victim.verification_id) == before


@pytest.fixture(scope="module")
async def victim(app: Litestar) -> AsyncIterator[Journey]:
    """Somebody to whom nothing happens, in any of the tests."""
    async with client_of_app(app) as client:
        key = await app.state.services.accounts.create_key(Mode.TEST, "tests", PLATFORM)
        yield await with_everything(Journey(client, key.api_key))


@pytest.fixture
async def own_victim(journey: Journey) -> Journey:
    """Somebody to whom the test itself does something."""
    return await with_everything(journey)


async def with_everything(journey: Journey) -> Journey:
    """One attempt in the archive and a set that waits: everything is there to be taken."""
    for number, project in enumerate(journey.profile["verify"]["projects"]):
        project["projectId"] = f"victims-own-{number}"
    journey.profile["items"]["projectIds"] = ["victims-own-0"]
    await journey.failed()
    (await journey.retake()).raise_for_status()
    journey.delivery_id = (await journey.deliveries()).json()["data"]["deliveries"][0]["deliveryId"]
    return journey


@every_operation
async def test_without_a_credential_nothing_happens(victim: Journey, operation: Operation) -> None:
    await assert_refused(victim, operation, b"", unfitting(operation.due, missing=True))


GARBAGE = ["st_test_" + "A" * 43, "sk_test_" + "A" * 36, "§±é漢", "'--", "a" * 5000]


@every_operation
@pytest.mark.parametrize("garbage", GARBAGE, ids=[text[:12] for text in GARBAGE])
async def test_a_credential_nobody_ever_got_opens_nothing(victim: Journey, operation: Operation, garbage: str) -> None:
    await assert_refused(victim, operation, garbage.encode(), unfitting(operation.due))


@every_operation
async def test_a_credential_of_the_other_kind_opens_nothing(victim: Journey, operation: Operation) -> None:
    wrong = victim.token if operation.due is Due.API_KEY else victim.api_key
    await assert_refused(victim, operation, wrong.encode(), unfitting(operation.due))


@every_operation
async def test_a_revoked_key_and_its_sessions_open_nothing(
    services: Services, own_victim: Journey, platform_name: str, operation: Operation
) -> None:
    (key_id,) = {key.key_id for key in await services.accounts.list_keys() if key.platform == platform_name}
    assert await services.accounts.revoke_key(key_id)
    own = own_victim.api_key if operation.due is Due.API_KEY else own_victim.token
    await assert_refused(own_victim, operation, own.encode(), unfitting(operation.due))


@pytest.mark.parametrize("operation", OF_A_SESSION, ids=[operation.name for operation in OF_A_SESSION])
async def test_an_expired_session_opens_nothing(own_victim: Journey, operation: Operation) -> None:
    await expire_session(own_victim)
    expired = unfitting(operation.due, expired=True)
    await assert_refused(own_victim, operation, own_victim.token.encode(), expired)


async def another(services: Services, client: httpx.AsyncClient, mode: Mode, owner: str) -> Journey:
    """Somebody of a platform with a valid session of their own; with a set of their own where there is a vendor."""
    key = (await services.accounts.create_key(mode, "tests", owner)).api_key
    stranger = await Journey(client, key, student="nurse").prepared()
    if mode is Mode.TEST:
        (await stranger.generate()).raise_for_status()
    return stranger


STRANGERS = {
    "another platform": (Mode.TEST, "-else"),
    "the other mode": (Mode.LIVE, ""),
    "another student": (Mode.TEST, ""),
}


@pytest.fixture(scope="module", params=STRANGERS)
async def stranger(request: pytest.FixtureRequest, app: Litestar, victim: Journey) -> Journey:
    mode, suffix = STRANGERS[request.param]
    return await another(app.state.services, victim.client, mode, PLATFORM + suffix)


NAMES_THE_VICTIM = {
    "skills": (403, "FORBIDDEN_VERIFICATION"),
    "method": (403, "FORBIDDEN_VERIFICATION"),
    "items": (400, "UNKNOWN_ITEM"),
    "submit": (400, "INVALID_ANSWER"),
    "save": (400, "INVALID_ANSWER"),
}


@pytest.mark.parametrize("operation", OF_A_SESSION, ids=[operation.name for operation in OF_A_SESSION])
async def test_a_strangers_session_answers_as_if_the_victim_did_not_exist(
    victim: Journey, stranger: Journey, operation: Operation
) -> None:
    before = await digest_of(victim.verification_id)
    response = await call(victim.client, operation, stranger.token.encode(), ids_of(victim))
    if operation.name in NAMES_THE_VICTIM:
        without_a_set = operation.name in ("submit", "save") and not stranger.questions
        expected = (404, "NO_QUESTIONS") if without_a_set else NAMES_THE_VICTIM[operation.name]
        assert (response.status_code, response.json()["error"]["code"]) == expected
        unknown = await call(victim.client, operation, stranger.token.encode(), unknown_ids("test"))
        assert answer(response) == answer(unknown)
    assert_tells_nothing(response, victim)
    assert await digest_of(victim.verification_id) == before


def assert_tells_nothing(response: httpx.Response, victim: Journey) -> None:
    secrets = [victim.token, *ids_of(victim).values(), victim.profile["verify"]["email"]]
    secrets += [question["questionId"] for question in victim.questions]
    assert not [secret for secret in secrets if secret in response.text]


@pytest.mark.parametrize("who", ["another platform", "the other mode"])
async def test_a_strangers_key_finds_the_victim_as_little_as_a_student_nobody_knows(
    services: Services, victim: Journey, who: str
) -> None:
    mode, suffix = STRANGERS[who]
    key = (await services.accounts.create_key(mode, "tests", PLATFORM + suffix)).api_key.encode()
    theirs, unknown = [
        answer(await call(victim.client, METADATA, key, ids)) for ids in (ids_of(victim), unknown_ids("test"))
    ]
    assert theirs == unknown
    assert theirs[1]["data"] == []
    assert len((await call(victim.client, METADATA, victim.api_key.encode(), ids_of(victim))).json()["data"]) == 3


@pytest.mark.parametrize("who", ["another platform", "the other mode"])
@pytest.mark.parametrize("operation", OF_A_PLATFORM, ids=[operation.name for operation in OF_A_PLATFORM])
async def test_a_strangers_key_sees_and_changes_as_little_of_the_victim_as_of_what_nobody_knows(
    services: Services, own_victim: Journey, platform_name: str, who: str, operation: Operation
) -> None:
    mode, suffix = STRANGERS[who]
    key = (await services.accounts.create_key(mode, "tests", platform_name + suffix)).api_key.encode()
    before = await digest_of(own_victim.verification_id)
    theirs, unknown = [
        answer(await call(own_victim.client, operation, key, ids)) for ids in (ids_of(own_victim), unknown_ids("test"))
    ]
    assert theirs == unknown
    assert await digest_of(own_victim.verification_id) == before
    own = answer(await call(own_victim.client, operation, own_victim.api_key.encode(), ids_of(own_victim)))
    assert own[0] == 200
    assert own != theirs


async def test_the_victims_student_id_beside_an_own_verification_is_forbidden(
    victim: Journey, stranger: Journey
) -> None:
    own = {"{verification}": stranger.verification_id}
    theirs, unknown = [
        answer(await call(victim.client, STORE_SKILLS, stranger.token.encode(), {**ids, **own}))
        for ids in (ids_of(victim), unknown_ids("test"))
    ]
    assert theirs == unknown
    assert theirs[1]["error"]["code"] == "FORBIDDEN_VERIFICATION"


async def test_a_strangers_idempotency_key_is_another_one(own_victim: Journey, stranger: Journey) -> None:
    first = await own_victim.client.post(
        "/assessment/retakeassessment", headers={**own_victim.headers, "idempotency-key": "the-same"}
    )
    assert first.is_success
    theirs = await own_victim.client.post(
        "/assessment/retakeassessment", headers={**stranger.headers, "idempotency-key": "the-same"}
    )
    assert theirs.json()["error"]["code"] == "NO_PRIOR_ATTEMPT"
    assert "idempotent-replayed" not in theirs.headers
