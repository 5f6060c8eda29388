"""What a run comes to, from the calls of its client and the log of the wall."""

import msgspec
import pytest

from assessment.models import Item
from bench.failover.catalogue import CATALOGUE
from bench.failover.contestants import Answer
from bench.failover.runs import Call, _is_complete, _seen
from bench.failover.scoring import Ended, Outage
from bench.failover.wall import REFUSED_PREFILL, Attempt, Log

BY_NAME = {scenario.name: scenario for scenario in CATALOGUE}
OPTIONS = ("a", "b", "c", "d")
ITEMS = tuple(Item("skill", "source", f"stem {number}", OPTIONS, 1) for number in range(10))
WRITTEN = [{"stem": item.stem, "options": list(OPTIONS), "key": 1} for item in ITEMS]
TEN = Answer(Ended.SUCCESS, ITEMS, ("openai/fb-ok",), says_usage=True, note="fallback:ok")
REFUSED = Answer(Ended.ERROR, note="GENERATION_FAILED")
HUNG = Answer(Ended.HANG, note="no end")


def attempt(at: float, model: str, action: str = "503", size: int = 900) -> Attempt:
    return Attempt(at, model, 1, size, action)


def test_ten_items_as_the_wall_wrote_them_are_complete() -> None:
    assert _is_complete(TEN, Log([], WRITTEN))


@pytest.mark.parametrize(
    "items",
    [
        ITEMS[:9],
        (*ITEMS, ITEMS[0]),
        (*ITEMS[:9], msgspec.structs.replace(ITEMS[9], stem="stem")),
        (*ITEMS[:9], msgspec.structs.replace(ITEMS[9], options=("a", "b", "c", "other"))),
        (*ITEMS[:9], msgspec.structs.replace(ITEMS[9], key=2)),
    ],
    ids=["nine", "eleven", "a cut stem", "another option", "another key"],
)
def test_anything_else_is_not(items: tuple[Item, ...]) -> None:
    assert not _is_complete(msgspec.structs.replace(TEN, items=items), Log([], WRITTEN))


def test_both_sides_of_one_call_are_put_together() -> None:
    scenario = BY_NAME["S14"]
    log = Log(
        [
            attempt(0.0, scenario.model, size=900),
            attempt(1.0, scenario.fallback, REFUSED_PREFILL),
            attempt(2.0, scenario.model, size=800),
        ],
        WRITTEN,
    )
    seen = _seen(scenario, [Call(0.0, 2.5, TEN)], log, is_alive=True)
    assert (seen.ended, seen.is_complete, seen.seconds) == (Ended.SUCCESS, True, 2.5)
    assert (seen.primary, seen.prompt_sizes, seen.fallback) == ((0.0, 2.0), (900, 800), (1.0,))
    assert (seen.refused_prefills, seen.models, seen.fallback_model) == (1, ("openai/fb-ok",), "fb-ok-noprefill")
    assert seen.outage is None


def test_a_sequence_ends_as_its_worst_request_and_counts_what_the_outage_met() -> None:
    scenario = BY_NAME["S15"]
    log = Log(
        [
            attempt(0.0, scenario.model),
            attempt(0.1, scenario.fallback, "200, a stream"),
            attempt(59.9, scenario.model),
            attempt(68.0, scenario.model, "200, a stream"),
        ],
        WRITTEN,
    )
    calls = [Call(0.0, 1.0, TEN), Call(56.0, 5.0, REFUSED), Call(60.0, 1.0, TEN), Call(68.0, 1.0, TEN)]
    seen = _seen(scenario, calls, log, is_alive=True)
    assert (seen.ended, seen.is_complete, seen.note) == (Ended.ERROR, False, "GENERATION_FAILED")
    assert seen.seconds == 69.0
    assert seen.outage == Outage(requests=4, hangs=0, during=2, served_during=1, attempts_during=2, back_after=8.0)
    hung = _seen(scenario, [*calls, Call(72.0, 31.0, HUNG)], log, is_alive=True)
    assert hung.ended is Ended.HANG
    assert hung.outage is not None
    assert hung.outage.hangs == 1
