"""Retake policies: what students meet under them, and what operators see and set."""

import math
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from api.services import Services
from assessment.models import Mode, Policy, Shown
from db.assessment_store import PostgresAssessmentStore
from db.policies import Policies
from piccolo_conf import DB
from tests.journey import Journey, Json
from tests.rows import fetch

HOUR = 3600


async def under(platform: str, policy: Policy) -> None:
    assert await Policies(DB).put(platform, policy)


async def turn_back(journey: Journey, seconds: float) -> None:
    """Let time pass since the last submit; less than none: the database's clock is set back."""
    await fetch(
        "UPDATE verification SET last_scored_at = last_scored_at - make_interval(secs => {}) WHERE id = {}",
        float(seconds),
        journey.verification_id,
    )


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


async def attempt(journey: Journey, number: int = 1) -> Json:
    data: Json = (await journey.client.get(f"/assessment/attempts/{number}", headers=journey.headers)).json()["data"]
    return data


async def test_without_a_policy_the_published_contract_holds(journey: Journey) -> None:
    await journey.failed()
    state = await journey.state()
    assert (state["attemptsLeft"], state["retakeAllowedAt"], state["setsLeft"]) == (None, None, 5)
    assert (await attempt(journey))["answersShown"] == "full"
    for _ in range(4):
        assert (await journey.retake()).is_success
        assert (await journey.submit(right=0)).is_success


async def test_after_the_last_attempt_nothing_may_be_called_and_the_student_is_told(
    journey: Journey, platform_name: str
) -> None:
    await under(platform_name, Policy(max_attempts=2))
    await journey.failed()
    assert (await journey.state())["attemptsLeft"] == 1
    await journey.retake()
    last = (await journey.submit(right=5)).json()["data"]["result"]
    assert last["message"] == "You did not pass, and there is no further attempt."
    state = await journey.state()
    assert (state["state"], state["attemptsLeft"], state["next"]) == ("failed", 0, [])
    assert refusal(await journey.retake()) == (403, "RETAKE_LIMIT_REACHED")
    assert refusal(await journey.generate()) == (409, "RETAKE_REQUIRED")


async def test_a_stricter_policy_holds_at_once_and_what_waits_may_still_be_submitted(
    journey: Journey, platform_name: str
) -> None:
    await journey.failed()
    await journey.retake()
    await under(platform_name, Policy(max_attempts=1))
    assert refusal(await journey.retake()) == (403, "RETAKE_LIMIT_REACHED")
    state = await journey.state()
    assert (state["attemptsLeft"], state["next"]) == (0, ["generate", "submit"])
    assert (await journey.submit(right=6)).json()["data"]["result"]["passed"] is True


async def test_a_retake_waits_for_the_end_of_the_cool_down(journey: Journey, platform_name: str) -> None:
    await under(platform_name, Policy(cool_down=HOUR))
    before = datetime.now(UTC)
    await journey.failed()
    refused = await journey.retake()
    assert refusal(refused) == (429, "RETAKE_TOO_SOON")
    assert HOUR - 60 < int(refused.headers["retry-after"]) <= HOUR
    state = await journey.state()
    allowed_at = datetime.fromisoformat(state["retakeAllowedAt"])
    assert timedelta(0) <= allowed_at - before - timedelta(seconds=HOUR) < timedelta(minutes=1)
    assert state["next"] == []
    await turn_back(journey, HOUR - 5)
    almost = await journey.retake()
    assert 0 < int(almost.headers["retry-after"]) <= 5
    await turn_back(journey, 5)
    assert ((await journey.state())["retakeAllowedAt"], (await journey.retake()).is_success) == (None, True)


async def test_who_waits_as_long_as_retry_after_says_is_let_in(journey: Journey, platform_name: str) -> None:
    await under(platform_name, Policy(cool_down=HOUR))
    await journey.failed()
    told = int((await journey.retake()).headers["retry-after"])
    await turn_back(journey, told)
    assert (await journey.retake()).is_success


async def test_a_clock_that_is_set_back_makes_no_cool_down_longer_than_it_is(
    journey: Journey, platform_name: str
) -> None:
    await under(platform_name, Policy(cool_down=HOUR))
    await journey.failed()
    await turn_back(journey, -50 * HOUR)
    assert int((await journey.retake()).headers["retry-after"]) == HOUR


async def test_the_cool_down_begins_with_the_submit_and_not_with_the_set(journey: Journey, platform_name: str) -> None:
    await journey.failed()
    await journey.retake()
    await under(platform_name, Policy(cool_down=HOUR))
    await turn_back(journey, HOUR)
    assert (await journey.retake()).is_success, "a set that was not submitted begins no cool-down"


async def test_as_many_sets_are_written_for_an_attempt_as_the_policy_says(journey: Journey, platform_name: str) -> None:
    await under(platform_name, Policy(sets_per_attempt=2))
    await journey.failed()
    for left in (2, 1):
        assert (await journey.state())["setsLeft"] == left
        assert (await journey.retake()).is_success
    refused = await journey.retake()
    assert refusal(refused) == (429, "TOO_MANY_SETS")
    assert math.isclose(int(refused.headers["retry-after"]), HOUR, abs_tol=60)


async def test_a_failed_attempt_shows_what_the_policy_shows_it_was_taken_under(
    journey: Journey, platform_name: str
) -> None:
    for shown in (Shown.SCORE, Shown.NONE, Shown.FULL):
        await under(platform_name, Policy(answers=shown))
        await (journey.failed() if shown is Shown.SCORE else journey.retake())
        if shown is not Shown.SCORE:
            await journey.submit(right=3)
    score, none, full = [await attempt(journey, number) for number in (1, 2, 3)]
    assert (score["answersShown"], none["answersShown"], full["answersShown"]) == ("score", "none", "full")
    assert none["questions"] == []
    assert none["score"] == 30
    for question, whole in zip(score["questions"], full["questions"], strict=True):
        assert whole.keys() - question.keys() == {"correctAnswer", "explanation"}
        assert question["isCorrect"] is False


async def test_a_passed_attempt_is_shown_in_full_under_every_policy(journey: Journey, platform_name: str) -> None:
    await under(platform_name, Policy(answers=Shown.NONE))
    await journey.locked()
    assert {"correctAnswer", "explanation"} <= (await attempt(journey))["questions"][0].keys()


async def test_an_attempt_keeps_the_policy_it_was_taken_under(journey: Journey, platform_name: str) -> None:
    strict = Policy(max_attempts=3, cool_down=60, sets_per_attempt=2, answers=Shown.SCORE)
    await under(platform_name, strict)
    await journey.failed()
    await under(platform_name, Policy())
    assert await kept_policy(journey) == strict


async def kept_policy(journey: Journey) -> Policy:
    found = await PostgresAssessmentStore(DB).attempt(journey.verification_id, 1)
    assert found is not None
    return found.policy


async def test_one_platforms_policy_is_not_anothers(
    services: Services, client: httpx.AsyncClient, journey: Journey, platform_name: str
) -> None:
    other = await services.accounts.create_key(Mode.TEST, "tests", f"{platform_name}-else")
    await under(f"{platform_name}-else", Policy(max_attempts=1))
    elsewhere = Journey(client, other.api_key)
    await elsewhere.failed()
    await journey.failed()
    assert refusal(await elsewhere.retake()) == (403, "RETAKE_LIMIT_REACHED")
    assert (await journey.retake()).is_success


async def test_a_platform_with_a_live_key_and_no_policy_is_named_until_it_has_one(
    services: Services, live_key: str, test_key: str, platform_name: str
) -> None:
    policies = Policies(DB)
    assert platform_name in await policies.live_without()
    await under(platform_name, Policy())
    assert platform_name not in await policies.live_without()
    made = await services.accounts.create_key(Mode.TEST, "tests", f"{platform_name}-rehearses")
    assert made.key_id
    assert f"{platform_name}-rehearses" not in await policies.live_without()


async def test_nobody_sets_the_policy_of_a_platform_that_is_not_there() -> None:
    assert await Policies(DB).put("nobody", Policy()) is False
    assert await Policies(DB).of("nobody") is None


@pytest.mark.parametrize("policy", [Policy(), Policy(3, 60, 1200, 2, Shown.NONE)])
async def test_a_policy_is_read_as_it_was_set(test_key: str, platform_name: str, policy: Policy) -> None:
    await under(platform_name, policy)
    assert await Policies(DB).of(platform_name) == policy
    (listed,) = [each for each in await Policies(DB).all() if each.platform == platform_name]
    assert (listed.policy, listed.is_set) == (policy, True)
