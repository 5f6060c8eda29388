"""`retake policy …` as an operator uses it."""

import json
from collections.abc import AsyncIterator

import pytest

from piccolo_conf import DB
from tests.integration.deployment import Deployment, deployed
from tests.server_process import finished_retake, run_retake


@pytest.fixture(scope="module")
async def deployment(app: object) -> AsyncIterator[Deployment]:
    async with deployed(DB) as deployment:
        yield deployment


async def test_a_policy_is_set_part_by_part_shown_and_lifted(deployment: Deployment) -> None:
    environment = deployment.environment
    await run_retake("keys", "create", "--mode", "live", "--name", "a", "--platform", "acme", environment=environment)

    async def set_policy(*options: str) -> str:
        return await run_retake("policy", "set", "--platform", "acme", *options, environment=environment)

    said = await set_policy("--max-attempts", "3", "--cool-down", "24h", "--answers", "score")
    assert said == "acme: 3 attempts, cool-down 1d, no time limit, 5 sets per attempt, answers score\n"
    said = await set_policy("--max-attempts", "none", "--time-limit", "90s", "--sets-per-attempt", "2")
    assert said == ("acme: attempts without limit, cool-down 1d, time limit 90s, 2 sets per attempt, answers score\n")
    shown = json.loads(await run_retake("policy", "show", "--json", "--platform", "acme", environment=environment))
    policy = {
        "max_attempts": None,
        "cool_down": 86400,
        "time_limit": 90,
        "sets_per_attempt": 2,
        "answers": "score",
    }
    assert shown == [{"platform": "acme", "policy": policy, "is_set": True}]
    table = await run_retake("policy", "show", environment=environment)
    assert "no limit" in table
    for arguments in (
        ("set", "--platform", "nobody"),
        ("show", "--platform", "nobody"),
        ("odds", "--platform", "nobody"),
    ):
        refused = await finished_retake("policy", *arguments, environment=environment)
        assert (refused.code, "no platform is named 'nobody'" in refused.stderr) == (1, True)
    too_long = await finished_retake(
        "policy", "set", "--platform", "acme", "--time-limit", "8d", environment=environment
    )
    assert (too_long.code, "must be at most 7d" in too_long.stderr) == (2, True)


async def test_odds_stop_at_the_attempts_that_the_policy_allows(deployment: Deployment) -> None:
    environment = deployment.environment
    await run_retake("keys", "create", "--mode", "live", "--name", "a", "--platform", "two", environment=environment)
    await run_retake("policy", "set", "--platform", "two", "--max-attempts", "2", environment=environment)
    limited = await run_retake("policy", "odds", "--attempts", "12", "--platform", "two", environment=environment)
    assert "| knows | 1 attempt | 2 attempts |" in limited
    assert "two: 2 attempts" in limited
    free = await run_retake("policy", "odds", "--attempts", "12", environment=environment)
    assert "| 0% | 2.0% | 3.9% | 5.8% | 9.5% | 18.1% | 21.3% |" in free
    assert "| 6 of 10 | 60% | 31% to 83% |" in free
    told = json.loads(await run_retake("policy", "odds", "--questions", "20", "--json", environment=environment))
    assert len(told["intervals"]) == 21
