"""What one student's browser can spend is bounded: sets before a submit, and generations that come to nothing."""

import asyncio

import httpx
import pytest

from api.services import Services
from assessment.errors import TooManySets
from assessment.models import Policy
from assessment.ports import Finished, SetOrder
from assessment.scoring.eligibility import STARTS_PER_SET
from tests.journey import Journey, profile
from tests.rows import fetch

FAIL = {"x-sandbox-scenario": "fail"}
HOUR = 3600
SETS_PER_ATTEMPT = Policy().sets_per_attempt
STARTS_PER_ATTEMPT = SETS_PER_ATTEMPT * STARTS_PER_SET
SKILLS = [profile()["skills"][:1], profile()["skills"][1:]]


def assert_too_many(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "TOO_MANY_SETS")
    assert HOUR - 60 < int(answer.headers["retry-after"]) <= HOUR


async def turn_back(journey: Journey, interval: str) -> None:
    """Let time pass for the verification, or the other way round: the database's clock is set."""
    await fetch(
        """
        UPDATE generation SET sets_since = sets_since - {}::text::interval,
            started_since = started_since - {}::text::interval, finished_at = finished_at - {}::text::interval
        WHERE verification = {}
        """,
        *[interval] * 3,
        journey.verification_id,
    )


async def retake_until_refused(journey: Journey) -> int:
    """How many retakes went well before one was refused as one too many."""
    for number in range(SETS_PER_ATTEMPT + 1):
        assert (await journey.state())["setsLeft"] == SETS_PER_ATTEMPT - number
        answer = await journey.retake()
        if not answer.is_success:
            assert_too_many(answer)
            return number
    raise AssertionError("retakes without end")


async def test_retakes_that_are_never_submitted_end_after_five_sets_and_a_submit_begins_anew(journey: Journey) -> None:
    await journey.failed()
    assert await retake_until_refused(journey) == SETS_PER_ATTEMPT
    state = await journey.state()
    assert (state["state"], state["setsLeft"], state["next"]) == ("ready", 0, ["generate", "submit"])
    assert (await journey.generate()).json()["data"]["questions"] == journey.questions
    assert (await journey.submit(right=0)).is_success
    assert (await journey.state())["next"] == ["retakeassessment"]
    assert await retake_until_refused(journey) == SETS_PER_ATTEMPT


async def test_sets_that_a_change_of_skills_discards_count_too_and_so_does_the_first(journey: Journey) -> None:
    await journey.prepared()
    for number in range(SETS_PER_ATTEMPT):
        assert (await journey.generate()).is_success
        await journey.store_skills(SKILLS[number % 2])
    assert (await journey.state())["next"] == []
    assert_too_many(await journey.generate())


async def test_after_an_hour_since_the_first_set_there_are_five_again(journey: Journey) -> None:
    await journey.failed()
    await journey.retake()
    await turn_back(journey, f"{HOUR - 30} seconds")
    for _ in range(SETS_PER_ATTEMPT - 1):
        assert (await journey.retake()).is_success
    refused = await journey.retake()
    assert refused.json()["error"]["code"] == "TOO_MANY_SETS"
    assert 0 < int(refused.headers["retry-after"]) <= 30
    await turn_back(journey, "31 seconds")
    assert await retake_until_refused(journey) == SETS_PER_ATTEMPT


async def test_generations_that_fail_are_bounded_as_well(journey: Journey) -> None:
    await journey.failed()
    for _ in range(STARTS_PER_ATTEMPT - 1):
        assert (await journey.retake(**FAIL)).json()["error"]["code"] == "GENERATION_FAILED"
    assert (await journey.state())["setsLeft"] == 1
    assert (await journey.retake()).is_success
    assert_too_many(await journey.retake())
    assert (await journey.state())["setsLeft"] == 0
    await turn_back(journey, f"{HOUR} seconds")
    assert (await journey.retake()).is_success


async def test_calls_that_saw_the_state_before_the_last_set_get_no_further_one(
    services: Services, journey: Journey
) -> None:
    """The bound is held where generations begin, under the lock of their row."""
    await journey.failed()
    for _ in range(SETS_PER_ATTEMPT - 1):
        await journey.retake()
    seen = await services.store.load(journey.verification_id)
    assert (await journey.retake()).is_success
    with pytest.raises(TooManySets) as raised:
        await services.store.ask(SetOrder(journey.verification_id, seen.standing.ended + 1, 0, 1.0))
    assert 0 < (raised.value.retry_after or 0) <= HOUR


async def test_of_many_who_ask_at_the_same_moment_one_starts_and_the_others_join(
    services: Services, journey: Journey
) -> None:
    await journey.failed()
    seen = (await services.store.load(journey.verification_id)).standing
    order = SetOrder(journey.verification_id, seen.ended, seen.revision, 30.0)
    answers = await asyncio.gather(*(services.store.ask(order) for _ in range(50)))
    # it may be over already when the last of them asks
    numbers = {answer.ended if isinstance(answer, Finished) else answer for answer in answers}
    assert numbers == {seen.ended + 1}
    after = (await services.store.load(journey.verification_id)).standing
    assert after.starts.times == seen.starts.times + 1


async def test_a_database_whose_clock_is_set_back_an_hour_blocks_nobody(journey: Journey) -> None:
    """All that was noted lies in the future then: the end of the last generation, and since when sets are counted."""
    await journey.failed()
    assert await retake_until_refused(journey) == SETS_PER_ATTEMPT
    await turn_back(journey, f"-{HOUR} seconds")
    assert (await journey.state())["setsLeft"] == SETS_PER_ATTEMPT
    before = journey.questions
    async with asyncio.timeout(5):
        assert (await journey.retake()).is_success
    assert journey.questions != before


async def test_a_generation_that_ended_in_the_future_is_no_answer_to_a_call_that_comes_after_it(
    journey: Journey,
) -> None:
    await journey.failed()
    await turn_back(journey, f"-{HOUR} seconds")
    assert (await journey.retake()).json()["data"]["retakeAttemptNumber"] == 2
