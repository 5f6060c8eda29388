"""Saved answers: they survive whatever happens to the client, and the later one wins."""

import asyncio

import httpx
import pytest

from tests.journey import Journey, Json


async def kept(journey: Journey) -> dict[str, int]:
    response = await journey.client.get("/assessment/questions", headers=journey.headers)
    answers = response.raise_for_status().json()["data"]["answers"]
    return {answer["questionId"]: answer["selectedAnswer"] for answer in answers}


async def put(journey: Journey, body: object) -> httpx.Response:
    return await journey.client.put("/assessment/answers", json=body, headers=journey.headers)


async def test_after_a_reload_the_questions_and_the_answers_are_there_again(journey: Journey) -> None:
    await journey.ready()
    first, second, *_ = journey.questions
    assert (await journey.save(first, 2)).json()["data"] == {"saved": 1, "total": 10}
    assert (await journey.save(second, 0)).json()["data"] == {"saved": 2, "total": 10}
    elsewhere = await journey.client.get("/assessment/questions", headers=journey.headers)
    data: Json = elsewhere.json()["data"]
    assert data["questions"] == journey.questions
    assert data["totalQuestions"] == 10
    assert await kept(journey) == {first["questionId"]: 2, second["questionId"]: 0}


async def test_the_later_answer_wins_and_null_takes_it_back(journey: Journey) -> None:
    await journey.ready()
    question = journey.questions[0]
    for selected, expected in ((1, {question["questionId"]: 1}), (3, {question["questionId"]: 3}), (None, {})):
        await journey.save(question, selected)
        assert await kept(journey) == expected


async def test_a_submit_neither_needs_nor_reads_what_was_saved(journey: Journey) -> None:
    await journey.ready()
    for question in journey.questions:
        await journey.save(question, 0)
    assert (await journey.submit(right=5)).json()["data"]["result"]["score"] == 50


async def test_a_new_set_begins_without_answers(journey: Journey) -> None:
    await journey.failed()
    await journey.retake()
    await journey.save(journey.questions[0], 1)
    await journey.retake()
    assert await kept(journey) == {}


@pytest.mark.parametrize(
    "answers",
    [
        None,
        "all",
        [],
        [{}],
        [{"questionId": "{first}"}],
        [{"questionId": "{first}", "selectedAnswer": 4}],
        [{"questionId": "{first}", "selectedAnswer": "1"}],
        [{"questionId": "{first}", "selectedAnswer": True}],
        [{"questionId": "{first}", "selectedAnswer": 1.0}],
        [{"questionId": "q_nobody", "selectedAnswer": 1}],
        [{"questionId": "{first}", "selectedAnswer": 1}, {"questionId": 5, "selectedAnswer": 1}],
    ],
)
async def test_what_does_not_fit_saves_nothing(journey: Journey, answers: object) -> None:
    await journey.ready()
    first = journey.questions[0]["questionId"]
    if isinstance(answers, list):
        answers = [{name: first if value == "{first}" else value for name, value in entry.items()} for entry in answers]
    refused = await put(journey, {"answers": answers})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "INVALID_ANSWER")
    assert await kept(journey) == {}


async def test_a_hundred_saves_at_once_all_count_and_nobody_else_waits_long(journey: Journey) -> None:
    await journey.ready()
    saves = [journey.save(journey.questions[number % 10], number % 4) for number in range(100)]
    answers = await asyncio.gather(*saves, journey.state())
    assert all(answer.is_success for answer in answers[:-1] if isinstance(answer, httpx.Response))
    assert len(await kept(journey)) == 10
    assert (await journey.submit(right=6)).is_success


async def test_no_answer_says_whether_it_was_right(journey: Journey) -> None:
    await journey.ready()
    shown = await journey.client.get("/assessment/questions", headers=journey.headers)
    saved = await journey.save(journey.questions[0], 1)
    for question in shown.json()["data"]["questions"]:
        assert question.keys() == {"questionId", "question", "options"}
    assert saved.json()["data"].keys() == {"saved", "total"}
