"""Whether the process is alive, whether it has what it needs, and what its metrics say."""

import re
from uuid import uuid4

import httpx
import pytest
from litestar import Litestar

from assessment.errors import ServiceUnavailable
from db.engine import RetakeEngine
from db.workers import VendorReport, WorkerReport, alive, leave, report
from piccolo_conf import DB
from tests.journey import Journey
from tests.rows import fetch

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


OUT = VendorReport("mini", "out", "unauthorized")
CLOSED = VendorReport("other", "closed")


@pytest.mark.parametrize(
    ("workers", "is_ready"),
    [
        ((), False),
        ((WorkerReport("hash", has_providers=False, serves_live=False),), True),
        ((WorkerReport("hash", has_providers=True, serves_live=False, vendors=(OUT,)),), False),
        ((WorkerReport("hash", has_providers=True, serves_live=True, vendors=(OUT, CLOSED)),), True),
    ],
)
async def test_it_is_ready_when_a_worker_lives_and_where_vendors_are_configured_one_of_them_can_be_asked(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, workers: tuple[WorkerReport, ...], *, is_ready: bool
) -> None:
    async def alive_now(_: RetakeEngine) -> tuple[WorkerReport, ...]:
        return workers

    monkeypatch.setattr("db.readiness.alive", alive_now)
    response = await client.get(f"{ROOT}/health/ready")
    assert response.status_code == (200 if is_ready else 503)
    body = response.json()
    assert body["providers"] == {"test": bool(workers), "live": any(worker.serves_live for worker in workers)}
    assert [vendor["name"] for vendor in body["vendors"]] == [
        vendor.name for worker in workers for vendor in worker.vendors
    ]


@pytest.mark.parametrize(
    ("reached", "said"),
    [
        ((None,), None),
        ((False, None), "within_limit"),
        ((False, True), "limit_reached"),
        ((True, False), "limit_reached"),
    ],
)
async def test_that_the_spend_limit_is_reached_is_said_and_the_rest_goes_on(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, reached: tuple[bool | None, ...], said: str | None
) -> None:
    async def alive_now(_: RetakeEngine) -> tuple[WorkerReport, ...]:
        return tuple(WorkerReport("h", has_providers=True, serves_live=True, spend_limit_reached=it) for it in reached)

    monkeypatch.setattr("db.readiness.alive", alive_now)
    response = await client.get(f"{ROOT}/health/ready")
    assert (response.status_code, response.json().get("spend")) == (200, said)


async def test_a_worker_that_was_not_heard_of_lately_does_not_count(app: Litestar) -> None:
    assert len(await alive(DB)) == 1  # the one in this process
    silent = uuid4()
    await report(DB, silent, WorkerReport("hash", has_providers=True, serves_live=True))
    assert len(await alive(DB)) == 2
    await fetch("UPDATE worker SET seen_at = seen_at - interval '16 seconds' WHERE id = {}", silent)
    assert len(await alive(DB)) == 1
    await leave(DB, silent)


@pytest.mark.parametrize("question", ["status", "alive"])
async def test_without_a_database_it_is_alive_but_not_ready(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, question: str
) -> None:
    async def away(_: RetakeEngine) -> None:
        raise ServiceUnavailable

    monkeypatch.setattr(f"db.readiness.{question}", away)
    response = await client.get(f"{ROOT}/health/ready")
    assert response.status_code == 503
    assert response.json() == {
        "status": "not_ready",
        "database": False,
        "migrations": False,
        "providers": {"live": False, "test": False},
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
