"""Blind solvers: an item is dropped when one of them chooses the same wrong option however the options stand."""

import asyncio
import json
from collections.abc import Callable

import pytest

from assessment.deadline import Deadline
from assessment.models import Item, Mode
from fakes.item_maker import make
from providers.config import BreakerLimits, Price
from providers.ledger import Purpose
from providers.protocol import (
    CallOutcome,
    EmptyReply,
    Ending,
    Listener,
    Quiz,
    RateLimited,
    Request,
    ResponseFormat,
    Unauthorized,
    Unreachable,
    Usage,
    VendorError,
)
from providers.routing.breaker import Breaker, State
from providers.routing.upstream import Upstream
from providers.writing.key_check import Doubts, KeyChecker, quiz_of
from providers.writing.recorder import Recorder
from providers.writing.solving import read_choices, solve
from tests.unit.providers.fake_clock import FakeClock
from tests.unit.providers.fakes import ListLedger, StubbornVendor

LETTERS = "ABCD"
Choose = Callable[[int, int, Quiz], int | None]


def items(count: int = 4) -> tuple[Item, ...]:
    made = (make(number) for number in range(count))
    return tuple(Item("s", "p", it["stem"], tuple(it["options"]), it["key"]) for it in made)


ITEMS = items()


class Solver:
    """Answers every quiz by a rule; `choose(call, place, quiz)` gives the index as the options stand there."""

    model = "solver-model"
    response_format: ResponseFormat | None = None

    def __init__(self, choose: Choose, name: str = "solver", seconds: float = 0.0, error: VendorError | None = None):
        self.name = name
        self.calls: list[Quiz] = []
        self._choose, self._seconds, self._error = choose, seconds, error

    async def write(self, order: Request, deadline: Deadline, hear: Listener) -> Ending:
        assert isinstance(order, Quiz)
        self.calls.append(order)
        number = len(self.calls) - 1
        await deadline.clock.sleep(self._seconds)
        if self._error:
            raise self._error
        chosen = [self._choose(number, place, order) for place in range(len(order.entries))]
        answers = [
            {"question": place + 1, "choice": LETTERS[choice]}
            for place, choice in enumerate(chosen)
            if choice is not None
        ]
        hear(json.dumps({"answers": answers}))
        return Ending(usage=Usage(100, 10))


def right(_: int, place: int, quiz: Quiz) -> int:
    item = next(it for it in ITEMS if it.stem == quiz.entries[place].stem)
    return quiz.entries[place].options.index(item.options[item.key])


def convinced_of_a_wrong_option(call: int, place: int, quiz: Quiz) -> int:
    item = ITEMS[place]
    wrong = item.options[(item.key + 1) % 4]
    return quiz.entries[place].options.index(wrong) if place == 2 else right(call, place, quiz)


def always_the_first(_: int, __: int, ___: Quiz) -> int:
    return 0


async def doubts(*solvers: Solver, seconds: float = 30.0, ledger: ListLedger | None = None) -> Doubts:
    upstreams = [Upstream(solver, 30.0, 8, price=Price(1.0, 10.0)) for solver in solvers]
    recorder = Recorder(ledger or ListLedger(), "writing", Mode.LIVE, "hash")
    return await KeyChecker(upstreams, 2).check(ITEMS, Deadline(FakeClock(), seconds), recorder)


async def test_solvers_that_agree_with_every_key_leave_the_set_as_it_is() -> None:
    assert await doubts(Solver(right), Solver(right, "other")) == Doubts(frozenset(), is_complete=True)


async def test_one_solver_that_means_another_option_twice_is_enough_to_drop_the_item() -> None:
    found = await doubts(Solver(right), Solver(convinced_of_a_wrong_option, "other"))
    assert found == Doubts(frozenset({2}), is_complete=True)


async def test_a_solver_that_always_chooses_the_same_place_drops_nothing() -> None:
    assert not (await doubts(Solver(always_the_first))).items


async def test_a_solver_never_sees_a_key_and_sees_every_option_in_another_place_each_time() -> None:
    solver = Solver(right)
    await doubts(solver)
    first, second = solver.calls
    for one, other in zip(first.entries, second.entries, strict=True):
        assert sorted(one.options) == sorted(other.options)
        assert all(here != there for here, there in zip(one.options, other.options, strict=True))
    assert {field for entry in first.entries for field in entry.__struct_fields__} == {"stem", "options"}


async def test_without_time_nobody_is_asked_and_the_check_is_not_complete() -> None:
    solver = Solver(right)
    assert await doubts(solver, seconds=3.0) == Doubts(frozenset(), is_complete=False)
    assert not solver.calls


async def test_a_solver_that_takes_too_long_leaves_time_for_the_rest_and_drops_nothing() -> None:
    clock = FakeClock()
    deadline = Deadline(clock, 30.0)
    slow = Upstream(Solver(convinced_of_a_wrong_option, seconds=60.0), 60.0, 8)
    found = await KeyChecker([slow], 2).check(ITEMS, deadline, Recorder(ListLedger(), "writing", Mode.LIVE, "hash"))
    assert found == Doubts(frozenset(), is_complete=False)
    assert deadline.remaining == pytest.approx(12.0)


async def test_a_solver_that_fails_or_leaves_out_an_answer_makes_the_check_incomplete() -> None:
    assert not (await doubts(Solver(right, error=RateLimited("solver")))).is_complete
    assert not (
        await doubts(Solver(lambda call, place, quiz: None if place == 1 else right(call, place, quiz)))
    ).is_complete


async def test_every_quiz_is_one_entry_of_the_ledger_with_its_cost() -> None:
    ledger = ListLedger()
    await doubts(Solver(right), ledger=ledger)
    assert [(it.purpose, it.outcome, it.wanted, it.accepted) for it in ledger.records] == [
        (Purpose.SOLVE, CallOutcome.OK, 4, 4)
    ] * 2
    assert [it.cost for it in ledger.records] == [pytest.approx(0.0002)] * 2


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (Unreachable("solver"), State.OPEN),
        (RateLimited("solver", retry_after=9.0), State.RESTING),
        (Unauthorized("solver"), State.OPEN),
        (EmptyReply("solver"), State.OPEN),
        (None, State.CLOSED),
    ],
)
async def test_how_a_vendor_solves_is_counted_and_never_touches_what_it_counts_as_a_writer(
    error: VendorError | None, state: State
) -> None:
    clock, limits = FakeClock(), BreakerLimits()
    solver = Solver(lambda *_: None, error=error)
    upstream = Upstream(solver, 30.0, 8, breaker=Breaker(limits), solving=Breaker(limits))
    for _ in range(limits.failures):
        await solve(upstream, quiz_of(ITEMS, 0), Deadline(clock, 5.0), lambda _: None)
    assert upstream.solving.state(clock.monotonic()) is state
    assert (upstream.breaker.state(clock.monotonic()), upstream.breaker.reason) == (State.CLOSED, None)
    for _ in range(limits.failures - 1):
        upstream.breaker.end(CallOutcome.UNREACHABLE, clock.monotonic(), is_probe=False)
    assert upstream.breaker.state(clock.monotonic()) is State.CLOSED


async def test_a_solver_that_says_nothing_for_its_fair_time_counts_as_hanging_and_with_less_it_does_not() -> None:
    for seconds, reason in ((20.0, CallOutcome.TIMED_OUT), (10.0, None)):
        solver = Upstream(Solver(right, seconds=1e6), 30.0, 8)
        solved = await solve(solver, quiz_of(ITEMS, 0), Deadline(FakeClock(), seconds), lambda _: None)
        assert solved.asked.outcome is (reason or CallOutcome.OUT_OF_BUDGET)
        assert solver.solving.reason is reason


async def test_a_quiz_that_is_cancelled_gives_its_place_and_its_probe_back_and_is_on_record() -> None:
    solver, begun = Solver(right, seconds=1e6), asyncio.Event()
    upstream, ledger = Upstream(solver, 30.0, 1), ListLedger()
    for _ in range(3):
        upstream.solving.end(CallOutcome.UNREACHABLE, -100.0, is_probe=False)
    clock = FakeClock()

    async def stand_still(_: float) -> None:
        begun.set()
        await asyncio.Event().wait()

    clock.sleep = stand_still  # type: ignore[method-assign, assignment]  # time stands still
    recorder = Recorder(ledger, "writing", Mode.LIVE, "hash")
    checking = asyncio.ensure_future(KeyChecker([upstream], 2).check(ITEMS, Deadline(clock, 30.0), recorder))
    await begun.wait()
    checking.cancel()
    await asyncio.wait({checking})
    assert upstream.solving.is_ready(clock.time)
    assert [it.outcome for it in ledger.records] == [CallOutcome.ABANDONED] * 2
    async with asyncio.timeout(1), upstream.places.place():
        pass


@pytest.mark.parametrize(
    ("seconds", "error", "is_billed"), [(1e6, None, True), (0.0, Unreachable("solver"), False), (0.0, None, True)]
)
async def test_a_quiz_that_may_have_been_read_costs_at_least_the_reading(
    *, seconds: float, error: VendorError | None, is_billed: bool
) -> None:
    ledger = ListLedger()
    await doubts(Solver(right, seconds=seconds, error=error), ledger=ledger)
    for record in ledger.records:
        assert record.cost is not None
        assert (record.input_tokens > 0, record.cost > 0) == (is_billed, is_billed)


async def test_a_solver_that_swallows_cancellation_gives_its_place_back() -> None:
    stubborn = StubbornVendor()
    upstream = Upstream(stubborn, 30.0, 1)
    solved = await solve(upstream, quiz_of(ITEMS, 0), Deadline(FakeClock(), 20.0), lambda _: None)
    assert solved.asked.outcome is CallOutcome.TIMED_OUT
    async with asyncio.timeout(1), upstream.places.place():
        stubborn.released.set()


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ('{"answers": [{"question": 1, "choice": "A"}, {"question": 2, "choice": "d"}]}', (0, 3)),
        ('Sure!\n```json\n{"answers": [{"question": 2, "choice": "B"}]}\n```', (None, 1)),
        ('{"answers": [{"question": 1, "choice": "A"}, {"question": 1, "choice": "B"}]}', (None, None)),
        ('{"answers": [{"question": 1, "choice": "A"}, {"question": 1, "choice": "A"}]}', (0, None)),
        ('{"answers": [{"question": 1, "choice": "E"}, {"question": 2, "choice": "AB"}]}', (None, None)),
        ('{"answers": [{"question": "1", "choice": 0}, 7, {"question": 2, "choice": "C"}]}', (None, 2)),
        ('{"answers": [{"question": 9, "choice": "A"}, {"question": 0, "choice": "A"}]}', (None, None)),
        ('{"answers": [{"question": 1, "choice": "A"}, {"quest', (None, None)),
        (
            '<think>{"answers": [{"question": 1, "choice": "B"}]}</think>{"answers": [{"question": 1, "choice": "A"}]}',
            (0, None),
        ),
        (
            'So {"answers": [{"question": 1, "choice": "B"}]}?</think>{"answers": [{"question": 1, "choice": "A"}]}',
            (0, None),
        ),
        ('<think>{"answers": [{"question": 1, "choice": "B"}]}', (None, None)),
        ('{"answers": [{"question": 1, "choice": "b)"}, {"question": 2, "choice": "(C)"}]}', (1, 2)),
        ("A, B", (None, None)),
        ("", (None, None)),
        ('{"answers": ["\ud800"]}', (None, None)),
    ],
)
def test_answers_are_read_as_far_as_they_are_clear(text: str, choices: tuple[int | None, ...]) -> None:
    assert read_choices(text, 2) == choices
