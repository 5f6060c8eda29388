"""A route has to say what it takes, and what pages may do with it follows from that."""

from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from litestar import Litestar, delete, get, put
from litestar.exceptions import ImproperlyConfiguredException
from litestar.handlers import HTTPRouteHandler

from api.cors import CorsByCredential, cors_config
from api.credential import for_operators, handlers_of, public, require_declared
from api.session_auth import by_api_key, by_session_token
from api.settings import Settings

ORIGIN = "https://students.example"


@put("/mine", opt={"credential": by_session_token}, sync_to_thread=False)
def of_a_session() -> None:
    """A route that pages may call."""


@delete("/mine", opt={"credential": by_api_key}, sync_to_thread=False)
def of_a_platform() -> None:
    """A route on the same path that they may not."""


@get("/silent", sync_to_thread=False)
def silent() -> None:
    """A route that says nothing."""


@get("/wrong", opt={"credential": "public"}, sync_to_thread=False)
def wrong() -> None:
    """A route that says what is no credential."""


def made(handlers: Sequence[HTTPRouteHandler]) -> Litestar:
    app = Litestar(list(handlers), cors_config=cors_config(Settings(cors_origins=(ORIGIN,))), openapi_config=None)
    app.asgi_handler = CorsByCredential(app.asgi_handler, app)
    return app


@pytest.mark.parametrize("handler", [silent, wrong])
def test_a_route_that_does_not_say_what_it_takes_is_refused_when_the_app_is_made(handler: HTTPRouteHandler) -> None:
    with pytest.raises(ImproperlyConfiguredException, match="must declare"):
        require_declared(handlers_of(Litestar([of_a_session, handler], openapi_config=None)))


def test_routes_that_say_it_are_not_refused() -> None:
    require_declared(handlers_of(made([of_a_session, of_a_platform])))


async def allowed(app: Litestar, method: str) -> tuple[str | None, str | None]:
    transport: Any = httpx.ASGITransport(app)  # type: ignore[arg-type]  # ASGI types differ in name only
    async with httpx.AsyncClient(transport=transport, base_url="http://retake.test") as client:
        asking = {"origin": ORIGIN, "access-control-request-method": method}
        answer = await client.request("OPTIONS", "/mine", headers=asking)
    return answer.headers.get("access-control-allow-origin"), answer.headers.get("access-control-allow-methods")


async def test_the_methods_that_pages_may_use_are_those_of_the_routes_open_to_them() -> None:
    app = made([of_a_session, of_a_platform])
    assert await allowed(app, "PUT") == (ORIGIN, "PUT")
    assert await allowed(app, "DELETE") == (None, None)


def test_only_answers_to_credentials_are_private() -> None:
    private = [kind.is_private for kind in (public, for_operators, by_session_token, by_api_key)]
    assert private == [False, False, True, True]
