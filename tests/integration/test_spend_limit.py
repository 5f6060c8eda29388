"""A deployment stops spending before its limit is passed: no set, and a reason for whoever runs it."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from piccolo_conf import DB
from tests.integration.live_server import LiveServer, live_deployment
from tests.waiting import until

# An answer costs at most $0.003 with the one vendor and $0.03 with the other
BOUNDED = "    attempt_seconds: 8\n    params: {max_tokens: 1500}\n"
LIMIT = "spend: {max_usd_per_day: 0.05}"


@pytest.fixture
async def live(app: object, tmp_path: Path) -> AsyncIterator[LiveServer]:
    async with live_deployment(DB, tmp_path / "providers.yaml") as live:
        text = live.file.read_text()
        live.file.write_text(text.replace("    attempt_seconds: 8\n", BOUNDED) + LIMIT)
        yield live


async def _failed_set(live: LiveServer) -> str:
    journey = await live.deployment.journey(live.client).prepared()
    response = await journey.generate(**{"x-test": "live"})
    assert response.status_code == 500
    code: str = response.json()["error"]["code"]
    return code


async def _readiness(live: LiveServer) -> tuple[int, str | None]:
    response = await live.client.get(f"{live.server.root_url}/health/ready")
    return response.status_code, response.json().get("spend")


async def _is_refused_in_the_ledger(live: LiveServer) -> bool:
    rows = await live.rows_when_settled()
    return {(row["outcome"], row["cost"]) for row in rows} == {("spend_limit", 0.0)}


async def _spent(live: LiveServer) -> int:
    (row,) = await live.deployment.rows("SELECT coalesce(sum(nanos), 0)::bigint AS nanos FROM spend_day")
    nanos: int = row["nanos"]
    return nanos


async def test_the_limit_of_the_day_holds_over_a_restart_and_says_why(live: LiveServer) -> None:
    async with live.started():
        await live.take_set()
        assert await _readiness(live) == (200, "within_limit")
        rows = await live.rows_when_settled(everything=True)  # maps of concepts, too
        cost = sum(round(row["cost"] * 1e9) for row in rows)

        async def settled() -> bool:
            return bool(await _spent(live) == cost > 0)

        await until(settled)
    await live.deployment.rows("UPDATE spend_day SET nanos = 49_999_000")
    async with live.started():
        calls = live.first.calls + live.second.calls
        assert await _failed_set(live) == "GENERATION_FAILED"
        assert live.first.calls + live.second.calls == calls
        assert await _spent(live) == 49_999_000

        async def says_so() -> bool:
            return await _readiness(live) == (200, "limit_reached")

        await until(says_so, 30)
        await until(partial(_is_refused_in_the_ledger, live))
        metrics = (await live.client.get(f"{live.server.root_url}/metrics")).text
        assert "\nretake_spend_limit_reached 1.0" in metrics
        assert 'retake_spend_refused_total{limit="max_usd_per_day"}' in metrics
