"""Whether the process is alive, whether it has what it needs, and what its metrics say."""

import re
from pathlib import Path

import httpx
import msgspec
import pytest
from litestar import Litestar

from api.services import Services
from assessment.errors import ServiceUnavailable
from assessment.models import Mode
from providers.build import build_vendors
from providers.config import load
from providers.protocol import CallOutcome
from tests.journey import Journey

ROOT = "http://retake.test"


async def test_live_answers_without_the_database(client: httpx.AsyncClient) -> None:
    response = await client.get(f"{ROOT}/health/live")
    assert (response.status_code, response.json()) == (200, {"status": "alive"})


async def test_ready_says_what_is_there(client: httpx.AsyncClient) -> None:
    response = await client.get(f"{ROOT}/health/ready")
    assert (response.status_code, response.json()) == (
        200,
        {
            "status": "ready",
            "database": True,
            "migrations": True,
            "providers": {"live": False, "test": True},
            "vendors": [],
        },
    )


@pytest.mark.parametrize(
    ("out", "status", "said", "live"),
    [((), 200, "ready", True), ((0,), 200, "ready", True), ((0, 1), 503, "not_ready", False)],
)
async def test_it_is_ready_until_every_vendor_of_the_live_chain_is_out(
    app: Litestar,
    services: Services,
    client: httpx.AsyncClient,
    tmp_path: Path,
    out: tuple[int, ...],
    status: int,
    said: str,
    live: bool,
) -> None:
    file = tmp_path / "providers.yaml"
    file.write_text("vendors: [{name: one, model: sandbox}, {name: two, model: sandbox}]\nchain: [one, two]\n")
    snapshot = build_vendors(load(file))
    app.state.services = msgspec.structs.replace(services, snapshot=snapshot, can_generate=dict.fromkeys(Mode, True))
    assert snapshot._live is not None
    for place in out:
        snapshot._live.chain.upstreams[place].breaker.end(CallOutcome.UNAUTHORIZED, 0.0, is_probe=False)
    response = await client.get(f"{ROOT}/health/ready")
    body = response.json()
    assert (response.status_code, body["status"], body["providers"]) == (status, said, {"test": True, "live": live})
    assert [vendor["state"] for vendor in body["vendors"]] == ["out" if place in out else "closed" for place in (0, 1)]


async def test_without_a_database_it_is_alive_but_not_ready(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away() -> None:
        raise ServiceUnavailable

    monkeypatch.setattr("db.readiness.status", away)
    response = await client.get(f"{ROOT}/health/ready")
    assert response.status_code == 503
    assert response.json() == {
        "status": "not_ready",
        "database": False,
        "migrations": False,
        "providers": {"live": False, "test": True},
        "vendors": [],
    }
    assert (await client.get(f"{ROOT}/health/live")).status_code == 200


async def test_metrics_are_labelled_with_routes_and_hold_no_id(journey: Journey) -> None:
    await journey.failed()
    await journey.client.get("/assessment/attempts/1", headers=journey.headers)
    await journey.client.get(f"/metadata/user/{journey.student_id}", headers={"x-api-key": journey.api_key})
    await journey.client.get(f"/step3/store-verification-items/session/{journey.token}")
    await journey.client.get(f"/nothing/{journey.student_id}")
    response = await journey.client.get(f"{ROOT}/metrics")
    assert response.status_code == 200
    routes = set(re.findall(r'route="([^"]*)"', response.text))
    assert {
        "/api/v1/assessment/attempts/{number}",
        "/api/v1/metadata/user/{record_user_id}",
        "/api/v1/step3/store-verification-items/session/{session_token}",
        "",
    } <= routes
    known = {"", "/", "/metrics", "/health/live", "/health/ready"}
    assert all(route in known or route.startswith(("/api/v1/", "/docs")) for route in routes)
    for secret in (journey.token, journey.api_key, journey.student_id, journey.verification_id):
        assert secret not in response.text
