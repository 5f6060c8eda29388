"""A process that dies before any of its statements leaves nothing half done, and others go on where it stood.

What `kill -9` does to the database is that a transaction ends before its next statement. So each way is walked again
and again, and ends one statement later each time.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

import msgspec
import pytest

from api.services import Services
from assessment.deadline import Deadline, SystemClock
from assessment.models import Answer, FormPlan
from assessment.ports import SetOrder
from assessment.quiet import Quiet
from assessment.use_cases.submit import submit
from assessment.use_cases.write_set import write_set
from db.engine import RetakeEngine
from jobs.vendors import Vendors
from piccolo_conf import DB
from tests.fakes import FakeMaps
from tests.integration.ahead.conftest import PLAIN, hasten, prepared_set, set_states
from tests.integration.gate import GatedWriter
from tests.journey import Journey, answers
from tests.rows import fetch
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("ahead", "_mortal")

MOST_STATEMENTS = 40
QUESTIONS = 10


class Killed(Exception):
    """The process is gone, and so is whatever it would have done."""


class Life:
    """How many statements are left to a process; `is_over` when it wanted one more."""

    def __init__(self, statements: int) -> None:
        self.left = statements
        self.is_over = False

    def spend(self) -> None:
        self.is_over = self.is_over or not self.left
        if self.is_over:
            raise Killed
        self.left -= 1


LIFE: ContextVar[Life | None] = ContextVar("life", default=None)


@pytest.fixture
def _mortal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tasks that have a life spend it on what they ask the database; the app itself has none."""
    for name in ("fetch", "run_querystring"):
        real = getattr(RetakeEngine, name)

        async def asked(engine: RetakeEngine, *args: Any, _real: Any = real, **named: Any) -> Any:
            life = LIFE.get()
            if life is not None:
                life.spend()
            return await _real(engine, *args, **named)

        monkeypatch.setattr(RetakeEngine, name, asked)


Way = Callable[[], Awaitable[object]]


async def walk(prepare: Callable[[], Awaitable[Way]], check: Callable[[], Awaitable[None]]) -> int:
    """Take a way until it is survived; `check` looks after every death. Gives how many statements it had."""
    for statements in range(MOST_STATEMENTS):
        way, life = await prepare(), Life(statements)

        async def mortal(way: Way = way, life: Life = life) -> None:
            LIFE.set(life)
            await way()

        await asyncio.gather(asyncio.create_task(mortal()), return_exceptions=True)
        await check()
        if not life.is_over:
            return statements
    raise AssertionError("a way without an end")


async def _jobs(journey: Journey) -> list[dict[str, Any]]:
    return await fetch(
        "SELECT id, entrypoint, status FROM jobs.pgqueuer WHERE entrypoint IN ('prepare_set', 'write_set')"
        " AND convert_from(payload, 'utf8') LIKE {}",
        f"%{journey.verification_id}%",
    )


async def _assert_whole(journey: Journey) -> None:
    states = await set_states(journey)
    assert states.count("prepared") <= 1
    assert states.count("active") + states.count("submitted") <= 1


async def _assert_goes_on(journey: Journey, *, shown_before: int) -> None:
    """A student gets one set, of which each question counts as seen once, and no job is left."""
    await _assert_whole(journey)
    call = journey.retake if (await journey.state())["attempts"] else journey.generate
    (await call(**PLAIN)).raise_for_status()
    assert await set_states(journey) == ["active"]
    assert len(journey.questions) == QUESTIONS
    (seen,) = await fetch("SELECT count(*)::int AS n FROM shown_item WHERE student = {}", journey.student_id)
    assert seen["n"] == (shown_before + 1) * QUESTIONS

    async def has_ended() -> bool:
        return not await _jobs(journey)

    await until(has_ended)


@pytest.fixture
def new_journey(journey: Journey) -> Callable[[], Journey]:
    return lambda: Journey(journey.client, journey.api_key)


async def test_a_submit_that_fails_and_the_order_of_the_next_set_are_one(
    services: Services, new_journey: Callable[[], Journey]
) -> None:
    now: list[Journey] = []

    async def prepare() -> Way:
        journey = await new_journey().ready()
        now[:] = [journey]
        given = [Answer(it["questionId"], it["selectedAnswer"]) for it in answers(journey.questions, 0)]
        return lambda: submit(
            verification_id=journey.verification_id, answers=given, store=services.store, clock=SystemClock()
        )

    async def check() -> None:
        (journey,) = now
        if not (await journey.state())["attempts"]:
            assert await set_states(journey) == ["active"]
            assert "prepare_set" not in [job["entrypoint"] for job in await _jobs(journey)]
            return
        await prepared_set(journey)
        await _assert_goes_on(journey, shown_before=1)

    assert await walk(prepare, check) > 5


async def test_whoever_writes_ahead_may_die_anywhere_and_the_next_one_puts_one_set_aside(
    services: Services, vendors: Vendors, new_journey: Callable[[], Journey]
) -> None:
    now: list[Journey] = []

    async def prepare() -> Way:
        journey = await new_journey().prepared()  # the job is due in some seconds: time to do its work here
        now[:] = [journey]
        (row,) = await fetch(
            "SELECT payload FROM jobs.pgqueuer WHERE id = (SELECT job FROM generation WHERE verification = {})",
            journey.verification_id,
        )
        order = msgspec.json.decode(row["payload"], type=SetOrder)
        deadline = Deadline(SystemClock(), 60.0)
        return lambda: write_set(
            order=order,
            form=FormPlan(),
            deadline=deadline,
            store=services.store,
            maps=FakeMaps(),
            writer=vendors.current.writer,
            quiet=Quiet(deadline),
        )

    async def check() -> None:
        (journey,) = now
        await _assert_whole(journey)
        await hasten(journey)  # it goes to another worker
        await prepared_set(journey)
        await _assert_goes_on(journey, shown_before=0)

    assert await walk(prepare, check) > 8


async def test_whoever_takes_a_prepared_set_may_die_anywhere_and_the_next_one_gets_it(
    services: Services, new_journey: Callable[[], Journey]
) -> None:
    now: list[tuple[Journey, str]] = []

    async def prepare() -> Way:
        journey = await new_journey().failed()
        now[:] = [(journey, str((await prepared_set(journey))["id"]))]
        standing = (await services.store.load(journey.verification_id)).standing
        order = SetOrder(standing.verification_id, standing.ended, standing.revision, 30.0)
        return lambda: services.store.ask(order)

    async def check() -> None:
        ((journey, set_id),) = now
        states = await set_states(journey)
        assert states in (["active"], ["prepared", "submitted"])
        if states == ["active"]:
            return
        await _assert_goes_on(journey, shown_before=1)
        (row,) = await fetch("SELECT id FROM question_set WHERE verification = {}", journey.verification_id)
        assert str(row["id"]) == set_id

    assert await walk(prepare, check) > 8


async def test_whoever_joins_a_set_that_is_being_written_may_die_anywhere_and_it_is_not_lost(
    services: Services, gate: GatedWriter, new_journey: Callable[[], Journey]
) -> None:
    now: list[Journey] = []

    async def prepare() -> Way:
        gate.opened.set()
        journey = await new_journey().ready()
        gate.opened.clear()
        gate.calls.clear()
        (await journey.submit(right=0)).raise_for_status()
        await until(lambda: bool(gate.calls))
        now[:] = [journey]
        standing = (await services.store.load(journey.verification_id)).standing
        order = SetOrder(standing.verification_id, standing.ended, standing.revision, 30.0)
        return lambda: services.store.ask(order)

    async def check() -> None:
        (journey,) = now
        gate.opened.set()

        async def has_ended() -> bool:
            rows = await fetch("SELECT ending FROM generation WHERE verification = {}", journey.verification_id)
            return rows[0]["ending"] in ("prepared", "written")

        await until(has_ended)
        if await set_states(journey) == ["active"]:
            return  # joined, and written for whoever asked, who will ask again
        await _assert_goes_on(journey, shown_before=1)

    assert await walk(prepare, check) > 5


async def test_a_change_of_the_evidence_may_die_anywhere_and_no_set_for_the_old_one_is_shown(
    services: Services, new_journey: Callable[[], Journey]
) -> None:
    now: list[tuple[Journey, str]] = []

    async def prepare() -> Way:
        journey = await new_journey().failed()
        now[:] = [(journey, str((await prepared_set(journey))["id"]))]
        chosen = {name: ids[:1] for name, ids in journey.profile["items"].items()}

        async def change() -> None:
            (await journey.attach(chosen)).raise_for_status()

        return change

    async def check() -> None:
        ((journey, old_id),) = now
        (row,) = await fetch(
            "SELECT count(*) FILTER (WHERE attached)::int AS n FROM source_item WHERE verification = {}",
            journey.verification_id,
        )
        has_changed = row["n"] == 3
        assert ("prepared" in await set_states(journey)) is not has_changed
        await _assert_goes_on(journey, shown_before=1)
        (current,) = await fetch("SELECT id FROM question_set WHERE verification = {}", journey.verification_id)
        assert (str(current["id"]) == old_id) is not has_changed

    assert await walk(prepare, check) > 5


async def test_an_erased_verification_takes_its_prepared_set_and_its_writing_with_it(
    journey: Journey, gate: GatedWriter
) -> None:
    gate.opened.set()
    await journey.failed()
    await prepared_set(journey)
    other = await Journey(journey.client, journey.api_key).ready()
    gate.opened.clear()
    gate.calls.clear()
    (await other.submit(right=0)).raise_for_status()
    await until(lambda: bool(gate.calls))
    for it in (journey, other):
        async with DB.transaction():
            await fetch("SELECT set_config('retake.erasing', 'on', true)")
            await fetch("DELETE FROM verification WHERE id = {}", it.verification_id)
        assert await set_states(it) == []
    gate.opened.set()

    async def has_ended() -> bool:
        return not await _jobs(other)

    await until(has_ended)
    assert await set_states(other) == []
