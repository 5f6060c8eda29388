"""Search in the public skill catalogue, and its limit per address."""

import hashlib
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest
from litestar import Litestar

from tests.journey import Json
from tests.rows import fetch

ADDRESSES: Iterator[str] = (f"10.77.{high}.{low}" for high, low in itertools.product(range(256), range(256)))

LIMIT = 15


@asynccontextmanager
async def caller(app: Litestar, address: str = "") -> AsyncIterator[httpx.AsyncClient]:
    """A client with an address that nobody used before, so that nobody else's searches count."""
    transport = httpx.ASGITransport(app, client=(address or next(ADDRESSES), 4711))  # type: ignore[arg-type]  # ASGI types differ in name only
    async with httpx.AsyncClient(transport=transport, base_url="http://retake.test/api/v1") as client:
        yield client


@pytest.fixture
async def client(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    async with caller(app) as client:
        yield client


async def search(client: httpx.AsyncClient, keyword: str | None, page: str | None = None) -> httpx.Response:
    params = {"keyword": keyword, "page": page}
    sent = {name: value for name, value in params.items() if value is not None}
    return await client.get("/skills/search", params=sent)


async def found(client: httpx.AsyncClient, keyword: str, page: str | None = None) -> list[str]:
    response = await search(client, keyword, page)
    assert response.status_code == 200, response.text
    return [skill["name"] for skill in response.json()["data"]["skills"]]


async def test_an_answer_says_which_page_it_is(client: httpx.AsyncClient) -> None:
    data: Json = (await search(client, "python")).json()["data"]
    assert set(data) == {"skills", "page", "limit", "count"}
    assert (data["page"], data["limit"], data["count"]) == (1, 10, len(data["skills"]))
    assert {"skillId": "python", "name": "Python"} in data["skills"]
    assert all(set(skill) == {"skillId", "name"} for skill in data["skills"])


async def test_whole_names_come_first_then_beginnings_then_the_rest(client: httpx.AsyncClient) -> None:
    names = [name.lower() for name in await found(client, "  MANAGEMENT ")]
    ranks = [(name != "management", not name.startswith("management")) for name in names]
    assert len(names) == 10
    assert ranks == sorted(ranks)
    assert (await found(client, "java"))[0] == "Java"


async def test_pages_follow_each_other_without_a_gap_or_a_repetition(client: httpx.AsyncClient) -> None:
    pages = [await found(client, "ing", str(page)) for page in range(1, 6)]
    names = [name for page in pages for name in page]
    assert [len(page) for page in pages] == [10] * 5
    assert len(set(names)) == 50
    assert pages[0] == await found(client, "ing")


async def test_a_page_past_the_last_hit_is_empty(client: httpx.AsyncClient) -> None:
    assert await found(client, "python", "5") == []


@pytest.mark.parametrize("keyword", ["a%b", "p%n", "p_t_on", "%python%", "___a", "py\\thon", "' OR 1=1 --", "ab\\"])
async def test_wildcards_and_quotes_stand_for_themselves(client: httpx.AsyncClient, keyword: str) -> None:
    assert await found(client, keyword) == []


@pytest.mark.parametrize(
    "keyword", [None, "", "ab", "  a  ", "   ", "%%%", "___", "+-*/", "abc\x00", "a\nbc", "x" * 101, "👍👍👍"]
)
async def test_a_keyword_needs_three_characters_and_a_letter_or_digit(
    client: httpx.AsyncClient, keyword: str | None
) -> None:
    response = await search(client, keyword)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "INVALID_KEYWORD")


@pytest.mark.parametrize("page", ["0", "6", "-1", "1.0", "one", "", "٣", "11", " 1", "9" * 400])
async def test_pages_go_from_one_to_five(client: httpx.AsyncClient, page: str) -> None:
    response = await search(client, "python", page)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "INVALID_PAGE")


async def test_a_wrong_keyword_is_named_before_a_wrong_page(client: httpx.AsyncClient) -> None:
    assert (await search(client, "a", "0")).json()["error"]["code"] == "INVALID_KEYWORD"


async def test_a_platforms_own_skills_are_not_public(client: httpx.AsyncClient, platform_name: str) -> None:
    (platform,) = await fetch("INSERT INTO platform (name) VALUES ({}) RETURNING id", platform_name)
    await fetch(
        "INSERT INTO skill (platform, skill_id, name, field) VALUES ({}, 'own', 'Zyzzyva keeping', '')", platform["id"]
    )
    assert await found(client, "zyzzyva") == []


async def test_the_sixteenth_search_of_a_minute_is_refused_whatever_it_asks(client: httpx.AsyncClient) -> None:
    for keyword in ["python", "no"] * 7 + ["python"]:
        assert (await search(client, keyword)).status_code != 429
    for keyword in ("python", "no"):
        response = await search(client, keyword)
        assert (response.status_code, response.json()["error"]["code"]) == (429, "RATE_LIMITED")
        assert 1 <= int(response.headers["retry-after"]) <= 60


async def test_another_address_has_a_limit_of_its_own(app: Litestar, client: httpx.AsyncClient) -> None:
    for _ in range(LIMIT + 1):
        refused = await search(client, "python")
    assert refused.status_code == 429
    async with caller(app) as other:
        assert (await search(other, "python")).status_code == 200


async def test_a_new_minute_begins_with_a_new_count(app: Litestar) -> None:
    address = next(ADDRESSES)
    async with caller(app, address) as client:
        for _ in range(LIMIT + 1):
            refused = await search(client, "python")
        assert refused.status_code == 429
        await fetch(
            "UPDATE rate_window SET started_at = started_at - interval '61 seconds' WHERE caller = sha256({}::bytea)",
            address.encode(),
        )
        assert (await search(client, "python")).status_code == 200


async def test_a_window_that_begins_in_the_future_because_the_clock_stepped_back_is_over(app: Litestar) -> None:
    address = next(ADDRESSES)
    async with caller(app, address) as client:
        for _ in range(LIMIT + 1):
            await search(client, "python")
        await fetch(
            "UPDATE rate_window SET started_at = started_at + interval '1 hour' WHERE caller = sha256({}::bytea)",
            address.encode(),
        )
        assert (await search(client, "python")).status_code == 200


async def test_addresses_are_not_stored_in_clear(app: Litestar) -> None:
    address = next(ADDRESSES)
    async with caller(app, address) as client:
        await search(client, "python")
    rows = await fetch("SELECT caller FROM rate_window")
    assert hashlib.sha256(address.encode()).digest() in [row["caller"] for row in rows]
    assert not [row for row in rows if address.encode() in row["caller"]]
