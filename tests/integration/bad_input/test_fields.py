"""Fields that hold what they must not: another type, NUL, too much, nothing, no URL, no address."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from api.openapi.pages import PAGES
from tests.documented import Call
from tests.journey import Journey
from tests.refusal import refused
from tests.stage import Stage

POSTS = [operation_id for operation_id, page in PAGES.items() if page.examples]
OTHER_TYPES: tuple[Any, ...] = (7, -1.5, True, "text", ["x", 7], {"a": 1})
MAY_BE_ABSENT = {"description", "startDate", "endDate", "issuer", "issueDate", "proofUrls", "skillIds"}
MAY_BE_LONG = MAY_BE_ABSENT - {"proofUrls", "skillIds"}
NO_URLS = (
    "http://",
    "http:///path",
    "https://two words.example",
    "ftp://files.example",
    "javascript:alert(1)",
    "//example.com/hook",
    "example.com",
    "http://[::1",
    "http://example.com:99999/",
    "http://example.com:0/",
    "http://user:secret@example.com/",
    "http://example.com\u2028.evil",
    "http://example.com/\u202etfel",
    "http://a..b/",
    "http://%00/",
    "http://back\\slash/",
    "http://\u2100.com/",
    f"http://{'a' * 64}.example/",
    f"https://example.com/{'a' * 10_000}",
)


def _fields(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where in an example something stands, the first entry of each array."""
    if path:
        yield path
    if isinstance(value, dict):
        for name, entry in value.items():
            yield from _fields(entry, (*path, name))
    elif isinstance(value, list) and value:
        yield from _fields(value[0], (*path, 0))


def _example(operation_id: str) -> Any:
    (example,) = PAGES[operation_id].examples.values()
    return example


def _at(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


FIELDS = [(operation_id, path) for operation_id in POSTS for path in _fields(_example(operation_id))]
TEXTS = [
    (operation_id, path)
    for operation_id, path in FIELDS
    if isinstance(_at(_example(operation_id), path), str) and path[0] != "answers"
]


def _with(call: Call, path: tuple[str | int, ...], value: Any) -> Call:
    """Put a value into the body of a call."""
    call.body = json.loads(json.dumps(call.body))
    _at(call.body, path[:-1])[path[-1]] = value
    return call


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(("operation_id", "path"), FIELDS)
async def test_a_value_of_another_type_is_refused(
    stage: Stage, ready: Journey, operation_id: str, path: tuple[str | int, ...]
) -> None:
    right = type(_at(_example(operation_id), path) or "")
    for value in OTHER_TYPES:
        if type(value) is not right:
            answer = await _with(stage.call_of(operation_id, ready), path, value).send()
            assert answer.status_code == 400, (value, answer.text)
            assert refused(answer)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(("operation_id", "path"), TEXTS)
@pytest.mark.parametrize("text", ["a\x00b", "\x00"])
async def test_nul_is_refused_in_every_text(
    stage: Stage, ready: Journey, operation_id: str, path: tuple[str | int, ...], text: str
) -> None:
    answer = await _with(stage.call_of(operation_id, ready), path, text).send()
    assert (answer.status_code, refused(answer)) == (400, "INVALID_INPUT")


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(("operation_id", "path"), [field for field in TEXTS if field[1][-1] not in MAY_BE_LONG])
async def test_ten_thousand_characters_are_refused_where_a_name_or_an_id_is_due(
    stage: Stage, ready: Journey, operation_id: str, path: tuple[str | int, ...]
) -> None:
    text = f"{_at(_example(operation_id), path)}{'a' * 10_000}"
    assert refused(await _with(stage.call_of(operation_id, ready), path, text).send())


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(("operation_id", "path"), [field for field in TEXTS if field[1][-1] not in MAY_BE_ABSENT])
@pytest.mark.parametrize("text", ["", "  \t\n", "\u2003\u00a0"])
async def test_white_space_counts_as_missing(
    stage: Stage, ready: Journey, operation_id: str, path: tuple[str | int, ...], text: str
) -> None:
    answer = await _with(stage.call_of(operation_id, ready), path, text).send()
    assert answer.status_code == 400
    assert refused(answer).startswith(("MISSING_", "INVALID_", "UNKNOWN_ITEM"))


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("url", NO_URLS)
async def test_urls_that_are_none_are_refused(stage: Stage, ready: Journey, url: str) -> None:
    for operation_id, path in (("verify", ("callbackWebhookUrl",)), ("storeSkills", ("skills", 0, "proofUrls", 0))):
        answer = await _with(stage.call_of(operation_id, ready), path, url).send()
        assert refused(answer) == "INVALID_INPUT"
        assert answer.json()["error"]["details"][0]["field"] in ("callbackWebhookUrl", "skills[0].proofUrls[0]")


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("email", ["ada", "@", "a@", "@b", "a@b@c", "a b@c", "a@b\r\nBcc: x@y", "a\u200b@b", "a\x7f@b"])
async def test_email_addresses_that_are_none_are_refused(stage: Stage, ready: Journey, email: str) -> None:
    assert refused(await stage.call_of("verify", ready).changed(email=email).send()) == "INVALID_INPUT"


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("phone", ["call me", "+", "()", "12\u200b34", "1;2", "\N{TELEPHONE RECEIVER}1"])
async def test_phone_numbers_that_are_none_are_refused(stage: Stage, ready: Journey, phone: str) -> None:
    assert refused(await stage.call_of("verify", ready).changed(phoneNumber=phone).send()) == "INVALID_INPUT"
