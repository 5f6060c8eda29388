"""The story the service exists for."""

from tests.journey import Journey


async def test_a_student_fails_retakes_with_fresh_questions_and_passes(journey: Journey) -> None:
    await journey.ready()
    first = {question["question"] for question in journey.questions}
    failed = (await journey.submit(right=5)).json()["data"]["result"]
    assert (failed["score"], failed["passed"], failed["attemptNumber"]) == (50, False, 1)

    retake = (await journey.retake()).json()["data"]
    assert retake["retakeAttemptNumber"] == 2
    assert first.isdisjoint(question["question"] for question in journey.questions)

    passed = (await journey.submit(right=6)).json()["data"]
    assert (passed["result"]["score"], passed["result"]["passed"]) == (60, True)
    assert {skill["status"] for skill in passed["verifiedSkills"]} == {"verified"}
    assert (await journey.state())["state"] == "locked"
