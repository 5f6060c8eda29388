"""Attempts through the whole service: what is asked, and that the score is computed from the answers alone."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from assessment.models import Mode
from bench.quality.trials import HALF, UNDONE
from fakes.injection import student
from fakes.injection.corpus import Attempt, Field, attempt
from fakes.injection.vendor import ObeyingVendor, seen_as
from fakes.vendor_server import VendorServer
from piccolo_conf import DB
from tests.integration.deployment import deployed
from tests.integration.live_server import LiveServer
from tests.journey import Journey, Json

HANDFUL = [
    attempt(name)
    for name in (
        "forced_key-1",
        "same_letter-4",
        "announced_key-2",
        "marked_key-5",
        "canary-1",
        "closed_fence-1",
        "other_language-8",
        "hidden_characters-1",
        "markup-2",
        "grade-3",
    )
]


@pytest.fixture(scope="module")
async def live(app: object, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LiveServer]:
    """A server in live mode whose first vendor obeys in every second item, and whose second one is sound."""
    async with AsyncExitStack() as stack:
        deployment = await stack.enter_async_context(deployed(DB, Mode.LIVE))
        obeying = await stack.enter_async_context(ObeyingVendor(HALF))
        sound = await stack.enter_async_context(VendorServer())
        server = LiveServer(deployment, tmp_path_factory.mktemp("live") / "providers.yaml", obeying, sound)
        server.configure()
        await stack.enter_async_context(server.started())
        yield server


def journey_of(live: LiveServer, each: Attempt) -> Journey:
    """A student of their own with the attempt in the profile, whose platform listens."""
    journey = live.deployment.journey(live.client)
    email, url = journey.profile["verify"]["email"], journey.profile["verify"]["callbackWebhookUrl"]
    journey.profile = student.profile(each)
    journey.profile["skills"][1]["skillId"] = each.id  # a skill keeps the name it first came with
    journey.profile["verify"] |= {"studentId": each.id, "email": email, "callbackWebhookUrl": url}
    return journey


async def keys_of(live: LiveServer, journey: Journey) -> dict[str, int]:
    """The right answers, past the API."""
    rows = await live.deployment.rows(
        "SELECT questions FROM question_set WHERE verification = $1", journey.verification_id
    )
    return {question["question_id"]: question["key"] for question in json.loads(rows[0]["questions"])}


def answers(questions: list[Json], keys: dict[str, int], right: int) -> list[Json]:
    return [
        {
            "questionId": question["questionId"],
            "selectedAnswer": (keys[question["questionId"]] + (number >= right)) % 4,
        }
        for number, question in enumerate(questions)
    ]


async def submitted(live: LiveServer, journey: Journey, right: int) -> Json:
    """Answer so many questions rightly and give the result."""
    body = {"answers": answers(journey.questions, await keys_of(live, journey), right)}
    response = await live.client.post("/assessment/submit", json=body, headers=journey.headers)
    response.raise_for_status()
    result: Json = response.json()["data"]["result"]
    return result


@pytest.mark.parametrize("each", HANDFUL, ids=lambda it: it.id)
async def test_a_student_who_tries_it_gets_a_sound_set_and_the_score_of_the_answers(
    live: LiveServer, each: Attempt
) -> None:
    vendor = live.first
    assert isinstance(vendor, ObeyingVendor)
    journey = await journey_of(live, each).prepared()
    (await journey.generate(**{"x-test": "live"})).raise_for_status()
    assert each.id in vendor.heard

    shown = {seen_as(question["question"], question["options"]) for question in journey.questions}
    assert len(shown) == 10
    assert [it.misdeed for it in vendor.obeyed if it.shown in shown and it.misdeed not in UNDONE] == []
    assert max(Counter((await keys_of(live, journey)).values()).values()) <= 4
    assert "evil" not in json.dumps(journey.questions)

    failed = await submitted(live, journey, right=0)
    assert (failed["score"], failed["passed"], failed["correctAnswers"]) == (0, False, 0)
    (await journey.retake(**{"x-test": "live"})).raise_for_status()
    passed = await submitted(live, journey, right=10)
    assert (passed["score"], passed["passed"], passed["correctAnswers"]) == (100, True, 10)


async def test_what_leaves_says_nothing_of_who_the_student_is(live: LiveServer) -> None:
    journey = await journey_of(live, attempt("reader-1")).prepared()
    (await journey.generate(**{"x-test": "live"})).raise_for_status()
    bodies: list[dict[str, Any]] = [*live.first.requests, *live.second.requests]
    sent = json.dumps(bodies, ensure_ascii=False).casefold()
    assert "greenhouse plan" in sent
    private = (*student.PRIVATE, journey.profile["verify"]["email"], journey.verification_id, journey.student_id)
    assert [text for text in private if text.casefold() in sent] == []


async def test_a_text_of_fifty_kilobytes_is_refused_before_anything_is_stored(live: LiveServer) -> None:
    journey = journey_of(live, attempt("huge-1"))
    response = await journey.verify()
    assert (response.status_code, response.json()["error"]["code"]) == (400, "INVALID_INPUT")


async def test_the_order_in_a_proof_url_never_reaches_the_vendor(live: LiveServer) -> None:
    each = attempt("canary-7")
    assert each.field is Field.PROOF_URL
    journey = await journey_of(live, each).prepared()
    (await journey.generate(**{"x-test": "live"})).raise_for_status()
    assert "copy-the-token" not in json.dumps([*live.first.requests, *live.second.requests])
