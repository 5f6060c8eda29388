"""Which answers a page on another origin may read."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from litestar import Litestar

from api.app import create_app
from api.services import Services
from api.settings import Settings
from tests.journey import Journey

ORIGIN = "https://students.example"
OTHER = "https://elsewhere.example"


@asynccontextmanager
async def calling(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # type: ignore[arg-type]  # ASGI types differ in name only
    async with httpx.AsyncClient(transport=transport, base_url="http://retake.test/api/v1") as client:
        yield client


@pytest.fixture
async def open_client(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an app that names one origin and shares the running one's services."""
    app = create_app(Settings(cors_origins=(ORIGIN,)))
    app.state.services = services
    async with calling(app) as client:
        yield client


def cors_headers(response: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name.startswith("access-control-")}


async def preflight(client: httpx.AsyncClient, path: str, method: str, origin: str = ORIGIN) -> httpx.Response:
    asked = {"access-control-request-method": method, "access-control-request-headers": "x-api-key,content-type"}
    return await client.request("OPTIONS", path, headers={"origin": origin, **asked})


async def test_without_configured_origins_there_is_no_cors_at_all(journey: Journey) -> None:
    await journey.verify()
    response = await journey.client.get("/assessment", headers={**journey.headers, "origin": ORIGIN})
    assert response.is_success
    assert cors_headers(response) == {}
    assert cors_headers(await preflight(journey.client, "/assessment/submit", "POST")) == {}


async def test_a_configured_origin_may_read_answers_to_session_tokens(
    open_client: httpx.AsyncClient, journey: Journey
) -> None:
    await journey.verify()
    response = await open_client.get("/assessment", headers={**journey.headers, "origin": ORIGIN})
    assert response.is_success
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert "x-request-id" in response.headers["access-control-expose-headers"]


async def test_errors_can_be_read_too(open_client: httpx.AsyncClient) -> None:
    response = await open_client.get("/assessment", headers={"origin": ORIGIN})
    assert response.status_code == 401
    assert response.headers["access-control-allow-origin"] == ORIGIN


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/assessment/submit", "POST"),
        ("/assessment/generate", "POST"),
        ("/assessment/attempts/1", "GET"),
        ("/step1/storeskills/store", "POST"),
        ("/step3/store-verification-items/session/st_test_x", "GET"),
        ("/skills/search", "GET"),
    ],
)
async def test_browsers_are_told_that_they_may_call(open_client: httpx.AsyncClient, path: str, method: str) -> None:
    response = await preflight(open_client, path, method)
    assert response.is_success
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert method in response.headers["access-control-allow-methods"]
    assert {"x-api-key", "content-type", "idempotency-key"} <= set(
        response.headers["access-control-allow-headers"].lower().replace(" ", "").split(",")
    )


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/verify", "POST"),
        ("/verify/", "POST"),
        ("/metadata/user/usr_test_1", "GET"),
        ("http://retake.test/api/v1//verify", "POST"),
    ],
)
async def test_where_an_api_key_is_due_no_origin_may_call(
    open_client: httpx.AsyncClient, test_key: str, path: str, method: str
) -> None:
    assert cors_headers(await preflight(open_client, path, method)) == {}
    call = await open_client.request(method, path, headers={"x-api-key": test_key, "origin": ORIGIN})
    assert cors_headers(call) == {}


async def test_other_origins_may_not_call(open_client: httpx.AsyncClient, journey: Journey) -> None:
    await journey.verify()
    response = await open_client.get("/assessment", headers={**journey.headers, "origin": OTHER})
    assert "access-control-allow-origin" not in response.headers
    refused = await preflight(open_client, "/assessment/submit", "POST", OTHER)
    assert "access-control-allow-origin" not in refused.headers


async def test_credentials_of_the_browser_are_never_allowed(open_client: httpx.AsyncClient) -> None:
    response = await preflight(open_client, "/assessment/submit", "POST")
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert "access-control-allow-credentials" not in response.headers
