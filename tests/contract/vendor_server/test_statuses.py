"""Error statuses in the shape of either dialect, and the ladder of forms that a server may refuse."""

import email.utils
import time

import httpx
import pytest

from fakes.vendor_server import Behaviour, Pace, VendorServer
from tests.contract.vendor_server.raw import DIALECTS, post

STATUSES = [
    (Behaviour.BAD_REQUEST, 400, "invalid_request_error"),
    (Behaviour.CONTEXT_LENGTH, 400, "invalid_request_error"),
    (Behaviour.CONTENT_POLICY, 400, "invalid_request_error"),
    (Behaviour.UNAUTHORIZED, 401, "authentication_error"),
    (Behaviour.FORBIDDEN, 403, "permission_error"),
    (Behaviour.NOT_FOUND, 404, "not_found_error"),
    (Behaviour.REQUEST_TIMEOUT, 408, "timeout_error"),
    (Behaviour.RATE_LIMITED, 429, "rate_limit_error"),
    (Behaviour.RATE_LIMITED_UNTIL, 429, "rate_limit_error"),
    (Behaviour.SERVER_ERROR, 500, "api_error"),
    (Behaviour.BAD_GATEWAY, 502, "api_error"),
    (Behaviour.UNAVAILABLE, 503, "api_error"),
    (Behaviour.OVERLOADED, 529, "overloaded_error"),
]


@pytest.mark.parametrize(("behaviour", "status", "kind"), STATUSES)
async def test_a_status_comes_with_the_error_of_its_dialect(
    client: httpx.AsyncClient, server: VendorServer, behaviour: Behaviour, status: int, kind: str
) -> None:
    server.reset(behaviour)
    for dialect in DIALECTS:
        response = await post(client, server, dialect)
        assert response.status_code == status
        body = response.json()
        assert body["error"]["message"]
        if dialect == "anthropic":
            assert (body["type"], body["error"]["type"]) == ("error", kind)
        else:
            assert set(body["error"]) == {"message", "type", "param", "code"}
    assert [bill.completion_tokens for bill in server.bills] == [0, 0]


async def test_too_long_a_prompt_has_the_code_of_its_dialect(client: httpx.AsyncClient, server: VendorServer) -> None:
    server.reset(Behaviour.CONTEXT_LENGTH)
    assert (await post(client, server, "openai")).json()["error"]["code"] == "context_length_exceeded"
    assert "prompt is too long" in (await post(client, server, "anthropic")).text


async def test_retry_after_comes_in_seconds_or_as_a_date(client: httpx.AsyncClient) -> None:
    async with VendorServer(["rate_limited", "rate_limited_until"], pace=Pace(retry_after=30)) as server:
        seconds = (await post(client, server, "openai")).headers["retry-after"]
        date = (await post(client, server, "openai")).headers["retry-after"]
    assert seconds == "30"
    assert 28 <= email.utils.parsedate_to_datetime(date).timestamp() - time.time() <= 31


@pytest.mark.parametrize(
    ("behaviour", "form"),
    [
        (Behaviour.NO_JSON_SCHEMA, "json_schema"),
        (Behaviour.NO_TOOLS, "tools"),
        (Behaviour.NO_JSON_OBJECT, "json_object"),
    ],
)
async def test_a_form_that_is_not_supported_is_refused_and_every_other_answered(
    client: httpx.AsyncClient, server: VendorServer, behaviour: Behaviour, form: str
) -> None:
    server.reset(behaviour)
    for asked in ("json_schema", "tools", "json_object", "text"):
        response = await post(client, server, "openai", asked)
        assert response.status_code == (400 if asked == form else 200)


async def test_a_server_can_refuse_several_forms_whatever_else_it_does(client: httpx.AsyncClient) -> None:
    async with VendorServer(refuses=["json_schema", "tools"]) as server:
        statuses = [(await post(client, server, "openai", form)).status_code for form in ("json_schema", "tools")]
        statuses += [(await post(client, server, "anthropic", form)).status_code for form in ("json_schema", "tools")]
        assert statuses == [400, 400, 400, 400]
        assert (await post(client, server, "openai", "json_object")).status_code == 200


@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/embeddings"), ("GET", "/v1/chat/completions")])
async def test_other_addresses_are_not_there_and_do_not_count(
    client: httpx.AsyncClient, server: VendorServer, method: str, path: str
) -> None:
    assert (await client.request(method, server.root_url + path)).status_code == 404
    assert server.calls == 0


async def test_a_body_that_is_no_json_is_refused(client: httpx.AsyncClient, server: VendorServer) -> None:
    assert (await client.post(f"{server.base_url}/chat/completions", content=b"[1")).status_code == 400
