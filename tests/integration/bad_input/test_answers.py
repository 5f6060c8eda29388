"""Answers that do not fit the question set score nothing."""

from typing import Any

import pytest

from tests.journey import Journey, Json, answers
from tests.refusal import refused
from tests.stage import Stage

NO_INDEX = (-1, 4, 2**31, 2**63, -(2**63), 2**70, 0.0, 1.0, 1e300, True, False, "1", "", None, [1], {"index": 1})
NO_QUESTION_ID = ("", " ", "unknown", "a" * 10_000, 1, None, ["q"], {"id": "q"})
NO_ANSWERS: tuple[Any, ...] = (None, 7, True, "all", {}, {"0": 1}, [])


def _submission(journey: Journey, **first: Any) -> list[Json]:
    """Answer everything, the first question with these fields."""
    sent = answers(journey.questions, right=0)
    sent[0].update(first)
    return sent


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("index", NO_INDEX)
async def test_an_index_that_is_none_is_refused(ready: Journey, index: Any) -> None:
    assert await _code(ready, _submission(ready, selectedAnswer=index)) == "INVALID_ANSWER"


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("question_id", NO_QUESTION_ID, ids=lambda value: str(value)[:10])
async def test_an_id_of_no_question_is_refused(ready: Journey, question_id: Any) -> None:
    assert await _code(ready, _submission(ready, questionId=question_id)) == "INVALID_ANSWER"


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("sent", NO_ANSWERS, ids=str)
async def test_answers_that_are_no_array_count_as_missing(ready: Journey, sent: Any) -> None:
    assert await _code(ready, sent) == "MISSING_ANSWERS"


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("entry", [None, 0, "a", [], {}, ["q", 0]], ids=str)
async def test_answers_that_are_no_objects_are_refused(ready: Journey, entry: Any) -> None:
    assert await _code(ready, [entry] * 10) == "INVALID_ANSWER"


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("count", [1, 9, 11, 10_000])
async def test_another_number_of_answers_is_refused(ready: Journey, count: int) -> None:
    assert await _code(ready, [0] * count) == "INCOMPLETE_ANSWERS"


@pytest.mark.usefixtures("unchanged")
async def test_ten_thousand_whole_answers_are_more_than_a_body_may_hold(ready: Journey) -> None:
    assert await _code(ready, _submission(ready) * 1_000) == "PAYLOAD_TOO_LARGE"


@pytest.mark.usefixtures("unchanged")
async def test_one_question_answered_twice_is_refused(ready: Journey) -> None:
    second = ready.questions[1]["questionId"]
    assert await _code(ready, _submission(ready, questionId=second)) == "INVALID_ANSWER"


@pytest.mark.usefixtures("unchanged")
async def test_a_refusal_says_which_answers_do_not_fit(ready: Journey) -> None:
    sent = _submission(ready, selectedAnswer=7)
    sent[4] = {"questionId": ready.questions[4]["questionId"], "selectedAnswer": "1"}
    sent[9]["questionId"] = "q_of_another_set"
    answer = await ready.client.post("/assessment/submit", json={"answers": sent}, headers=ready.headers)
    details = [detail["field"] for detail in answer.json()["error"]["details"]]
    assert details == ["answers[0].selectedAnswer", "answers[4]", "answers[9].questionId"]


async def test_after_all_refusals_the_right_answers_still_pass(stage: Stage) -> None:
    journey = await stage.journey_to("ready")
    for sent in (_submission(journey, selectedAnswer=4), [0] * 9, "all"):
        assert await _code(journey, sent)
    result = (await journey.submit(right=10)).json()["data"]["result"]
    assert (result["attemptNumber"], result["score"], result["passed"]) == (1, 100, True)


async def _code(journey: Journey, sent: Any) -> str:
    return refused(await journey.client.post("/assessment/submit", json={"answers": sent}, headers=journey.headers))
