"""A server killed at any moment leaves every verification as it was before or as it should be afterwards, whole."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from random import Random
from typing import Any

import httpx
import msgspec
import pytest

from piccolo_conf import DB
from tests.integration.deployment import Deployment, client_of, deployed
from tests.journey import MARKED, Journey, answers
from tests.server_process import serving
from tests.waiting import until

ROUNDS = 5
STUDENTS_PER_STEP = 3  # in each round as many students are at each step, each at another point of it
LONGEST_SECONDS = 0.4  # as long as a step takes, of which the slow writes are the most

SLOW = {"x-sandbox-scenario": "slow"}

# Every write of a step takes a while, so that a kill also falls between two writes of one transaction.
SLOW_WRITES = """
    CREATE FUNCTION take_time() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.1); RETURN NEW; END $$;
    CREATE TRIGGER slow BEFORE INSERT ON question_set FOR EACH ROW EXECUTE FUNCTION take_time();
    CREATE TRIGGER slow BEFORE INSERT ON attempt FOR EACH ROW EXECUTE FUNCTION take_time();
    CREATE TRIGGER slow BEFORE INSERT ON outbox_message FOR EACH ROW EXECUTE FUNCTION take_time();
    CREATE TRIGGER slow BEFORE UPDATE ON verification FOR EACH ROW EXECUTE FUNCTION take_time();
"""


class Story:
    """One student, the step under way when the power failed, and what was known before."""

    def __init__(self, step: str, journey: Journey, before: dict[str, Any], scenario: dict[str, str]) -> None:
        self.step = step
        self.journey = journey
        self.scenario = scenario
        self.before = before
        self.answered = False


@pytest.fixture(scope="module")
async def deployment(app: object) -> AsyncIterator[Deployment]:
    async with deployed(DB) as deployment:
        yield deployment


async def _state(deployment: Deployment, journey: Journey) -> dict[str, Any]:
    """What the database holds of one verification, with everything a whole state must agree about."""
    verification_id = journey.verification_id
    (standing,) = await deployment.rows(
        "SELECT attempts, last_score, revision FROM verification WHERE id = $1", verification_id
    )
    sets = await deployment.rows(
        "SELECT id, state, questions FROM question_set WHERE verification = $1", verification_id
    )
    attempts = await deployment.rows("SELECT * FROM attempt WHERE verification = $1 ORDER BY number", verification_id)
    events = await deployment.rows("SELECT event FROM outbox_message WHERE verification = $1", verification_id)
    return {
        "standing": standing,
        "sets": [(str(row["id"]), row["state"], len(msgspec.json.decode(row["questions"]))) for row in sets],
        "attempts": attempts,
        "events": Counter(row["event"] for row in events),
    }


async def _check_whole(deployment: Deployment, story: Story) -> str:
    """Compare with the state before; say whether the step was taken. Half a step fails the test."""
    after = await _state(deployment, story.journey)
    if after == story.before:
        assert not story.answered, f"{story.step} was answered and then lost"
        return "old"
    before_set = story.before["sets"][0][0] if story.before["sets"] else None
    ((set_id, set_state, questions),) = after["sets"]
    assert questions == 10
    match story.step:
        case "generate":
            assert (set_state, after["attempts"]) == ("active", [])
            assert after["events"] == {"verification.initiated": 1}
        case "submit":
            assert (set_id, set_state) == (before_set, "submitted")
            assert [attempt["number"] for attempt in after["attempts"]] == [1]
            assert (after["standing"]["attempts"], after["standing"]["last_score"]) == (1, 40)
            assert after["events"] == {"verification.initiated": 1, "verification.completed": 1}
        case "retake":
            assert (set_id != before_set, set_state) == (True, "active")
            assert after["attempts"] == story.before["attempts"]
            assert after["events"] == story.before["events"]
    assert after["standing"]["revision"] == story.before["standing"]["revision"] + 1
    return "new"


async def _stories(deployment: Deployment, client: httpx.AsyncClient) -> list[Story]:
    ways = {
        "generate": Journey.prepared,
        "submit": Journey.ready,
        "retake": Journey.failed,
        "slow retake": Journey.failed,
    }
    steps = [*("generate", "submit", "retake") * STUDENTS_PER_STEP, "slow retake"]
    journeys = await asyncio.gather(*(ways[step](deployment.journey(client)) for step in steps))
    return [
        Story(step, journey, await _state(deployment, journey), SLOW if step == "slow retake" else MARKED)
        for step, journey in zip(steps, journeys, strict=True)
    ]


async def _take(story: Story) -> httpx.Response:
    journey, headers = story.journey, {**story.journey.headers, **story.scenario}
    match story.step:
        case "generate":
            return await journey.client.post("/assessment/generate", headers=headers)
        case "submit":
            body = {"answers": answers(journey.questions, right=4)}
            return await journey.client.post("/assessment/submit", headers=headers, json=body)
        case _:
            return await journey.client.post("/assessment/retakeassessment", headers=headers)


async def _take_until_killed(story: Story, delay: float) -> None:
    await asyncio.sleep(delay)
    with contextlib.suppress(httpx.TransportError):
        story.answered = (await _take(story)).is_success


async def test_kill_at_random_points_of_generate_submit_and_retake_leaves_the_old_or_the_new_state_whole(
    deployment: Deployment,
) -> None:
    rng = Random(2)  # noqa: S311  # repeatable on purpose, nothing secret
    await deployment.database.execute(SLOW_WRITES)
    stories: list[Story] = []
    outcomes: Counter[tuple[str, str]] = Counter()
    for number in range(ROUNDS):
        async with AsyncExitStack() as stack:
            server = await stack.enter_async_context(serving(deployment.environment))
            client = await stack.enter_async_context(client_of(server))
            round_stories = await _stories(deployment, client)
            delays = [rng.uniform(0, LONGEST_SECONDS / ROUNDS) for _ in round_stories]
            steps = [asyncio.create_task(_take_until_killed(*pair)) for pair in zip(round_stories, delays, strict=True)]
            if number < ROUNDS - 1:
                await asyncio.sleep((number + 1) * LONGEST_SECONDS / ROUNDS)
            else:  # at last everybody but the slow one has an answer, which must not be lost
                await asyncio.wait(steps[:-1], timeout=10)
            server.kill()
            await asyncio.gather(*steps)
            await server.ended()
        await _nothing_under_way(deployment)
        for story in round_stories:
            outcomes[story.step, await _check_whole(deployment, story)] += 1
        stories += round_stories
    quick = {(step, end) for step in ("generate", "submit", "retake") for end in ("old", "new")}
    assert set(outcomes) == {*quick, ("slow retake", "old")}
    await _go_on(deployment, stories)


async def _nothing_under_way(deployment: Deployment) -> None:
    """Wait until the backends of the killed server have noticed and undone what they were at."""

    async def quiet() -> bool:
        statement = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'retake'"
        return not await deployment.rows(statement)

    await until(quiet)


async def _go_on(deployment: Deployment, stories: list[Story]) -> None:
    """Restart: every student can go on, and every event of every change arrives, each under one id."""
    for table in ("question_set", "attempt", "outbox_message", "verification"):
        await deployment.database.execute(f"DROP TRIGGER slow ON {table}")
    # a message on its way when the power failed is free when its lease ends; that is now
    await deployment.database.execute("UPDATE outbox_message SET due_at = now() WHERE state = 'pending'")
    async with serving(deployment.environment) as server, client_of(server) as client:
        for story in stories:
            story.journey.client, story.scenario = client, MARKED
        again = await asyncio.gather(*(_take(story) for story in stories))
        assert {answer.status_code for answer in again} <= {200, 409}
        assert {story.step for story, answer in zip(stories, again, strict=True) if answer.status_code == 409} <= {
            "submit"
        }

        async def all_delivered() -> bool:
            return not await deployment.rows("SELECT 1 FROM outbox_message WHERE state <> 'delivered'")

        await until(all_delivered)
    expected = {row["id"] for row in await deployment.rows("SELECT id FROM outbox_message")}
    assert len(expected) >= len(stories)
    assert set(deployment.webhook_ids()) == expected
    bodies: dict[str, set[bytes]] = {}
    for delivery in deployment.receiver.got:
        bodies.setdefault(delivery.headers["webhook-id"], set()).add(delivery.body)
    assert all(len(versions) == 1 for versions in bodies.values())
