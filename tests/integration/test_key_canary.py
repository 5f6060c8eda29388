"""Right answers are marked, the whole story is told, and nothing that leaves the service holds a mark too early."""

import json
from collections import Counter
from collections.abc import Iterator
from uuid import uuid4

import httpx
import msgspec
import pytest

from api.services import Services
from assessment.ahead import AheadPlan
from assessment.models import Mode
from jobs.vendors import Vendors
from tests.canary import CanaryWriter, ResponseLog, Sighting, every_log_line
from tests.integration.ahead.conftest import no_jobs_left, prepared_set
from tests.integration.delivery.receiver import Receiver, listening
from tests.journey import Journey, Json
from tests.waiting import until

ROOT = "http://retake.test"
SETS_PER_STORY = 5
EVENTS_PER_STORY = 3


class Evidence(msgspec.Struct):
    """All that was seen of one story."""

    journey: Journey
    writer: CanaryWriter
    sightings: list[Sighting]
    lines: list[str]
    webhooks: list[str]
    notices: list[str]
    secrets: list[str]


def answers(writer: CanaryWriter, questions: list[Json], right: int) -> list[Json]:
    """Answer the first questions rightly, which only the writer can tell."""
    keys = set(writer.right)
    return [
        {
            "questionId": question["questionId"],
            "selectedAnswer": next(
                index for index, option in enumerate(question["options"]) if (option in keys) is (position < right)
            ),
        }
        for position, question in enumerate(questions)
    ]


class Teller:
    """Walks through everything a client can do, errors included."""

    def __init__(
        self, journey: Journey, writer: CanaryWriter, responses: ResponseLog, *, is_ahead: bool = False
    ) -> None:
        self.journey, self.writer, self.responses, self.is_ahead = journey, writer, responses, is_ahead

    async def tell(self) -> None:
        await self.journey.prepared()
        await self.take("generate")
        await self.look_around()
        await self.be_refused()
        await self.submit(right=5)
        if self.is_ahead:
            await prepared_set(self.journey)
        await self.look_around()
        await self.be_refused()
        await self.take("retakeassessment")
        await self.look_around()
        await self.fail_and_break()
        await self.take("retakeassessment")
        await self.be_refused()
        await self.submit(right=6)
        await self.look_around()
        await self.be_refused()

    async def take(self, call: str) -> None:
        """Ask for a set twice with one idempotency key, and once more for the one that waits."""
        headers = {**self.journey.headers, "idempotency-key": uuid4().hex}
        for _ in range(2):
            response = await self.journey.client.post(f"/assessment/{call}", headers=headers)
            response.raise_for_status()
        self.journey.questions = response.json()["data"]["questions"]
        await self.journey.client.post("/assessment/generate", headers=self.journey.headers)

    async def submit(self, right: int) -> None:
        given = answers(self.writer, self.journey.questions, right)
        response = await self.journey.client.post(
            "/assessment/submit", json={"answers": given}, headers=self.journey.headers
        )
        assert response.json()["data"]["result"]["correctAnswers"] == right
        self.responses.sets_scored += 1

    async def look_around(self) -> None:
        client, headers = self.journey.client, self.journey.headers
        for path in (
            "",
            "/questions",
            "/progress",
            "/attempts",
            "/attempts/1",
            "/attempts/2",
            "/attempts/9",
            "/unknown",
        ):
            await client.get(f"/assessment{path}", headers=headers)
        await client.get(f"/step3/store-verification-items/session/{self.journey.token}")
        await client.get(f"/metadata/user/{self.journey.student_id}", headers={"x-api-key": self.journey.api_key})
        for path in ("/metrics", "/docs", "/docs/openapi.json", "/health/live", "/health/ready"):
            await client.get(f"{ROOT}{path}")

    async def be_refused(self) -> None:
        client, headers = self.journey.client, self.journey.headers
        right = answers(self.writer, self.journey.questions, 10)
        for body in ({}, {"answers": right[:9]}, {"answers": [*right[:9], right[0]]}, {"answers": [None] * 10}):
            await client.post("/assessment/submit", json=body, headers=headers)
        await client.post("/assessment/submit", content=b'{"answers": [', headers=headers)
        await client.post("/assessment/submit", content=json.dumps(right), headers={**headers, "content-type": "x/y"})
        await client.put("/assessment/submit", headers=headers)
        await client.post("/assessment/submit", json={"answers": right}, headers={"x-api-key": "wrong"})

    async def fail_and_break(self) -> None:
        for fault in ("fails", "breaks"):
            setattr(self.writer, fault, True)
            response = await self.journey.client.post("/assessment/retakeassessment", headers=self.journey.headers)
            assert response.status_code == 500
            setattr(self.writer, fault, False)


@pytest.fixture
def lines() -> Iterator[list[str]]:
    with every_log_line() as lines:
        yield lines


@pytest.fixture(params=[(mode, is_ahead) for mode in Mode for is_ahead in (False, True)], ids=str)
async def evidence(
    request: pytest.FixtureRequest,
    services: Services,
    vendors: Vendors,
    client: httpx.AsyncClient,
    lines: list[str],
    notices: dict[str, list[str]],
    platform_name: str,
) -> Evidence:
    """One whole story, with everything that came out of it."""
    writer, responses = CanaryWriter(), ResponseLog(client)
    vendors.current = msgspec.structs.replace(vendors.current, writer=writer)
    mode, is_ahead = request.param
    services.preparations.plan = AheadPlan(first=is_ahead, retake=is_ahead)
    key = await services.accounts.create_key(mode, "tests", platform_name)
    journey = Journey(client, key.api_key)
    sent = journey.profile["verify"]
    sent["name"], sent["phoneNumber"] = f"Zebulon Quarrington{uuid4().hex}", f"+47{uuid4().int % 10**12:012}"
    async with listening(Receiver()) as receiver:
        sent["callbackWebhookUrl"] = receiver.url()
        await Teller(journey, writer, responses, is_ahead=is_ahead).tell()
        services.preparations.plan = AheadPlan()
        await no_jobs_left()
        await until(lambda: len(receiver.got) >= EVENTS_PER_STORY)
    return Evidence(
        journey,
        writer,
        responses.sightings,
        list(lines),
        [f"{delivery.line}\n{delivery.headers}\n{delivery.body.decode()}" for delivery in receiver.got],
        notices[journey.verification_id],
        [sent["name"], sent["email"], sent["phoneNumber"], journey.token, key.api_key, key.webhook_secret],
    )


def held(marks: list[str], text: str) -> list[str]:
    return [mark for mark in marks if mark in text]


async def test_a_right_answer_is_seen_only_where_and_when_it_may_be(evidence: Evidence) -> None:
    assert len(evidence.writer.sets) == SETS_PER_STORY
    assert_the_story_was_told(evidence)
    assert_responses_hold_no_mark(evidence)
    assert_archive_shows_only_what_was_scored(evidence)
    assert_nothing_else_holds_a_mark(evidence)
    assert_no_place_is_the_right_one(evidence)
    assert_logs_name_nobody(evidence)


def assert_the_story_was_told(evidence: Evidence) -> None:
    """Eyes that see nothing prove nothing."""
    statuses = Counter(sighting.status for sighting in evidence.sightings)
    assert {200, 400, 401, 403, 404, 405, 409, 415, 500} <= set(statuses)
    assert len([line for line in evidence.lines if '"event":"request"' in line]) == len(evidence.sightings)
    assert any('"event":"job_failed"' in line for line in evidence.lines)
    assert len(evidence.webhooks) == EVENTS_PER_STORY
    assert len([body for body in evidence.notices if "subject" in body]) == (
        2 if evidence.journey.token.startswith("st_live_") else 0
    )
    assert any("retake_requests_total" in sighting.body for sighting in evidence.sightings)
    assert any('"openapi":' in sighting.body for sighting in evidence.sightings)


def assert_responses_hold_no_mark(evidence: Evidence) -> None:
    """Options stand among the options of a question, stems are questions, reasons and the rest stand nowhere."""
    marks = evidence.writer.rationales + evidence.writer.options + evidence.writer.stems
    shown = 0
    for sighting in evidence.sightings:
        if "/attempts/" not in sighting.path:
            assert not held(marks, sighting.text_beside_questions), sighting.path
            assert not held(evidence.writer.rationales, sighting.body), sighting.path
            assert {question["question"] for question in sighting.questions} <= set(evidence.writer.stems)
            assert all(set(question) == {"questionId", "question", "options"} for question in sighting.questions)
            shown += len(sighting.questions)
    assert shown >= 90


def assert_archive_shows_only_what_was_scored(evidence: Evidence) -> None:
    seen = [sighting for sighting in evidence.sightings if "/attempts/" in sighting.path]
    assert {sighting.status for sighting in seen} == {200, 404}
    for sighting in seen:
        number = int(sighting.path.rpartition("/")[2])
        found = held(evidence.writer.rationales, sighting.body)
        if number > sighting.sets_scored:
            assert (sighting.status, found) == (404, [])
        else:
            assert len(found) == 10
            assert sorted(found) in [sorted(item.rationale for item in items) for items in evidence.writer.sets]
        assert not held(evidence.writer.rationales + evidence.writer.options, sighting.head)


def assert_nothing_else_holds_a_mark(evidence: Evidence) -> None:
    marks = evidence.writer.rationales + evidence.writer.options + evidence.writer.stems
    for text in (*evidence.lines, *evidence.webhooks, *evidence.notices):
        assert not held(marks, text), text


def assert_no_place_is_the_right_one(evidence: Evidence) -> None:
    """The writer puts every key first; a student finds it in every place, and no question where it was written."""
    right = set(evidence.writer.right)
    places: Counter[int] = Counter()
    for sighting in evidence.sightings:
        for question in sighting.questions:
            places.update(index for index, option in enumerate(question["options"]) if option in right)
    assert len(places) >= 3
    assert max(places.values()) < 0.75 * places.total()
    orders = {tuple(question["question"] for question in sighting.questions) for sighting in evidence.sightings}
    assert not orders & {tuple(item.stem for item in items) for items in evidence.writer.sets}


def assert_logs_name_nobody(evidence: Evidence) -> None:
    for line in evidence.lines:
        assert not held(evidence.secrets, line), line
        assert "Quarrington" not in line
    metrics = [sighting.body for sighting in evidence.sightings if sighting.path == "/metrics"]
    ids = [evidence.journey.verification_id, evidence.journey.student_id]
    assert metrics
    assert not [text for text in metrics if held(evidence.secrets + ids, text)]
