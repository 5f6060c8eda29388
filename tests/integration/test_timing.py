"""Time limits: when the clock starts, who gets more time, and how an attempt ends when nobody is there."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.services import Services
from assessment.models import Policy
from db import presence
from db.policies import Policies
from db.queue import JobKind
from piccolo_conf import DB
from tests.journey import Journey, Json
from tests.rows import fetch, fetch_one, run_out
from tests.waiting import until

LIMIT = 1200


@pytest.fixture
async def timed(journey: Journey, platform_name: str) -> Journey:
    """Under a limit of twenty minutes."""
    assert await Policies(DB).put(platform_name, Policy(time_limit=LIMIT))
    return journey


async def row(journey: Journey) -> dict[str, Any]:
    found = await fetch_one("SELECT * FROM question_set WHERE verification = {}", journey.verification_id)
    assert found is not None
    return found


async def questions(journey: Journey) -> Json:
    response = await journey.client.get("/assessment/questions", headers=journey.headers)
    data: Json = response.raise_for_status().json()["data"]
    return data


async def accommodate(journey: Journey, factor: object) -> int:
    path = f"/verifications/{journey.verification_id}/accommodation"
    headers = {"x-api-key": journey.api_key}
    return (await journey.client.put(path, json={"timeFactor": factor}, headers=headers)).status_code


async def attempts(journey: Journey) -> list[Json]:
    data = (await journey.client.get("/assessment/attempts", headers=journey.headers)).json()["data"]
    listed: list[Json] = data["attempts"]
    return listed


def between(state: Json) -> float:
    return (datetime.fromisoformat(state["endsAt"]) - datetime.fromisoformat(state["startedAt"])).total_seconds()


async def test_without_a_limit_no_attempt_ends_by_itself(journey: Journey) -> None:
    await journey.ready()
    state = await journey.state()
    assert (state["timeLimitSeconds"], state["endsAt"]) == (None, None)
    assert abs(datetime.fromisoformat(state["startedAt"]) - datetime.now(UTC)) < timedelta(minutes=1)


async def test_the_time_begins_when_the_questions_are_sent_and_not_again(timed: Journey) -> None:
    await timed.prepared()
    state = await timed.state()
    assert (state["timeLimitSeconds"], state["startedAt"], state["endsAt"]) == (LIMIT, None, None)
    await timed.generate()
    first = await timed.state()
    assert between(first) == LIMIT
    await timed.generate()
    shown = await questions(timed)
    assert (shown["startedAt"], shown["endsAt"]) == (first["startedAt"], first["endsAt"])
    assert await timed.state() == first


async def test_a_set_that_was_written_and_never_sent_takes_no_time(timed: Journey) -> None:
    await timed.ready()
    await fetch(
        "UPDATE question_set SET started_at = NULL, ends_at = NULL WHERE verification = {}", timed.verification_id
    )
    assert (await timed.state())["startedAt"] is None
    shown = await questions(timed)
    assert between(shown) == LIMIT
    assert (await timed.state())["startedAt"] == shown["startedAt"]


async def test_a_retake_has_a_time_of_its_own(timed: Journey) -> None:
    await timed.failed()
    after = await timed.state()
    assert (after["startedAt"], after["endsAt"], after["timeLimitSeconds"]) == (None, None, LIMIT)
    await timed.retake()
    assert between(await timed.state()) == LIMIT


async def test_the_limit_of_a_set_is_the_one_it_was_sent_with(timed: Journey, platform_name: str) -> None:
    await timed.ready()
    await Policies(DB).put(platform_name, Policy(time_limit=60))
    assert ((await timed.state())["timeLimitSeconds"], between(await timed.state())) == (LIMIT, LIMIT)


@pytest.mark.parametrize("when", ["before", "meanwhile"])
async def test_an_accommodation_lengthens_the_time(timed: Journey, when: str) -> None:
    await (timed.prepared() if when == "before" else timed.ready())
    assert await accommodate(timed, 1.5) == 200
    await timed.generate()
    state = await timed.state()
    assert (state["timeLimitSeconds"], between(state)) == (LIMIT * 1.5, LIMIT * 1.5)


async def test_a_time_that_runs_is_never_made_shorter(timed: Journey) -> None:
    await timed.ready()
    assert await accommodate(timed, 4) == 200
    assert await accommodate(timed, 1) == 200
    assert between(await timed.state()) == 4 * LIMIT


@pytest.mark.parametrize("factor", [0.99, 4.01, -1, "2", None, True, [2], {}])
async def test_a_factor_is_a_number_from_1_to_4(timed: Journey, factor: object) -> None:
    await timed.ready()
    assert await accommodate(timed, factor) == 400
    assert between(await timed.state()) == LIMIT


async def test_half_a_minute_after_the_end_answers_are_still_taken(timed: Journey) -> None:
    await timed.ready()
    await run_out(timed)
    await fetch(
        "UPDATE question_set SET ends_at = now() - interval '25 seconds' WHERE verification = {}", timed.verification_id
    )
    assert (await timed.save(timed.questions[0], 1)).is_success
    assert (await timed.submit(right=10)).is_success


async def test_after_that_what_was_saved_is_scored_and_shown_as_timed_out(timed: Journey) -> None:
    await timed.ready()
    for question in timed.questions[:3]:
        right = next(index for index, option in enumerate(question["options"]) if option.endswith("(right)"))
        await timed.save(question, right)
    await run_out(timed)
    late = await timed.submit(right=10)
    assert (late.status_code, late.json()["error"]["code"]) == (409, "TIME_IS_UP")
    again = await timed.submit(right=10)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "TIME_IS_UP")
    (listed,) = await attempts(timed)
    assert (listed["score"], listed["timedOut"]) == (30, True)
    path = "/assessment/attempts/1"
    archived = (await timed.client.get(path, headers=timed.headers)).json()["data"]
    assert [question["selectedAnswer"] is None for question in archived["questions"]] == [False] * 3 + [True] * 7
    assert not any(question["isCorrect"] for question in archived["questions"][3:])


@pytest.mark.parametrize("call", ["state", "questions", "generate", "retake", "save"])
async def test_whoever_comes_first_after_the_end_finds_the_attempt_scored(timed: Journey, call: str) -> None:
    await timed.ready()
    await run_out(timed)
    if call == "state":
        state = await timed.state()
        assert (state["state"], state["next"]) == ("failed", ["retakeassessment"])
    elif call == "questions":
        response = await timed.client.get("/assessment/questions", headers=timed.headers)
        assert response.json()["error"]["code"] == "NO_QUESTIONS"
    elif call == "generate":
        assert (await timed.generate()).json()["error"]["code"] == "RETAKE_REQUIRED"
    elif call == "retake":
        assert (await timed.retake()).json()["data"]["retakeAttemptNumber"] == 2
    else:
        assert (await timed.save(timed.questions[0], 1)).json()["error"]["code"] == "TIME_IS_UP"
    assert len(await attempts(timed)) == (0 if call == "save" else 1)


async def job_of(journey: Journey) -> dict[str, Any] | None:
    key = f"{JobKind.TIME_UP}:{(await row(journey))['id']}"
    return await fetch_one("SELECT * FROM jobs.pgqueuer WHERE dedupe_key = {} AND status = 'queued'", key)


async def hurry(journey: Journey) -> None:
    """Have the job look now."""
    key = f"{JobKind.TIME_UP}:{(await row(journey))['id']}"
    await fetch("UPDATE jobs.pgqueuer SET execute_after = now() WHERE dedupe_key = {}", key)


async def test_a_job_ends_the_attempt_of_a_student_who_went_away_once(
    timed: Journey, notices: dict[str, list[str]]
) -> None:
    await timed.ready()
    assert await job_of(timed) is not None
    await run_out(timed)
    await hurry(timed)

    async def scored() -> bool:
        return bool(await fetch("SELECT 1 FROM attempt WHERE verification = {}", timed.verification_id))

    await until(scored)
    (listed,) = await attempts(timed)
    assert (listed["score"], listed["timedOut"]) == (0, True)
    completed = [body for body in notices[timed.verification_id] if "verification.completed" in body]
    assert len(completed) == 1
    assert (await timed.state())["state"] == "failed"


async def test_a_job_that_looks_too_early_comes_again(timed: Journey) -> None:
    await timed.ready()
    before = await job_of(timed)
    assert before is not None
    await hurry(timed)

    async def has_come_again() -> bool:
        found = await job_of(timed)
        return found is not None and found["id"] != before["id"]

    await until(has_come_again)
    assert await attempts(timed) == []


async def test_of_many_who_come_at_the_end_each_finds_one_attempt(timed: Journey) -> None:
    await timed.ready()
    await run_out(timed)
    await hurry(timed)
    await asyncio.gather(*(timed.submit(right=10) for _ in range(10)), *(timed.state() for _ in range(10)))
    assert [attempt["timedOut"] for attempt in await attempts(timed)] == [True]


class Outage:
    """The service's beat, as it stood still for a while; afterwards it goes on by itself."""

    @staticmethod
    async def of(seconds: float) -> None:
        await fetch(
            "UPDATE service_beat SET seen_at = statement_timestamp() - make_interval(secs => {})", float(seconds)
        )
        await presence.beat(DB)


async def test_an_outage_gives_its_time_back_to_those_who_were_answering(timed: Journey) -> None:
    await timed.ready()
    await fetch(
        "UPDATE question_set SET started_at = started_at - interval '1 hour', ends_at = ends_at - interval '1 hour' "
        "WHERE verification = {}",
        timed.verification_id,
    )
    over = (await row(timed))["ends_at"]
    await Outage.of(50 * 60)
    after = await row(timed)
    assert after["ends_at"] - over == pytest.approx(timedelta(minutes=50), abs=timedelta(seconds=5))
    assert after["given_back_seconds"] == pytest.approx(3000, abs=5)
    assert (await timed.save(timed.questions[0], 1)).is_success
    await accommodate(timed, 1.5)
    longer = await row(timed)
    assert longer["ends_at"] - after["ends_at"] == pytest.approx(timedelta(seconds=LIMIT / 2), abs=timedelta(seconds=1))


async def test_a_restart_gives_nothing_back(timed: Journey) -> None:
    await timed.ready()
    before = (await row(timed))["ends_at"]
    await Outage.of(presence.OUTAGE_SECONDS - 5)
    assert (await row(timed))["ends_at"] == before


async def test_who_began_after_the_outage_or_was_over_before_it_gets_nothing(timed: Journey) -> None:
    await timed.ready()
    await fetch(
        "UPDATE question_set SET ends_at = now() - interval '2 hours' WHERE verification = {}", timed.verification_id
    )
    before = (await row(timed))["ends_at"]
    await Outage.of(3600)
    assert (await row(timed))["ends_at"] == before


async def test_while_the_service_is_away_no_attempt_is_ended(services: Services, timed: Journey) -> None:
    await timed.ready()
    await run_out(timed)
    set_id = str((await row(timed))["id"])
    assert ((await services.store.seconds_left(timed.verification_id, set_id)) or 0) < 0
    async with DB.transaction():
        await fetch("UPDATE service_beat SET seen_at = statement_timestamp() - interval '2 minutes'")
        assert ((await services.store.seconds_left(timed.verification_id, set_id)) or 0) >= presence.OUTAGE_SECONDS


async def test_what_of_its_timing_an_attempt_keeps(services: Services, timed: Journey) -> None:
    await timed.prepared()
    await accommodate(timed, 2)
    await timed.generate()
    state = await timed.state()
    await timed.submit(right=0)
    attempt = await services.store.attempt(timed.verification_id, 1)
    assert attempt is not None
    assert attempt.timing.time_factor == 2
    assert attempt.policy.time_limit == LIMIT
    assert attempt.timing.ends_at is not None
    assert attempt.timing.ends_at.isoformat(timespec="milliseconds").replace("+00:00", "Z") == state["endsAt"]
