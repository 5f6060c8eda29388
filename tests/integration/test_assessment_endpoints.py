"""Generate, submit, retake and the state, as a client sees them."""

import asyncio
import re

import httpx
import pytest

from assessment.credentials import digest
from tests.journey import Journey, Json
from tests.rows import bodies_to_send, digest_of, fetch, lift_lock

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def data_of(response: httpx.Response, message: str) -> Json:
    assert response.status_code == 200, response.text
    body: Json = response.json()
    assert set(body) == {"success", "data", "message", "executionTime"}
    assert (body["success"], body["message"]) == (True, message)
    assert re.fullmatch(r"\d+ms", body["executionTime"])
    data: Json = body["data"]
    return data


def assert_shown(questions: list[Json]) -> None:
    """Ten questions with three fields each: nothing that could tell which option is right."""
    assert len({question["questionId"] for question in questions}) == len(questions) == 10
    for question in questions:
        assert set(question) == {"questionId", "question", "options"}
        assert len(set(question["options"])) == 4


def stems(journey: Journey) -> set[str]:
    return {question["question"] for question in journey.questions}


async def test_generate_answers_with_ten_questions(journey: Journey) -> None:
    await journey.prepared()
    data = data_of(await journey.generate(), "Assessment generated successfully")
    assert_shown(data.pop("questions"))
    assert data == {"recordVerificationId": journey.verification_id, "totalQuestions": 10}


async def test_generating_again_gives_the_same_set_and_says_so(journey: Journey) -> None:
    await journey.ready()
    first = journey.questions
    data = data_of(await journey.generate(**{"x-sandbox-scenario": "fail"}), "Assessment generated successfully")
    assert data == {
        "recordVerificationId": journey.verification_id,
        "totalQuestions": 10,
        "questions": first,
        "alreadyGenerated": True,
    }


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (b"", {}),
        (b"", {"content-type": "application/json"}),
        (b"{}", {"content-type": "application/json"}),
        (b"{}", {}),
    ],
    ids=["nothing", "nothing, called JSON", "an empty object", "an empty object without a type"],
)
async def test_an_empty_body_may_be_sent_in_every_way(
    journey: Journey, content: bytes, headers: dict[str, str]
) -> None:
    await journey.prepared()
    sent = {**journey.headers, **headers}
    assert (await journey.client.post("/assessment/generate", content=content, headers=sent)).is_success


@pytest.mark.parametrize(("right", "score", "passed"), [(5, 50, False), (6, 60, True)])
async def test_submit_answers_with_result_and_judged_skills(
    journey: Journey, right: int, score: int, *, passed: bool
) -> None:
    await journey.ready()
    data = data_of(await journey.submit(right), "Assessment submitted successfully")
    assert isinstance(data["result"].pop("message"), str)
    skills = data.pop("verifiedSkills")
    assert data == {
        "recordVerificationId": journey.verification_id,
        "result": {
            "score": score,
            "passed": passed,
            "attemptNumber": 1,
            "correctAnswers": right,
            "totalQuestions": 10,
        },
        "skillsUpdated": 3,
        "webhook": {"sent": True},
    }
    moments = {skill.pop("verifiedAt") for skill in skills}
    assert len(moments) == 1
    assert MOMENT.fullmatch(str(moments.pop())) if passed else moments == {None}
    judged = {"verified": passed, "status": "verified" if passed else "rejected", "verifiedBy": "assessment"}
    names = {"python": "Python", "sql": "SQL", "data-visualization": "Data Visualization"}
    assert skills == [{"skillId": skill_id, "name": name, **judged} for skill_id, name in names.items()]


async def test_answers_count_in_any_order(journey: Journey) -> None:
    await journey.ready()
    assert (await journey.submit(6, journey.questions[::-1])).json()["data"]["result"]["score"] == 60


async def test_retake_answers_with_a_fresh_set_and_the_next_number(journey: Journey) -> None:
    await journey.failed()
    before = journey.questions
    data = data_of(await journey.retake(), "Retake assessment generated successfully")
    questions = data.pop("questions")
    assert_shown(questions)
    assert {question["questionId"] for question in questions}.isdisjoint(entry["questionId"] for entry in before)
    assert data == {
        "recordVerificationId": journey.verification_id,
        "retakeAttemptNumber": 2,
        "totalQuestions": 10,
    }


async def test_a_retake_before_submitting_makes_a_new_set_with_the_same_number(journey: Journey) -> None:
    await journey.failed()
    await journey.retake()
    given_away, old = stems(journey), journey.questions
    data = (await journey.retake()).json()["data"]
    assert data["retakeAttemptNumber"] == 2
    assert given_away.isdisjoint(stems(journey))
    assert (await journey.submit(10, old)).json()["error"]["code"] == "INVALID_ANSWER"
    assert (await journey.submit(0)).json()["data"]["result"]["attemptNumber"] == 2


async def test_no_question_comes_again_over_three_retakes(journey: Journey) -> None:
    await journey.ready()
    seen = stems(journey)
    for number in (2, 3, 4):
        await journey.submit(right=5)
        assert (await journey.retake()).json()["data"]["retakeAttemptNumber"] == number
        assert seen.isdisjoint(stems(journey))
        seen |= stems(journey)
    assert len(seen) == 40


async def test_one_set_is_scored_once(journey: Journey) -> None:
    await journey.failed()
    before = await digest_of(journey.verification_id)
    response = await journey.submit(right=10)
    assert (response.status_code, response.json()["error"]["code"]) == (409, "ALREADY_SUBMITTED")
    assert await digest_of(journey.verification_id) == before


@pytest.mark.parametrize(("right", "loser"), [(5, (409, "ALREADY_SUBMITTED")), (10, (403, "ASSESSMENT_LOCKED"))])
async def test_submits_that_overlap_score_once(journey: Journey, right: int, loser: tuple[int, str]) -> None:
    await journey.ready()
    responses = await asyncio.gather(*(journey.submit(right) for _ in range(8)))
    assert [response.status_code for response in responses].count(200) == 1
    refused = [response for response in responses if not response.is_success]
    assert {(response.status_code, response.json()["error"]["code"]) for response in refused} == {loser}
    assert (await journey.state())["attempts"] == 1
    assert len(await bodies_to_send(journey)) == 2


async def test_only_the_first_set_is_announced_and_every_result_is(journey: Journey) -> None:
    await journey.failed()
    await journey.retake()
    await journey.submit(right=10)
    bodies = await bodies_to_send(journey)
    events = [re.findall(r'"type":"([^"]+)"', body) for body in bodies]
    assert events == [["verification.initiated"], ["verification.completed"], ["verification.completed"]]


async def test_the_state_follows_the_story(journey: Journey) -> None:
    async def seen() -> tuple[object, ...]:
        state = await journey.state()
        assert state.pop("recordVerificationId") == journey.verification_id
        return tuple(state[name] for name in ("state", "isLocked", "attempts", "lastScore", "next", "setsLeft"))

    await journey.verify()
    assert await seen() == ("not_started", False, 0, None, [], 5)
    await journey.prepared()
    assert await seen() == ("not_started", False, 0, None, ["generate"], 5)
    await journey.generate()
    assert await seen() == ("ready", False, 0, None, ["generate", "submit"], 4)
    await journey.submit(right=5)
    assert await seen() == ("failed", False, 1, 50, ["retakeassessment"], 5)
    await journey.retake()
    assert await seen() == ("ready", False, 1, 50, ["generate", "submit", "retakeassessment"], 4)
    await journey.submit(right=7)
    assert await seen() == ("locked", True, 2, 70, [], 5)
    await lift_lock(journey)
    assert await seen() == ("passed", False, 2, 70, [], 5)


SQL_ONLY = [{"skillId": "sql"}]


@pytest.mark.parametrize("what", ["skills", "items", "method"])
async def test_a_change_of_what_is_asked_about_discards_the_set_that_waits(journey: Journey, what: str) -> None:
    await journey.ready()
    await change(journey, what)
    state = await journey.state()
    assert (state["state"], state["next"]) == ("not_started", [] if what == "method" else ["generate"])
    assert (await journey.submit(right=10)).json()["error"]["code"] == "NO_QUESTIONS"


@pytest.mark.parametrize("what", ["skills", "items", "method"])
async def test_a_change_after_a_fail_leaves_the_attempt_and_allows_a_retake(journey: Journey, what: str) -> None:
    await journey.failed()
    await journey.retake()
    await change(journey, what)
    await journey.choose_method()
    state = await journey.state()
    assert (state["state"], state["attempts"], state["next"]) == ("failed", 1, ["retakeassessment"])
    assert (await journey.retake()).is_success


async def test_storing_the_same_again_keeps_the_set_that_waits(journey: Journey) -> None:
    await journey.ready()
    await journey.store_skills(journey.profile["skills"][::-1])
    await journey.attach()
    await journey.choose_method()
    assert (await journey.state())["state"] == "ready"
    assert (await journey.submit(right=10)).is_success


async def change(journey: Journey, what: str) -> None:
    response = {
        "skills": lambda: journey.store_skills(SQL_ONLY),
        "items": lambda: journey.attach({"projectIds": ["prj-da-1"]}),
        "method": lambda: journey.choose_method("human"),
    }[what]()
    (await response).raise_for_status()


async def test_only_digests_of_credentials_are_stored(journey: Journey) -> None:
    await journey.verify()
    (session,) = await fetch("SELECT * FROM session WHERE verification = {}", journey.verification_id)
    assert session["digest"] == digest(journey.token)
    (key,) = await fetch("SELECT * FROM api_key WHERE digest = {}", digest(journey.api_key))
    for row in (session, key):
        assert not [secret for secret in (journey.token, journey.api_key) if secret in str(row)]  # bytes too
