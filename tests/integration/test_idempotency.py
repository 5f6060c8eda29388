"""A request repeated with its Idempotency-Key gets the first answer again, and is carried out once."""

import asyncio
import base64
import binascii
from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest
from litestar import Litestar

from api.services import Services
from assessment.credentials import digest, sealing_key
from assessment.errors import GenerationFailed, ServiceUnavailable
from assessment.models import Mode
from db import idempotency
from db.idempotency import IdempotencyStore, Lease, StoredAnswer, Underway
from db.tables import TABLES
from jobs.vendors import Vendors
from piccolo_conf import DB
from tests.integration.gate import GatedWriter
from tests.journey import MARKED, Journey, answers
from tests.rows import fetch

REPLAYED = "idempotent-replayed"


@pytest.fixture
def key() -> dict[str, str]:
    """A header with a key of its own."""
    return {"idempotency-key": uuid4().hex}


@pytest.fixture
def gate(vendors: Vendors) -> Iterator[GatedWriter]:
    gate = GatedWriter(vendors.current.writer)
    vendors.current = msgspec.structs.replace(vendors.current, writer=gate)
    yield gate
    gate.opened.set()


def _code(response: httpx.Response) -> str:
    code: str = response.json()["error"]["code"]
    return code


async def _submit(journey: Journey, key: dict[str, str], right: int = 0) -> httpx.Response:
    body = {"answers": answers(journey.questions, right)}
    return await journey.client.post("/assessment/submit", json=body, headers={**journey.headers, **key})


async def test_a_repeated_submit_gets_the_first_answer_byte_for_byte(journey: Journey, key: dict[str, str]) -> None:
    await journey.ready()
    first = await _submit(journey, key)
    again = await _submit(journey, key)
    assert first.status_code == again.status_code == 200
    assert again.content == first.content
    assert REPLAYED not in first.headers
    assert again.headers[REPLAYED] == "true"
    assert again.headers["content-type"] == first.headers["content-type"]
    assert (await journey.state())["attempts"] == 1


async def test_a_refusal_is_repeated_too(journey: Journey, key: dict[str, str]) -> None:
    await journey.ready()
    url, headers = "/assessment/retakeassessment", {**journey.headers, **key}
    first = await journey.client.post(url, headers=headers)
    assert (first.status_code, _code(first)) == (400, "NO_PRIOR_ATTEMPT")
    await journey.submit(right=0)
    again = await journey.client.post(url, headers=headers)
    assert (again.status_code, again.content, again.headers[REPLAYED]) == (400, first.content, "true")


async def test_the_same_key_with_another_body_or_path_is_refused(journey: Journey, key: dict[str, str]) -> None:
    await journey.ready()
    first = await _submit(journey, key)
    other_body = await _submit(journey, key, right=10)
    other_path = await journey.client.post("/assessment/generate", headers={**journey.headers, **key})
    assert {(other.status_code, _code(other)) for other in (other_body, other_path)} == {
        (422, "IDEMPOTENCY_KEY_REUSED")
    }
    assert (await _submit(journey, key)).content == first.content


async def test_a_key_is_bound_to_the_credential_that_used_it(
    client: httpx.AsyncClient, test_key: str, key: dict[str, str]
) -> None:
    one, two = Journey(client, test_key), Journey(client, test_key)
    await asyncio.gather(one.ready(), two.ready())
    first, second = await _submit(one, key), await _submit(two, key, right=10)
    assert REPLAYED not in second.headers
    results = [answer.json()["data"]["result"]["score"] for answer in (first, second)]
    assert results == [0, 100]


async def test_repeats_at_the_same_time_share_one_execution(
    journey: Journey, gate: GatedWriter, key: dict[str, str]
) -> None:
    await journey.prepared()
    url, headers = "/assessment/generate", {**journey.headers, **MARKED, **key}
    calls = [asyncio.create_task(journey.client.post(url, headers=headers)) for _ in range(20)]
    await gate.arrived.wait()
    gate.opened.set()
    results = await asyncio.gather(*calls)
    assert {(result.status_code, result.content) for result in results} == {(200, results[0].content)}
    assert sorted(result.headers.get(REPLAYED, "") for result in results) == [""] + ["true"] * 19
    assert len(gate.calls) == 1


async def test_a_verification_opened_twice_with_one_key_is_one_verification(
    journey: Journey, key: dict[str, str]
) -> None:
    body, headers = journey.profile["verify"], {"x-api-key": journey.api_key, **key}
    results = await asyncio.gather(*(journey.client.post("/verify", json=body, headers=headers) for _ in range(10)))
    assert len({result.content for result in results}) == 1
    rows = await fetch("SELECT 1 FROM verification WHERE email = {}", body["email"])
    assert len(rows) == 1


async def test_an_answer_is_forgotten_after_a_day_and_not_before(journey: Journey, key: dict[str, str]) -> None:
    await journey.failed()
    headers = {**journey.headers, **MARKED, **key}

    async def retake_when_the_key_is_as_old_as(age: str) -> httpx.Response:
        statement = "UPDATE idempotent_request SET created_at = now() - CAST({} AS text)::interval WHERE key = {}"
        await fetch(statement, age, key["idempotency-key"])
        return await journey.client.post("/assessment/retakeassessment", headers=headers)

    first = await retake_when_the_key_is_as_old_as("0 hours")
    assert (await retake_when_the_key_is_as_old_as("23 hours 59 minutes")).content == first.content
    later = await retake_when_the_key_is_as_old_as("24 hours 1 minute")
    assert REPLAYED not in later.headers
    assert later.json()["data"]["questions"] != first.json()["data"]["questions"]


async def test_an_old_key_may_stand_for_another_request(journey: Journey, key: dict[str, str]) -> None:
    await journey.ready()
    await _submit(journey, key)
    await fetch(
        "UPDATE idempotent_request SET created_at = now() - interval '25 hours' WHERE key = {}", key["idempotency-key"]
    )
    retaken = await journey.client.post("/assessment/retakeassessment", headers={**journey.headers, **key})
    assert (retaken.status_code, retaken.headers.get(REPLAYED)) == (200, None)


async def test_an_answer_of_our_own_failing_is_not_kept(
    journey: Journey, gate: GatedWriter, key: dict[str, str]
) -> None:
    await journey.prepared()
    gate.opened.set()
    gate.error = GenerationFailed()
    url, headers = "/assessment/generate", {**journey.headers, **key}
    assert (await journey.client.post(url, headers=headers)).status_code == 500
    gate.error = None
    again = await journey.client.post(url, headers=headers)
    assert (again.status_code, again.headers.get(REPLAYED)) == (200, None)


async def test_a_holder_that_is_slow_and_lives_keeps_its_key(
    app: Litestar, journey: Journey, gate: GatedWriter, key: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await journey.prepared()
    monkeypatch.setattr(idempotency, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(IdempotencyStore, "silence_seconds", 1.0)
    url, headers = "/assessment/generate", {**journey.headers, **MARKED, **key}
    calls = [asyncio.create_task(journey.client.post(url, headers=headers)) for _ in range(3)]
    await gate.arrived.wait()
    await asyncio.sleep(1.5)  # longer than a silent holder has
    gate.opened.set()
    results = await asyncio.gather(*calls)
    assert {(result.status_code, result.content) for result in results} == {(200, results[0].content)}
    assert sorted(result.headers.get(REPLAYED, "") for result in results) == ["", "true", "true"]
    assert len(gate.calls) == 1


async def test_a_holder_that_lost_its_key_and_then_fails_leaves_the_answer_of_the_next_one(
    services: Services, journey: Journey, gate: GatedWriter, key: dict[str, str]
) -> None:
    await journey.prepared()
    url, headers = "/assessment/generate", {**journey.headers, **MARKED, **key}
    first = asyncio.create_task(journey.client.post(url, headers=headers))
    await gate.arrived.wait()
    (row,) = await fetch("SELECT * FROM idempotent_request WHERE key = {}", key["idempotency-key"])
    begin = partial(
        services.idempotency.begin,
        digest(journey.token),
        sealing_key(journey.token),
        key=row["key"],
        fingerprint=row["fingerprint"],
    )
    silent = await begin()
    assert isinstance(silent, Underway)
    lease = await begin(silent=silent)
    assert isinstance(lease, Lease)
    await services.idempotency.finish(lease, sealing_key(journey.token), StoredAnswer(200, b"the next one's"))
    gate.error = GenerationFailed()
    gate.opened.set()
    assert (await first).status_code == 500
    again = await journey.client.post(url, headers=headers)
    assert (again.status_code, again.content, again.headers[REPLAYED]) == (200, b"the next one's", "true")


class _Forgetful(IdempotencyStore):
    async def finish(self, *_: object) -> bool:
        raise ServiceUnavailable


async def test_a_submit_that_was_scored_is_answered_even_when_the_answer_cannot_be_kept(
    app: Litestar, services: Services, journey: Journey, key: dict[str, str]
) -> None:
    await journey.ready()
    app.state.services = msgspec.structs.replace(services, idempotency=_Forgetful(DB))
    scored = await _submit(journey, key)
    assert (scored.status_code, scored.json()["data"]["result"]["attemptNumber"]) == (200, 1)


@pytest.mark.parametrize("bad", ["", " ", "a b", "ä", "x" * 256])
async def test_a_key_that_is_none_is_refused(journey: Journey, bad: str) -> None:
    await journey.ready()
    headers = {b"x-api-key": journey.token.encode(), b"idempotency-key": bad.encode()}
    refused = await journey.client.post("/assessment/generate", headers=headers)
    assert (refused.status_code, _code(refused)) == (400, "INVALID_INPUT")
    assert refused.json()["error"]["details"][0]["field"] == "idempotency-key"


async def test_the_key_works_where_the_token_stands_in_the_body(journey: Journey, key: dict[str, str]) -> None:
    await journey.prepared()
    url, body = "/step3/store-verification-items/store", {"sessionToken": journey.token, **journey.profile["items"]}
    first = await journey.client.post(url, json=body, headers=key)
    again = await journey.client.post(url, json=body, headers=key)
    assert (again.status_code, again.content, again.headers[REPLAYED]) == (200, first.content, "true")
    other = await journey.client.post(url, json={**body, "projectIds": []}, headers=key)
    assert (other.status_code, _code(other)) == (422, "IDEMPOTENCY_KEY_REUSED")


async def test_a_credential_that_is_refused_leaves_no_trace_of_its_key(
    journey: Journey, services: Services, platform_name: str, key: dict[str, str]
) -> None:
    body = journey.profile["verify"]
    made = await services.accounts.create_key(Mode.TEST, "revoked later", platform_name)
    headers = {"x-api-key": made.api_key, **key}
    assert (await journey.client.post("/verify", json=body, headers=headers)).status_code == 200
    await services.accounts.revoke_key(made.key_id)
    refused = await journey.client.post("/verify", json=body, headers=headers)
    assert (refused.status_code, _code(refused)) == (401, "INVALID_API_KEY")
    assert REPLAYED not in refused.headers
    for credential in ({}, {"x-api-key": "nonsense"}):
        fresh = {"idempotency-key": uuid4().hex}
        assert (await journey.client.post("/verify", json=body, headers={**credential, **fresh})).status_code == 401
        assert not await fetch("SELECT 1 FROM idempotent_request WHERE key = {}", fresh["idempotency-key"])


async def test_no_table_holds_a_token_or_an_api_key_in_clear(journey: Journey, key: dict[str, str]) -> None:
    opened = await journey.client.post(
        "/verify", json=journey.profile["verify"], headers={"x-api-key": journey.api_key, **key}
    )
    token: str = opened.json()["data"]["sessionToken"]
    journey.token = token
    await journey.client.get("/assessment", headers=journey.headers)
    (row,) = await fetch("SELECT body FROM idempotent_request WHERE key = {}", key["idempotency-key"])
    assert len(row["body"]) > len(token)
    assert not [table._meta.tablename for table in TABLES if await _holds(table._meta.tablename, token)]
    assert not [table._meta.tablename for table in TABLES if await _holds(table._meta.tablename, journey.api_key)]
    assert await _holds("verification", journey.profile["verify"]["email"])


async def _holds(table: str, secret: str) -> bool:
    """Look for the secret in the text of every row, and in the binary columns as they are and decoded from base64."""
    rows: list[dict[str, Any]] = await fetch(f"SELECT * FROM {table}")  # noqa: S608  # one of our own tables
    return any(_tells(value, secret) for row in rows for value in row.values())


def _tells(value: object, secret: str) -> bool:
    if isinstance(value, str):
        return secret in value
    return isinstance(value, bytes) and any(secret.encode() in it for it in (value, _decoded(value)))


def _decoded(value: bytes) -> bytes:
    """What a value would be that is only encoded and not sealed."""
    try:
        return base64.urlsafe_b64decode(value)
    except binascii.Error:
        return b""
