"""What follows from the credential that a route declares, for every route there is."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from litestar import Litestar

from api.app import create_app
from api.credential import Credential, credential_of, handlers_of
from api.limits import OPT as LIMIT
from api.openapi.pages import PAGES
from api.openapi.parameters import API_KEY, SESSION
from api.services import Services
from api.session_auth import by_api_key, by_session_token, by_token_in_body, by_token_in_path
from api.settings import Settings
from tests.journey import Journey
from tests.stage import Stage, client_from, served_document
from tests.waiting import until

CHALLENGE = 'ApiKey realm="retake", header="x-api-key"'
ORIGIN = "https://students.example"
# routes are known when an app is made; that of the fixtures has the same ones
ROUTES = sorted(
    (
        (str(method), path, handler)
        for path, handler in handlers_of(create_app(Settings()))
        for method in handler.http_methods
    ),
    key=lambda route: route[:2],  # every process that takes a part of the tests has to find them in one order
)
EACH = pytest.mark.parametrize(
    ("method", "path", "credential"),
    [(method, re.sub(r"\{[^}]*\}", "x", path), credential_of(handler)) for method, path, handler in ROUTES],
    ids=[f"{method} {path}" for method, path, _ in ROUTES],
)
# one ends what it is asked about, and what another tells goes on: notices are delivered meanwhile
NOT_TWICE_ALIKE = {"erasePerson", "exportPerson"}
READS = sorted(page for page in PAGES if not PAGES[page].examples and page not in NOT_TWICE_ALIKE)


def odd(path: str) -> list[str]:
    """Other ways to write a path that the router finds as well."""
    return [path, f"{path}/", f"/{path}", path.replace("/", "//")]


@pytest.fixture
async def open_client(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an app that names one origin and shares the running one's services."""
    app = create_app(Settings(cors_origins=(ORIGIN,)))
    app.state.services = services
    async with client_from("routes", app) as client:
        yield client


@pytest.fixture
async def stage(app: Litestar, services: Services, test_key: str) -> AsyncIterator[Stage]:
    async with client_from("routes", app) as client:
        yield Stage(app, client, await served_document(app), test_key)


def test_every_route_takes_the_credential_that_is_documented() -> None:
    takes = {
        API_KEY: {by_api_key},
        SESSION: {by_session_token},
        None: {by_token_in_path, by_token_in_body},
    }
    documented = {handler.operation_id: credential_of(handler) for _, _, handler in ROUTES if handler.operation_id}
    assert documented.keys() == PAGES.keys()
    for operation_id, credential in documented.items():
        assert isinstance(credential, Credential)
        if credential.is_private:
            assert credential in takes[PAGES[str(operation_id)].credential], operation_id
        else:
            assert PAGES[str(operation_id)].credential is None, operation_id


def test_every_documented_route_that_anybody_may_call_from_anywhere_is_limited() -> None:
    for _, path, handler in ROUTES:
        credential = credential_of(handler)
        assert credential is not None
        if handler.operation_id and credential.opens_to_pages and not credential.is_private:
            assert LIMIT in handler.opt, path


@EACH
async def test_pages_may_call_what_is_open_to_them_and_nothing_else(
    open_client: httpx.AsyncClient, method: str, path: str, credential: Credential
) -> None:
    for written in odd(path):
        url = f"http://retake.test{written}"
        asking = {"origin": ORIGIN, "access-control-request-method": method}
        for answer in (
            await open_client.request("OPTIONS", url, headers=asking),
            await open_client.request(method, url, headers={"origin": ORIGIN}),
        ):
            cors = [name for name in answer.headers if name.startswith("access-control-")]
            assert bool(cors) is credential.opens_to_pages, written
            assert answer.headers.get("access-control-allow-origin") == (ORIGIN if credential.opens_to_pages else None)
            assert not credential.opens_to_pages or method in answer.headers["access-control-allow-methods"]


async def test_a_page_is_not_told_that_it_may_call_with_a_method_that_needs_an_api_key(
    open_client: httpx.AsyncClient,
) -> None:
    for path, method in (("/assessment/submit", "DELETE"), ("/verify", "POST"), ("/nothing", "GET"), ("/verify", "")):
        asking = {"origin": ORIGIN, "access-control-request-method": method}
        answer = await open_client.request("OPTIONS", path, headers=asking)
        assert not [name for name in answer.headers if name.startswith("access-control-")], path


@EACH
async def test_nobody_on_the_way_may_keep_an_answer_to_a_credential(
    open_client: httpx.AsyncClient, method: str, path: str, credential: Credential
) -> None:
    answer = await open_client.request(method, f"http://retake.test{path}")
    assert answer.headers.get_list("cache-control") == (["no-store"] if credential.is_private else [])


async def test_nobody_on_the_way_may_keep_a_token_or_a_question(journey: Journey) -> None:
    key = {"idempotency-key": "one"}
    body = journey.profile["verify"]
    opened = [
        await journey.client.post("/verify", json=body, headers={"x-api-key": journey.api_key, **key}) for _ in range(2)
    ]
    await journey.prepared()
    generated = await journey.generate()
    failed = await journey.submit(right=0)
    for answer in (*opened, generated, failed, await journey.retake()):
        assert answer.is_success
        assert answer.headers["cache-control"] == "no-store"


@EACH
async def test_a_credential_that_is_refused_is_asked_for(
    open_client: httpx.AsyncClient, method: str, path: str, credential: Credential
) -> None:
    answer = await open_client.request(method, f"http://retake.test{path}")
    in_header = credential in (by_api_key, by_session_token)
    assert (answer.status_code == 401) is in_header
    assert answer.headers.get("www-authenticate") == (
        'ApiKey realm="retake", header="x-api-key"' if in_header else None
    )


@pytest.mark.parametrize("operation_id", READS)
async def test_head_answers_as_get_does_without_the_body(stage: Stage, operation_id: str) -> None:
    call = await stage.call(operation_id)

    async def tells_the_length() -> bool:
        call.method = "GET"
        got = await call.send()
        call.method = "HEAD"
        asked = await call.send()
        assert (got.status_code, asked.status_code, asked.content) == (200, 200, b"")
        assert asked.headers.keys() == got.headers.keys()
        if "content-length" not in got.headers:  # a stream has none
            return True
        difference = abs(int(asked.headers["content-length"]) - len(got.content))
        return difference < 3  # the execution time may have a digit more

    await until(tells_the_length)  # a delivery may have been tried in between


@EACH
async def test_whatever_answers_get_answers_head_and_whatever_does_not_says_what_it_takes(
    open_client: httpx.AsyncClient, method: str, path: str, credential: Credential
) -> None:
    url = f"http://retake.test{path}"
    head, got = await open_client.head(url), await open_client.get(url)
    assert (head.status_code, head.content) == (got.status_code, b"")
    for asked in ("TRACE", "PATCH"):
        refused = await open_client.request(asked, url)
        allowed = set(refused.headers["allow"].split(", "))
        assert (refused.status_code, {method, "OPTIONS"} <= allowed, asked in allowed) == (405, True, False)
        assert ("GET" in allowed) == ("HEAD" in allowed)
    assert set((await open_client.options(url)).headers["allow"].split(", ")) == allowed


async def test_the_root_says_where_things_are_and_leads_browsers_to_the_docs(
    client: httpx.AsyncClient,
) -> None:
    about = (await client.get("http://retake.test/")).json()
    assert (about["name"], about.keys()) == ("Retake", {"name", "version", "links"})
    for link in about["links"].values():
        assert (await client.get(f"http://retake.test{link}")).is_success
    browser = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    led = await client.get("http://retake.test/", headers=browser)
    assert (led.status_code, led.headers["location"], led.headers["vary"]) == (302, "/docs", "Accept")


@pytest.mark.parametrize("prefix", ["/retake", "/api", "/deep/er"])
async def test_behind_a_proxy_with_a_path_of_its_own_all_links_lead_back_through_it(
    app: Litestar, journey: Journey, prefix: str
) -> None:
    transport = httpx.ASGITransport(app, root_path=prefix)  # type: ignore[arg-type]  # ASGI types differ in name only
    async with httpx.AsyncClient(transport=transport, base_url=f"http://retake.test{prefix}") as behind:
        about = (await behind.get("/")).json()
        assert about["links"]["docs"] == f"{prefix}/docs"
        document = (await behind.get("/docs/openapi.json")).json()
        assert document["servers"] == [{"url": prefix}]
        assert f'"{prefix}/docs/openapi.json"' in (await behind.get("/docs")).text
        led = await behind.get("/", headers={"accept": "text/html"})
        assert led.headers["location"] == f"{prefix}/docs"
        body, headers = journey.profile["verify"], {"x-api-key": journey.api_key}
        assert (await behind.post("/api/v1/verify", json=body, headers=headers)).is_success
    own = (await journey.client.get("http://retake.test/docs/openapi.json")).json()
    assert own["servers"] == [{"url": "/"}]


@pytest.mark.parametrize("prefix", ["/retake", "/api"])
async def test_behind_such_a_proxy_no_page_may_call_with_an_api_key(services: Services, prefix: str) -> None:
    app = create_app(Settings(cors_origins=(ORIGIN,)))
    app.state.services = services
    transport = httpx.ASGITransport(app, root_path=prefix)  # type: ignore[arg-type]  # ASGI types differ in name only
    async with httpx.AsyncClient(transport=transport, base_url=f"http://retake.test{prefix}/api/v1") as behind:
        for path, is_open in (("/verify", False), ("/assessment/submit", True)):
            asking = {"origin": ORIGIN, "access-control-request-method": "POST"}
            answer = await behind.request("OPTIONS", path, headers=asking)
            assert ("access-control-allow-origin" in answer.headers) is is_open
