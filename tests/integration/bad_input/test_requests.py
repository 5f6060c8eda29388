"""Oddities in paths, queries and headers, and what the service is lenient about."""

import json
from typing import Any

import httpx
import pytest

from api.body import MAX_DEPTH
from tests.journey import Journey, Json
from tests.refusal import refused
from tests.stage import Stage

SESSION = "/step3/store-verification-items/session/"
PATHS = {
    SESSION + "%00": 404,
    SESSION + "%ED%A0%80": 404,
    SESSION + "%FF": 404,
    SESSION + "a" * 10_000: 404,
    SESSION + "%20%09": 400,
    SESSION + "a%2Fb": 404,
    "/assessment/attempts/%00": 404,
    "/assessment/attempts/0": 404,
    "/assessment/attempts/-1": 404,
    "/assessment/attempts/+1": 404,
    "/assessment/attempts/1.0": 404,
    "/assessment/attempts/1e0": 404,
    "/assessment/attempts/%D9%A1": 404,
    "/assessment/attempts/" + "9" * 9: 404,
    "/assessment/attempts/" + "9" * 5_000: 404,
    "/metadata/user/%2F": 404,
    "/unknown%00": 404,
    "/%FF": 404,
    "/skills/search": 400,
    "/skills/search?keyword=a%00b": 400,
    "/skills/search?keyword=%00%00%00": 400,
    "/skills/search?keyword=ab": 400,
    "/skills/search?keyword=%25%25%25": 400,
    "/skills/search?keyword=%E2%80%AE%E2%80%AE%E2%80%AE": 400,
    "/skills/search?keyword=" + "a" * 10_000: 400,
    "/skills/search?keyword=sql&page=%00": 400,
    "/skills/search?keyword=sql&page=": 400,
    "/skills/search?keyword=sql&page=0": 400,
    "/skills/search?keyword=sql&page=-1": 400,
    "/skills/search?keyword=sql&page=1.0": 400,
    "/skills/search?keyword=sql&page=%D9%A1": 400,
    "/skills/search?keyword=sql&page=" + "1" * 5_000: 400,
}
LOWERED_IN_TWO_WAYS = ("İ@example.com", "ΑΣ@example.com")  # Python and PostgreSQL do not agree on these letters
UNKNOWN_STUDENTS = ("%00", "%ED%A0%80", "%FF", "a" * 10_000, "usr_test_%27--", "%E2%80%AE")


@pytest.mark.usefixtures("unchanged", "no_rate_limit")
@pytest.mark.parametrize(("path", "status"), PATHS.items(), ids=[path[:60] for path in PATHS])
async def test_paths_and_queries_that_name_nothing_are_refused(ready: Journey, path: str, status: int) -> None:
    answer = await ready.client.get(path, headers=ready.headers)
    assert refused(answer)
    assert answer.status_code == status


@pytest.mark.parametrize("student", UNKNOWN_STUDENTS, ids=[student[:20] for student in UNKNOWN_STUDENTS])
async def test_an_unknown_student_has_no_skills(stage: Stage, ready: Journey, student: str) -> None:
    answer = await ready.client.get(f"/metadata/user/{student}", headers={"x-api-key": stage.api_key})
    assert (answer.status_code, answer.json()["data"]) == (200, [])


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "credential", [b"\x00", b"\xff\xfe", b" ", b"", "sk_test_ä".encode(), b"st_test_" + b"a" * 10_000, b"\x00" * 43]
)
async def test_credentials_that_are_none_are_refused(stage: Stage, ready: Journey, credential: bytes) -> None:
    for operation_id in ("verify", "submitAssessment", "getAssessment", "getStudentSkills"):
        call = stage.call_of(operation_id, ready)
        answer = await ready.client.request(
            call.method, f"http://retake.test{call.url}", headers={b"x-api-key": credential}, json=call.body
        )
        assert refused(answer) in ("MISSING_API_KEY", "INVALID_API_KEY", "INVALID_SESSION")
        assert answer.status_code == 401


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("key", [b"\x00", b"", b"two words", b"\xff", b"k" * 256])
async def test_idempotency_keys_that_are_none_are_refused(ready: Journey, key: bytes) -> None:
    headers = {b"x-api-key": ready.token.encode(), b"idempotency-key": key}
    assert refused(await ready.client.post("/assessment/submit", headers=headers, json={})) == "INVALID_INPUT"


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("scenario", [b"\x00", b"", b"Slow", b"\xff", b"s" * 10_000])
async def test_scenarios_that_are_none_are_refused(ready: Journey, scenario: bytes) -> None:
    headers = {b"x-api-key": ready.token.encode(), b"x-sandbox-scenario": scenario}
    for path in ("/assessment/generate", "/assessment/retakeassessment"):
        assert refused(await ready.client.post(path, headers=headers)) == "INVALID_INPUT"


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("length", ["abc", "1e3", "9" * 30, "0x10", "\N{SUPERSCRIPT TWO}"])
async def test_lengths_that_are_none_are_refused(ready: Journey, length: str) -> None:
    headers = {b"x-api-key": ready.token.encode(), b"content-length": length.encode()}
    answer = await ready.client.post("/assessment/submit", headers=headers, content=b"{}")
    assert refused(answer) in ("INVALID_INPUT", "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "BREW"])
async def test_another_method_is_refused_and_told_which_ones_there_are(ready: Journey, method: str) -> None:
    answer = await ready.client.request(method, "/assessment/submit", headers=ready.headers)
    assert (answer.status_code, refused(answer)) == (405, "METHOD_NOT_ALLOWED")
    assert "POST" in answer.headers["allow"]


@pytest.mark.parametrize("content", [b"", b"{}", b"  \n", b'{"unknown": [1]}'])
async def test_generate_needs_no_body(ready: Journey, content: bytes) -> None:
    for headers in ({}, {"content-type": "application/json"}):
        answer = await ready.client.post("/assessment/generate", headers={**ready.headers, **headers}, content=content)
        assert answer.status_code == 200


async def test_unknown_fields_are_kept_in_items_and_ignored_elsewhere(stage: Stage) -> None:
    own = {"repository": {"stars": 3, "forks": [1, None, 0.5]}, "großes 鍵": True, "id": 2**70, "": "empty"}
    item = {"projectId": "p-1", "name": "Kept", **own}
    shown = await _shown_again(stage, json.dumps({"projects": [item], "studentID": 1, "__proto__": {"a": 1}}))
    assert shown["projects"] == [item]
    assert "studentID" not in shown


async def test_the_last_of_two_equal_keys_counts(stage: Stage) -> None:
    shown = await _shown_again(stage, '{"projects": 5, "projects": [{"projectId": "p", "name": 1, "name": "Last"}]}')
    assert shown["projects"] == [{"projectId": "p", "name": "Last"}]


async def test_unicode_comes_back_as_it_was_sent(stage: Stage) -> None:
    name = "A\u0301\u202e\u200d👩‍👩‍👧 \uffff \U0010ffff \u2028 é ß İ 名"
    item = {"projectId": name, "name": name, "description": name}
    shown = await _shown_again(stage, json.dumps({"name": name, "studentId": name, "projects": [item]}))
    assert (shown["name"], shown["externalStudentId"], shown["projects"]) == (name, name, [item])


async def test_json_as_deep_as_allowed_is_kept_and_gives_questions(stage: Stage) -> None:
    deep: Any = 1
    for _ in range(MAX_DEPTH - 3):  # the object, its array and the item are three
        deep = [deep]
    journey = stage.journey()
    item = {"projectId": "prj-7", "name": "Deep", "deep": deep}
    journey.profile["verify"]["projects"] = [item]
    await journey.ready()
    shown = await journey.client.get(f"{SESSION}{journey.token}")
    assert shown.json()["data"]["projects"] == [item]


async def test_ids_may_be_sent_with_white_space_around_them(stage: Stage) -> None:
    journey = stage.journey()
    journey.profile["verify"]["projects"] = [{"projectId": " prj-7 ", "name": "Spaced"}]
    journey.profile["items"] = {"projectIds": [" prj-7 "]}
    await journey.verify()
    await journey.choose_method()
    assert (await journey.attach()).status_code == 200


@pytest.mark.parametrize("email", ["ÉA@example.com", "ẞ@example.com", *LOWERED_IN_TWO_WAYS])
async def test_a_student_is_found_again_by_an_address_in_any_alphabet(stage: Stage, email: str) -> None:
    journey = stage.journey()
    answers = [await journey.verify(email=email) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    first, second = (answer.json()["data"]["recordUserId"] for answer in answers)
    assert first == second


async def _shown_again(stage: Stage, body: str) -> Json:
    """Open a verification with these fields put over the example's, as text so that keys may repeat."""
    journey = stage.journey()
    whole = json.dumps(journey.profile["verify"])[:-1] + "," + body.strip()[1:]
    headers = {"x-api-key": stage.api_key, "content-type": "application/json"}
    opened: httpx.Response = await stage.client.post("/verify", content=whole.encode(), headers=headers)
    assert opened.status_code == 200, opened.text
    shown = await stage.client.get(f"{SESSION}{opened.json()['data']['sessionToken']}")
    data: Json = shown.json()["data"]
    return data
