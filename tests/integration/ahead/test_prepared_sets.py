"""A set is written before it is asked for, and handed over only if it is what would be written now."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from api.services import Services
from assessment.ahead import AheadPlan
from assessment.models import FormPlan
from tests.integration.ahead.conftest import PLAIN, hasten, prepared_set, set_states
from tests.integration.gate import GatedWriter
from tests.journey import Journey
from tests.rows import bodies_to_send, fetch
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("ahead")


async def _events(*, since: int) -> list[tuple[str, str]]:
    rows = await fetch("SELECT event, reason FROM ahead_event WHERE id > {} ORDER BY id", since)
    return [(row["event"], row["reason"]) for row in rows]


@pytest.fixture
async def since() -> int:
    (row,) = await fetch("SELECT coalesce(max(id), 0) AS id FROM ahead_event")
    return int(row["id"])


async def test_a_retake_after_a_fail_is_the_set_that_was_written_meanwhile(
    journey: Journey, gate: GatedWriter, since: int
) -> None:
    gate.opened.set()
    await journey.failed()
    ahead = await prepared_set(journey)
    written = len(gate.calls)

    answer = (await journey.retake(**PLAIN)).json()["data"]

    assert len(gate.calls) == written, "nothing is written for the request"
    stored = msgspec.json.decode(ahead["questions"])
    assert [it["questionId"] for it in answer["questions"]] == [it["question_id"] for it in stored]
    assert answer["retakeAttemptNumber"] == 2
    assert await set_states(journey) == ["active"]
    assert await _events(since=since) == [("prepared", ""), ("taken", "")]


async def test_calls_that_overlap_take_one_prepared_set(journey: Journey) -> None:
    await journey.failed()
    await prepared_set(journey)
    answers = await asyncio.gather(*(journey.retake(**PLAIN) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({msgspec.json.encode(answer.json()["data"]) for answer in answers}) == 1


async def test_the_first_set_is_written_after_seconds_for_second_thoughts_and_announced_when_it_is_taken(
    journey: Journey, gate: GatedWriter
) -> None:
    gate.opened.set()
    await journey.prepared()
    (row,) = await fetch(
        "SELECT execute_after - created AS pause, status FROM jobs.pgqueuer WHERE id ="
        " (SELECT job FROM generation WHERE verification = {})",
        journey.verification_id,
    )
    assert row["status"] == "queued"
    assert row["pause"].total_seconds() == pytest.approx(5.0, abs=0.5)
    await hasten(journey)
    await prepared_set(journey)
    assert await bodies_to_send(journey) == []
    assert (await journey.state())["state"] == "not_started"

    answer = await journey.generate(**PLAIN)

    assert "alreadyGenerated" not in answer.json()["data"]
    assert len(gate.calls) == 1
    (body,) = await bodies_to_send(journey)
    assert '"verification.initiated"' in body


async def test_a_change_of_mind_within_the_pause_costs_nothing(journey: Journey, gate: GatedWriter) -> None:
    gate.opened.set()
    await journey.prepared()
    items = journey.profile["items"]
    other = {name: ids[:1] for name, ids in items.items()}
    (await journey.attach(other)).raise_for_status()
    rows = await fetch(
        "SELECT payload FROM jobs.pgqueuer WHERE entrypoint = 'prepare_set' AND convert_from(payload, 'utf8') LIKE {}",
        f"%{journey.verification_id}%",
    )
    assert len(rows) == 1
    assert gate.calls == []
    await hasten(journey)
    await prepared_set(journey)
    assert len(gate.calls) == 1


async def test_a_request_that_comes_before_the_writing_has_begun_has_its_own_set_written(
    journey: Journey, gate: GatedWriter
) -> None:
    gate.opened.set()
    await journey.prepared()
    (await journey.generate(**PLAIN)).raise_for_status()
    assert [brief.quiet for brief in gate.calls] == [None]
    assert await set_states(journey) == ["active"]
    assert not await fetch(
        "SELECT 1 FROM jobs.pgqueuer WHERE entrypoint = 'prepare_set' AND convert_from(payload, 'utf8') LIKE {}",
        f"%{journey.verification_id}%",
    )


async def test_a_request_joins_the_writing_that_has_begun_and_ends_its_quiet(
    journey: Journey, gate: GatedWriter, since: int
) -> None:
    gate.opened.set()
    await journey.ready()
    gate.opened.clear()
    gate.calls.clear()
    await journey.submit(right=0)
    await until(lambda: len(gate.calls) == 1)
    quiet = gate.calls[0].quiet
    assert quiet is not None
    assert not quiet.is_over

    request = asyncio.create_task(journey.retake(**PLAIN))
    await until(lambda: quiet.is_over)
    gate.opened.set()
    answer = await request

    assert answer.status_code == 200
    assert len(gate.calls) == 1, "no second set is written"
    assert await set_states(journey) == ["active"]
    assert [event for event, _ in await _events(since=since)] == ["joined"]


async def test_a_rehearsal_gets_what_it_asks_for_whatever_was_written_ahead(journey: Journey, since: int) -> None:
    await journey.failed()
    await prepared_set(journey)
    (await journey.retake()).raise_for_status()  # marked
    assert any(option.endswith("(right)") for option in journey.questions[0]["options"])
    assert ("discarded", "scenario") in await _events(since=since)


async def test_a_rehearsal_does_not_join_what_is_written_ahead(journey: Journey, gate: GatedWriter) -> None:
    gate.opened.set()
    await journey.ready()
    gate.holds = lambda brief: brief.quiet is not None
    gate.opened.clear()
    gate.calls.clear()
    await journey.submit(right=0)
    await until(lambda: len(gate.calls) == 1)
    answer = await journey.retake(**{"x-sandbox-scenario": "fail"})
    assert answer.json()["error"]["code"] == "GENERATION_FAILED"
    gate.opened.set()
    (await journey.retake()).raise_for_status()
    assert await set_states(journey) == ["active"]


async def _other_skills(journey: Journey, _: Services) -> None:
    (await journey.store_skills(journey.profile["skills"][:1])).raise_for_status()


async def _other_items(journey: Journey, _: Services) -> None:
    items = {name: ids[:1] for name, ids in journey.profile["items"].items()}
    (await journey.attach(items)).raise_for_status()


async def _other_name(journey: Journey, _: Services) -> None:
    own = [{"skillId": "own", "name": "Another name"}]
    (await journey.store_skills(own)).raise_for_status()


async def _other_language(_: Journey, services: Services) -> None:
    services.preparations.plan = AheadPlan(first=True, retake=True, form=FormPlan(language="de"))


async def _another_set_was_shown(journey: Journey, _: Services) -> None:
    await fetch(
        "INSERT INTO shown_item (student, skill_id, stem, signature) VALUES ({}, 'python', 'Shown elsewhere?', '')",
        journey.student_id,
    )


CHANGES: dict[str, tuple[str, Callable[[Journey, Services], Awaitable[None]]]] = {
    "other items": ("evidence", _other_items),
    "other skills": ("evidence", _other_skills),
    "a skill by another name": ("evidence", _other_name),
    "another language": ("settings", _other_language),
    "a set shown elsewhere": ("seen", _another_set_was_shown),
}


@pytest.mark.parametrize("what", CHANGES)
async def test_what_was_written_for_something_else_is_discarded_and_counted(
    journey: Journey, services: Services, since: int, what: str
) -> None:
    await journey.failed()
    stale = await prepared_set(journey)
    reason, change = CHANGES[what]
    await change(journey, services)

    (await journey.retake(**PLAIN)).raise_for_status()

    ids = {it["question_id"] for it in msgspec.json.decode(stale["questions"])}
    assert ids.isdisjoint(question["questionId"] for question in journey.questions)
    assert ("discarded", reason) in await _events(since=since)
    assert not await fetch("SELECT 1 FROM question_set WHERE id = {}", stale["id"])


async def test_storing_the_same_again_keeps_the_prepared_set(journey: Journey) -> None:
    await journey.failed()
    before = await prepared_set(journey)
    (await journey.store_skills()).raise_for_status()
    (await journey.choose_method()).raise_for_status()
    (await journey.attach()).raise_for_status()
    assert (await prepared_set(journey))["id"] == before["id"]
    await journey.retake(**PLAIN)
    (row,) = await fetch("SELECT id FROM question_set WHERE verification = {}", journey.verification_id)
    assert row["id"] == before["id"]


async def test_items_of_a_set_that_was_never_shown_do_not_count_as_seen(journey: Journey) -> None:
    await journey.failed()
    seen = "SELECT count(*) AS items FROM shown_item WHERE student = {}"
    (before,) = await fetch(seen, journey.student_id)
    await prepared_set(journey)
    (await journey.attach({name: ids[:1] for name, ids in journey.profile["items"].items()})).raise_for_status()
    assert "prepared" not in await set_states(journey)
    assert await fetch(seen, journey.student_id) == [before]


async def test_a_writing_that_came_to_nothing_is_no_answer_to_the_request_that_comes_next(
    journey: Journey, gate: GatedWriter, since: int
) -> None:
    gate.opened.set()
    await journey.ready()
    gate.error = RuntimeError("a fault of ours")
    await journey.submit(right=0)

    async def has_ended() -> bool:
        rows = await fetch("SELECT ending FROM generation WHERE verification = {}", journey.verification_id)
        return bool(rows[0]["ending"] == "outdated")

    await until(has_ended)
    gate.error = None
    (await journey.retake(**PLAIN)).raise_for_status()


async def test_a_pass_orders_nothing(journey: Journey) -> None:
    await journey.locked()
    assert not await fetch(
        "SELECT 1 FROM generation WHERE verification = {} AND ending IS NULL", journey.verification_id
    )
