"""However many calls ask for a set at the same time, one is written, and nothing that happens meanwhile is lost."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar

from api.services import Services
from assessment.errors import GenerationFailed
from assessment.ports import Finished, SetOrder
from db.assessment_store import PostgresAssessmentStore
from jobs.vendors import Vendors
from jobs.worker import LOST_SECONDS
from tests.integration.gate import GatedWriter
from tests.journey import MARKED, Journey, profile
from tests.rows import fetch
from tests.waiting import until

CALLS = 100


class WatchedStore(PostgresAssessmentStore):
    """Knows which requests have come as far as asking for a set."""

    def __init__(self, store: PostgresAssessmentStore) -> None:
        super().__init__(store._engine)
        self.ends = store.ends
        self.claimants: set[asyncio.Task[Any] | None] = set()

    async def ask(self, order: SetOrder) -> int | Finished:
        asked = await super().ask(order)
        self.claimants.add(asyncio.current_task())
        return asked


@pytest.fixture
def gate(app: Litestar, services: Services, vendors: Vendors) -> Iterator[GatedWriter]:
    gate = GatedWriter(vendors.current.writer)
    vendors.current = msgspec.structs.replace(vendors.current, writer=gate)
    app.state.services = msgspec.structs.replace(services, store=WatchedStore(services.store))
    yield gate
    gate.opened.set()


async def _all_overlap(app: Litestar, gate: GatedWriter, journey: Journey, path: str) -> list[httpx.Response]:
    """Send many calls, open the gate when every one of them waits, and give the answers."""
    store = app.state.services.store
    store.claimants.clear()
    calls = [
        asyncio.create_task(journey.client.post(path, headers={**journey.headers, **MARKED})) for _ in range(CALLS)
    ]
    await until(lambda: len(store.claimants) == CALLS)
    gate.opened.set()
    return await asyncio.gather(*calls)


def _without_time(response: httpx.Response) -> Any:
    body = response.json()
    del body["executionTime"]
    return body


def _code(response: httpx.Response) -> str:
    code: str = response.json()["error"]["code"]
    return code


async def _set_id(journey: Journey) -> str:
    """The id of the only question set there is."""
    (row,) = await fetch("SELECT id FROM question_set WHERE verification = {}", journey.verification_id)
    return str(row["id"])


async def _skills_asked_about(journey: Journey) -> set[str]:
    (row,) = await fetch("SELECT questions FROM question_set WHERE verification = {}", journey.verification_id)
    return {question["skill_id"] for question in msgspec.json.decode(row["questions"])}


async def test_a_hundred_retakes_at_once_make_one_generation_one_set_and_one_answer(
    app: Litestar, journey: Journey, gate: GatedWriter
) -> None:
    gate.opened.set()
    await journey.failed()
    old_set, old_questions = await _set_id(journey), journey.questions
    gate.calls.clear()
    gate.opened.clear()

    answers = await _all_overlap(app, gate, journey, "/assessment/retakeassessment")

    assert {answer.status_code for answer in answers} == {200}
    assert len(gate.calls) == 1
    first = _without_time(answers[0])
    assert all(_without_time(answer) == first for answer in answers)
    assert first["data"]["retakeAttemptNumber"] == 2
    assert first["data"]["questions"] != old_questions
    assert await _set_id(journey) != old_set


async def test_a_hundred_retakes_at_once_share_one_generation_also_when_it_takes_no_time(
    journey: Journey, gate: GatedWriter
) -> None:
    gate.opened.set()
    await journey.failed()
    gate.calls.clear()
    answers = await asyncio.gather(*(journey.retake() for _ in range(CALLS)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(gate.calls) == 1
    assert len({msgspec.json.encode(_without_time(answer)) for answer in answers}) == 1


async def test_a_hundred_first_generations_at_once_make_one_set_and_one_event(
    app: Litestar, journey: Journey, gate: GatedWriter
) -> None:
    await journey.prepared()
    answers = await _all_overlap(app, gate, journey, "/assessment/generate")
    assert {answer.status_code for answer in answers} == {200}
    assert len(gate.calls) == 1
    questions = answers[0].json()["data"]["questions"]
    assert all(answer.json()["data"]["questions"] == questions for answer in answers)
    await _set_id(journey)
    rows = await fetch("SELECT event FROM outbox_message WHERE verification = {}", journey.verification_id)
    assert [row["event"] for row in rows] == ["verification.initiated"]


async def test_a_generation_that_fails_fails_all_who_waited_and_the_next_call_tries_anew(
    app: Litestar, journey: Journey, gate: GatedWriter
) -> None:
    gate.opened.set()
    await journey.failed()
    old_set, state = await _set_id(journey), await journey.state()
    gate.calls.clear()
    gate.opened.clear()
    gate.error = GenerationFailed()

    answers = await _all_overlap(app, gate, journey, "/assessment/retakeassessment")

    assert {(answer.status_code, _code(answer)) for answer in answers} == {(500, "GENERATION_FAILED")}
    assert len(gate.calls) == 1
    assert await _set_id(journey) == old_set
    assert await journey.state() == state
    gate.error = None
    assert (await journey.retake()).status_code == 200
    assert len(gate.calls) == 2


async def test_a_bug_in_the_writer_frees_the_verification_at_once(
    app: Litestar, journey: Journey, gate: GatedWriter
) -> None:
    gate.opened.set()
    await journey.failed()
    gate.error = ZeroDivisionError()
    broken = await journey.retake()
    assert (broken.status_code, _code(broken)) == (500, "INTERNAL_ERROR")
    gate.error = None
    async with asyncio.timeout(LOST_SECONDS):  # it waits for no dead worker
        assert (await journey.retake()).status_code == 200


async def test_skills_replaced_while_a_retake_is_written_are_what_the_new_set_asks_about(
    journey: Journey, gate: GatedWriter
) -> None:
    gate.opened.set()
    await journey.failed()
    gate.calls.clear()
    gate.opened.clear()
    gate.arrived.clear()
    retake = asyncio.create_task(journey.retake())
    await gate.arrived.wait()
    other = profile("frontend-developer")["skills"][:2]
    assert (await journey.store_skills(other)).status_code == 200
    gate.opened.set()

    assert (await retake).status_code == 200
    assert len(gate.calls) == 2
    assert await _skills_asked_about(journey) == {skill["skillId"] for skill in other}


async def test_a_hundred_retakes_at_once_survive_a_change_of_skills(
    app: Litestar, journey: Journey, gate: GatedWriter
) -> None:
    gate.opened.set()
    await journey.failed()
    gate.calls.clear()
    gate.opened.clear()
    store = app.state.services.store
    store.claimants.clear()
    calls = [
        asyncio.create_task(journey.client.post("/assessment/retakeassessment", headers={**journey.headers, **MARKED}))
        for _ in range(CALLS)
    ]
    await until(lambda: len(store.claimants) == CALLS)
    other = profile("frontend-developer")["skills"][:2]
    await journey.store_skills(other)
    gate.opened.set()

    answers = await asyncio.gather(*calls)
    assert {answer.status_code for answer in answers} == {200}
    assert len(gate.calls) < 10
    assert await _skills_asked_about(journey) == {skill["skillId"] for skill in other}


async def test_a_submit_during_a_retake_is_scored_and_the_retake_starts_from_it(
    journey: Journey, gate: GatedWriter
) -> None:
    gate.opened.set()
    await journey.failed()
    await journey.retake()
    shown = list(journey.questions)
    gate.opened.clear()
    gate.arrived.clear()
    retake = asyncio.create_task(journey.retake())
    await gate.arrived.wait()
    assert (await journey.submit(3, shown)).json()["data"]["result"]["attemptNumber"] == 2
    gate.opened.set()

    assert (await retake).json()["data"]["retakeAttemptNumber"] == 3
    repeated = {question["question"] for question in shown} & {question["question"] for question in journey.questions}
    assert not repeated
    archive = await journey.client.get("/assessment/attempts", headers=journey.headers)
    assert [attempt["score"] for attempt in archive.json()["data"]["attempts"]] == [0, 30]


async def test_a_pass_during_a_retake_locks_and_the_retake_is_refused(journey: Journey, gate: GatedWriter) -> None:
    gate.opened.set()
    await journey.failed()
    await journey.retake()
    gate.opened.clear()
    gate.arrived.clear()
    retake = asyncio.create_task(journey.retake())
    await gate.arrived.wait()
    assert (await journey.submit(10)).json()["data"]["result"]["passed"]
    gate.opened.set()
    refused = await retake
    assert (refused.status_code, _code(refused)) == (403, "ASSESSMENT_LOCKED")
    assert (await journey.state())["state"] == "locked"


async def test_two_verifications_do_not_wait_for_each_other(
    client: httpx.AsyncClient, test_key: str, gate: GatedWriter
) -> None:
    slow, quick = Journey(client, test_key), Journey(client, test_key)
    await asyncio.gather(slow.prepared(), quick.prepared())
    gate.holds = lambda brief: brief.seed.startswith(slow.verification_id)
    held = asyncio.create_task(slow.generate())
    await gate.arrived.wait()
    async with asyncio.timeout(5):
        assert (await quick.generate()).status_code == 200
    assert not held.done()
    gate.opened.set()
    assert (await held).status_code == 200


async def test_of_many_submits_of_one_set_one_is_scored(journey: Journey) -> None:
    await journey.ready()
    answers = await asyncio.gather(*(journey.submit(right=0) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 19
    assert {_code(answer) for answer in answers if answer.status_code == 409} == {"ALREADY_SUBMITTED"}
    assert (await journey.state())["attempts"] == 1
    rows = await fetch("SELECT event FROM outbox_message WHERE verification = {}", journey.verification_id)
    assert sorted(row["event"] for row in rows) == ["verification.completed", "verification.initiated"]


async def test_a_set_written_again_after_a_change_of_skills_is_announced_no_second_time(journey: Journey) -> None:
    await journey.ready()
    await journey.store_skills(profile("frontend-developer")["skills"][:2])
    assert (await journey.generate()).status_code == 200
    rows = await fetch("SELECT event FROM outbox_message WHERE verification = {}", journey.verification_id)
    assert [row["event"] for row in rows] == ["verification.initiated"]


async def test_a_student_verified_by_many_calls_at_once_is_one_student(
    client: httpx.AsyncClient, test_key: str
) -> None:
    journey = Journey(client, test_key)
    answers = await asyncio.gather(*(journey.verify() for _ in range(20)))
    assert len({answer.json()["data"]["recordUserId"] for answer in answers}) == 1
    assert len({answer.json()["data"]["recordVerificationId"] for answer in answers}) == 20
