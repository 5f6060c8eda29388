"""Bodies that cannot be read: no JSON, no object, too deep, too large, of another type."""

import json
from collections.abc import AsyncIterator

import pytest

from api.body import DEFAULT_MAX_BYTES, MAX_DEPTH, VERIFY_MAX_BYTES
from api.openapi.pages import PAGES
from tests.journey import Journey
from tests.refusal import refused
from tests.stage import Stage

POSTS = [operation_id for operation_id, page in PAGES.items() if page.examples]
NO_JSON_OBJECT = {
    "nothing closed, 5 KB": b"[" * 5_000,
    "nothing closed, 60 KB": b"[" * 60_000,
    "objects in objects, 5 KB": b'{"a":' * 1_000,
    "closed but deep": b'{"a":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}",
    "deeper than the decoder goes": b'{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "cut off": b'{"answers": [',
    "a comma too many": b'{"answers": [],}',
    "single quotes": b"{'answers': []}",
    "two values": b"{}{}",
    "not a number": b'{"answers": NaN}',
    "infinite": b'{"answers": 1e999}',
    "more digits than a number may have": b'{"answers": ' + b"1" * 5_000 + b"}",
    "invalid UTF-8": b'{"name": "\xff\xfe"}',
    "overlong UTF-8": b'{"name": "\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"name": "\xed\xa0\x80"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"answers": []}'.encode("utf-16"),
    "a raw NUL": b'{"name": "\x00"}',
    "an escaped NUL": b'{"name": "\\u0000"}',
    "NUL in a key": b'{"na\\u0000me": 1}',
    "NUL far inside": b'{"any": [{"thing": ["\\u0000"]}]}',
    "a lone surrogate": b'{"name": "\\ud800"}',
    "a lone surrogate in a key": b'{"\\udc00": 1}',
    "an array": b"[]",
    "a string": b'"{}"',
    "a number": b"7",
    "null": b"null",
}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("content", NO_JSON_OBJECT.values(), ids=NO_JSON_OBJECT)
@pytest.mark.parametrize("operation_id", POSTS)
async def test_a_body_that_is_no_json_object_is_refused(
    stage: Stage, ready: Journey, operation_id: str, content: bytes
) -> None:
    call = stage.call_of(operation_id, ready)
    call.headers["content-type"] = "application/json"
    answer = await call.send(content)
    assert (answer.status_code, refused(answer)) == (400, "INVALID_INPUT")
    assert answer.json()["error"]["details"]


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("operation_id", POSTS)
async def test_too_large_a_body_is_refused_with_and_without_its_length(
    stage: Stage, ready: Journey, operation_id: str
) -> None:
    limit = VERIFY_MAX_BYTES if operation_id == "verify" else DEFAULT_MAX_BYTES
    content = b'{"a": "' + b"a" * limit + b'"}'

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 1_000):
            yield content[start : start + 1_000]

    if operation_id != "storeVerificationItems":  # its credential is in the body
        assert "x-api-key" in stage.call_of(operation_id, ready).headers
    for body in (content, chunks()):
        call = stage.call_of(operation_id, ready)
        call.headers["content-type"] = "application/json"
        answer = await call.send(body)
        assert (answer.status_code, refused(answer)) == (413, "PAYLOAD_TOO_LARGE")


async def test_a_body_below_the_limit_of_verify_is_taken(stage: Stage) -> None:
    projects = [{"projectId": f"p-{number}", "name": "Large", "description": "d" * 19_000} for number in range(12)]
    answer = await stage.call_of("verify", stage.journey()).changed(projects=projects).send()
    assert int(answer.request.headers["content-length"]) > 3 * DEFAULT_MAX_BYTES
    assert answer.status_code == 200


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "content_type", ["text/plain", "multipart/form-data; boundary=x", "application/xml", "json", ";"]
)
@pytest.mark.parametrize("operation_id", POSTS)
async def test_another_content_type_is_refused(
    stage: Stage, ready: Journey, operation_id: str, content_type: str
) -> None:
    call = stage.call_of(operation_id, ready)
    call.headers["content-type"] = content_type
    answer = await call.send(json.dumps(call.body or {"a": 1}).encode())
    assert (answer.status_code, refused(answer)) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; charset=utf-8", "application/x+json", None]
)
async def test_json_is_taken_under_each_of_its_names(stage: Stage, content_type: str | None) -> None:
    call = stage.call_of("verify", stage.journey())
    if content_type is not None:
        call.headers["content-type"] = content_type
    assert (await call.send(json.dumps(call.body).encode())).status_code == 200
