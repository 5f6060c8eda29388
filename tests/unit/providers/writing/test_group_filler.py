"""What becomes of a set when vendors stall, break, truncate, crawl or fail; on a clock that jumps."""

import asyncio
from itertools import pairwise

import pytest

from assessment.deadline import Deadline
from assessment.errors import GenerationFailed
from assessment.models import VendorShare, WrittenSet
from providers.config import BreakerLimits, HedgeLimits, Questions
from providers.protocol import (
    CallOutcome,
    FormatRefused,
    RateLimited,
    Unauthorized,
    Unreachable,
    VendorBroken,
    VendorError,
)
from providers.routing import bounded
from providers.routing.breaker import Breaker, State
from providers.routing.chain import Chain
from providers.routing.pace import Learned, Pace
from providers.routing.places import ENDING_SECONDS, MIN_STUCK
from providers.routing.upstream import STUCK, Upstream
from providers.writing.writer import Writer
from tests.own_logs import own_logs
from tests.unit.providers.fake_clock import FakeClock
from tests.unit.providers.fakes import (
    BrokenVendor,
    ListLedger,
    ScriptedVendor,
    Stream,
    StubbornVendor,
    always,
    brief,
    chain_of,
    first,
    good,
    item,
    opening,
    text_of,
)

ONE_CALL = Questions(total=10, per_call=20, spare=0)
KNOWN = Learned(10, (4.0,) * 19 + (5.0,))  # p95 is 4 seconds, p99 5
HEDGED = HedgeLimits(after="p95", min_seconds=2.0, max_extra_share=0.1)


class Run:
    """One writing, its ledger and its clock."""

    def __init__(self, chain: Chain, questions: Questions = ONE_CALL, seconds: float = 87.0) -> None:
        self.ledger = ListLedger()
        self.clock = FakeClock()
        self.deadline = Deadline(self.clock, seconds)
        self.writer = Writer(chain, questions, "hash", ledger=self.ledger)

    async def write(self, count: int = 10) -> WrittenSet:
        return await self.writer.write(brief(count), self.deadline)

    async def fails(self) -> None:
        with pytest.raises(GenerationFailed):
            await self.write()

    @property
    def seconds(self) -> float:
        return round(self.clock.time - 1000, 3)


def shares(written: WrittenSet) -> dict[str, int]:
    return {share.vendor: share.items for share in written.provenance.vendors}


async def test_items_of_a_stalled_stream_are_kept_and_only_the_rest_is_asked_of_the_next_vendor() -> None:
    one = ScriptedVendor("one", Stream(1.0, opening(7), 1e6))
    two = ScriptedVendor("two")
    run = Run(chain_of(one, two))
    assert shares(await run.write()) == {"one": 7, "two": 3}
    assert run.ledger.outcomes == [("one", "stalled"), ("two", "ok")]
    assert len(two.orders[0].wanted) == 3
    assert run.seconds == pytest.approx(1 + 0.2 * run.ledger.records[0].slice_seconds, abs=0.01)
    assert one.cancelled == 1


async def test_a_model_may_think_before_its_first_text_for_as_long_as_its_attempt_lasts() -> None:
    run = Run(chain_of(ScriptedVendor("one", Stream("", 25.0, good)), ScriptedVendor("two")))
    assert shares(await run.write()) == {"one": 10}


async def test_a_stream_that_crawls_is_no_stall_but_ends_with_its_attempt() -> None:
    crawl = [part for index in range(200) for part in (5.0, opening(1) if index == 0 else "x")]
    run = Run(chain_of(ScriptedVendor("one", Stream(*crawl)), ScriptedVendor("two")))
    assert shares(await run.write()) == {"one": 1, "two": 9}
    assert run.ledger.outcomes == [("one", "timed_out"), ("two", "ok")]


async def test_white_space_without_end_in_the_middle_of_an_answer_is_a_stall() -> None:
    blank = [part for _ in range(400) for part in (0.5, "\n")]
    run = Run(chain_of(ScriptedVendor("one", Stream(opening(2), *blank)), ScriptedVendor("two")))
    assert shares(await run.write()) == {"one": 2, "two": 8}
    assert run.ledger.outcomes == [("one", "stalled"), ("two", "ok")]
    assert run.seconds == pytest.approx(6)


async def test_white_space_without_end_before_an_answer_is_no_sign_of_life() -> None:
    blank = [part for _ in range(400) for part in (0.5, " ")]
    chain = chain_of(ScriptedVendor("one", Stream(*blank)), attempt_seconds=30)
    await Run(chain, seconds=20).fails()
    assert chain.upstreams[0].breaker.reason is CallOutcome.TIMED_OUT


async def test_the_last_vendor_that_is_left_gets_all_the_time_and_not_an_attempt() -> None:
    thinks = Stream(*[part for _ in range(140) for part in (0.5, "")], good)
    run = Run(chain_of(ScriptedVendor("one", VendorBroken("one")), ScriptedVendor("two", thinks), attempt_seconds=30))
    assert shares(await run.write()) == {"two": 10}
    assert run.seconds == pytest.approx(70)


async def test_a_first_vendor_that_thinks_for_long_leaves_the_next_one_its_share() -> None:
    thinks = Stream(*[part for _ in range(170) for part in (0.5, "")], good)
    run = Run(chain_of(ScriptedVendor("one", thinks), ScriptedVendor("two"), attempt_seconds=80))
    assert shares(await run.write()) == {"two": 10}
    assert run.seconds == pytest.approx(43.5)


async def test_a_vendor_alone_that_hangs_is_asked_once_more_beside_it_and_not_cut_off() -> None:
    one = ScriptedVendor("one", 1e6, 3.0)
    run = Run(chain_of(one, hedge=HEDGED))
    assert shares(await run.write()) == {"one": 10}
    assert one.asked_at == pytest.approx([0, 15], abs=0.1)
    assert run.seconds == pytest.approx(18, abs=0.1)


async def test_a_vendor_alone_that_thinks_aloud_is_not_asked_beside_it() -> None:
    one = ScriptedVendor("one", Stream(*[part for _ in range(100) for part in (0.5, "")], good))
    run = Run(chain_of(one, hedge=HEDGED))
    await run.write()
    assert len(one.orders) == 1
    assert run.seconds == pytest.approx(50)


async def test_calls_that_were_cut_off_while_a_vendor_was_at_work_teach_its_pace_and_silent_ones_do_not() -> None:
    thinks = Stream(*[part for _ in range(200) for part in (0.5, "")])
    chain = chain_of(ScriptedVendor("one", thinks, 1e6), ScriptedVendor("two"), attempt_seconds=30)
    run = Run(chain, seconds=1e6)
    for _ in range(2):
        await run.write()
        await run.clock.sleep(20)
    assert run.ledger.outcomes == [("one", "timed_out"), ("two", "ok"), ("two", "ok"), ("one", "stalled")]
    learned = chain.upstreams[0].pace.learned
    assert learned.seconds == pytest.approx((30.0,))
    assert learned.unfinished == (0,)


async def test_a_stream_that_breaks_loses_only_its_unfinished_item() -> None:
    one = ScriptedVendor("one", Stream(opening(8), Unreachable("one")))
    run = Run(chain_of(one, ScriptedVendor("two")))
    assert shares(await run.write()) == {"one": 8, "two": 2}
    assert run.ledger.outcomes[0] == ("one", "unreachable")
    assert run.seconds == 0


async def test_behind_prose_the_items_come_with_the_end_of_the_answer() -> None:
    one = ScriptedVendor("one", Stream("Here they are:\n", good, 3.0))
    run = Run(chain_of(one))
    assert shares(await run.write()) == {"one": 10}
    assert (run.ledger.outcomes, run.seconds) == ([("one", "ok")], 3.0)


@pytest.mark.parametrize("finish_reason", ["length", "stop"])
async def test_a_draft_before_an_answer_that_did_not_come_any_more_is_not_taken(finish_reason: str) -> None:
    draft = Stream("A draft: ", good, *([] if finish_reason == "length" else [Unreachable("one")]))
    draft.finish_reason = finish_reason
    run = Run(chain_of(ScriptedVendor("one", draft), ScriptedVendor("two")))
    assert shares(await run.write()) == {"two": 10}
    assert run.ledger.records[0].rejected == {"no_items": 1}


async def test_a_truncated_answer_loses_only_its_unfinished_item() -> None:
    one = ScriptedVendor("one", Stream(opening(8), finish_reason="length"))
    run = Run(chain_of(one, ScriptedVendor("two")))
    assert shares(await run.write()) == {"one": 8, "two": 2}
    assert run.ledger.outcomes == [("one", "truncated"), ("two", "ok")]
    assert run.ledger.records[0].rejected == {"item_json": 1}


async def test_a_single_vendor_that_truncates_every_answer_still_makes_the_set() -> None:
    one = ScriptedVendor(
        "one", Stream(opening(4), finish_reason="length"), Stream(opening(3), finish_reason="length"), good
    )
    run = Run(chain_of(one))
    await run.write()
    assert [len(order.wanted) for order in one.orders] == [10, 6, 3]


async def test_a_vendor_that_answers_in_one_piece_goes_the_same_way() -> None:
    run = Run(chain_of(ScriptedVendor("one", first(6), VendorBroken("one")), ScriptedVendor("two")))
    assert shares(await run.write()) == {"one": 6, "two": 4}


async def test_a_single_vendor_survives_a_failure_by_bad_luck() -> None:
    run = Run(chain_of(ScriptedVendor("one", VendorBroken("one"), good)))
    await run.write()
    assert run.ledger.outcomes == [("one", "vendor_broken"), ("one", "ok")]


@pytest.mark.parametrize("failure", [VendorBroken("one"), RateLimited("one"), Unreachable("one")])
async def test_a_single_vendor_that_fails_for_seconds_is_asked_again_until_it_answers(failure: VendorError) -> None:
    one = BrokenVendor("one", failure, seconds=5)
    run = Run(chain_of(one))
    assert shares(await run.write()) == {"one": 10}
    assert 5 <= run.seconds <= 7
    pauses = [later - earlier for earlier, later in pairwise(one.asked_at)]
    assert pauses == sorted(pauses)
    assert len(one.asked_at) <= 5


async def test_of_two_vendors_that_fail_for_seconds_whoever_is_back_first_writes_the_set() -> None:
    one, two = BrokenVendor("one", VendorBroken("one"), seconds=40), BrokenVendor("two", Unreachable("two"), seconds=9)
    run = Run(chain_of(one, two))
    assert shares(await run.write()) == {"two": 10}
    assert 9 <= run.seconds <= 16


async def test_a_single_vendor_that_keeps_failing_is_asked_seldom_and_the_end_comes_in_time() -> None:
    one = ScriptedVendor("one", VendorBroken("one"))
    run = Run(chain_of(one))
    await run.fails()
    assert 5 <= len(one.orders) <= 8
    assert run.seconds <= 87


async def test_a_pause_of_no_length_is_no_reason_to_ask_at_once() -> None:
    one = ScriptedVendor("one", RateLimited("one", retry_after=0.0))
    await Run(chain_of(one)).fails()
    assert len(one.orders) <= 8


async def test_no_call_begins_after_a_pause_that_leaves_a_vendor_too_little_time() -> None:
    chain = chain_of(ScriptedVendor("one", VendorBroken("one")))
    chain.upstreams[0].pace = Pace(KNOWN)
    run = Run(chain, seconds=10)
    await run.fails()
    assert run.seconds <= 6


async def test_a_single_vendor_whose_every_stream_breaks_goes_on_at_once_while_it_brings_items() -> None:
    one = ScriptedVendor("one", Stream(opening(2), Unreachable("one")))
    run = Run(chain_of(one))
    assert shares(await run.write()) == {"one": 10}
    assert ([len(order.wanted) for order in one.orders], run.seconds) == ([10, 8, 6, 4, 2], 0)


async def test_a_hanging_first_vendor_leaves_time_for_every_other_one() -> None:
    vendors = [ScriptedVendor(name, 1e6) for name in ("one", "two")] + [ScriptedVendor("three", 10.0)]
    run = Run(chain_of(*vendors, attempt_seconds=80), seconds=60)
    assert shares(await run.write()) == {"three": 10}
    assert run.ledger.outcomes == [("one", "timed_out"), ("two", "timed_out"), ("three", "ok")]
    assert run.seconds == pytest.approx(50)


async def test_the_end_comes_at_the_deadline_when_everybody_hangs() -> None:
    run = Run(chain_of(*(ScriptedVendor(name, 1e6) for name in ("one", "two", "three")), attempt_seconds=80))
    await run.fails()
    assert 86.9 < run.seconds <= 87
    assert run.ledger.outcomes[-1] == ("three", "out_of_budget")


async def test_no_attempt_starts_that_cannot_finish() -> None:
    slow = ScriptedVendor("slow")
    run = Run(Chain([Upstream(slow, 80, 64, pace=Pace(Learned(10, (15.0,) * 20)))]), seconds=14)
    await run.fails()
    assert not slow.orders
    assert run.seconds == 0


async def test_a_hanging_vendor_leaves_a_slow_one_the_time_it_usually_takes() -> None:
    late, slow = ScriptedVendor("late", 1e6), ScriptedVendor("slow", 20.0)
    chain = Chain([Upstream(late, 80, 64), Upstream(slow, 80, 64, pace=Pace(Learned(10, (20.0,) * 20)))])
    run = Run(chain, seconds=30)
    assert shares(await run.write()) == {"slow": 10}
    assert run.ledger.records[0].slice_seconds == pytest.approx(10)


async def test_a_pause_that_fits_is_kept_when_nobody_else_is_left() -> None:
    run = Run(chain_of(ScriptedVendor("one", RateLimited("one", retry_after=5), good)))
    await run.write()
    assert run.seconds == pytest.approx(5)


async def test_a_pause_that_does_not_fit_ends_the_writing_at_once() -> None:
    run = Run(chain_of(ScriptedVendor("one", RateLimited("one", retry_after=600))))
    await run.fails()
    assert (len(run.ledger.records), run.seconds) == (1, 0)


async def test_a_long_pause_means_the_next_vendor_now_and_rest_for_the_first() -> None:
    one, two = ScriptedVendor("one", RateLimited("one", retry_after=600), good), ScriptedVendor("two")
    run = Run(chain_of(one, two))
    assert shares(await run.write()) == {"two": 10}
    assert run.seconds == 0
    assert shares(await run.write()) == {"two": 10}
    assert len(one.orders) == 1


async def test_a_vendor_that_refused_the_key_once_rests_and_is_asked_again() -> None:
    one, two = ScriptedVendor("one", Unauthorized("one"), good), ScriptedVendor("two")
    chain = chain_of(one, two)
    run = Run(chain)
    for _ in range(5):
        assert shares(await run.write()) == {"two": 10}
    assert [(status.state, status.reason) for status in chain.status(run.clock.time)] == [
        (State.OPEN, CallOutcome.UNAUTHORIZED),
        (State.CLOSED, None),
    ]
    await run.clock.sleep(20)
    assert shares(await run.write()) == {"one": 10}


async def test_a_vendor_alone_that_refused_the_key_once_still_makes_the_set() -> None:
    assert shares(await Run(chain_of(ScriptedVendor("one", Unauthorized("one"), good))).write()) == {"one": 10}


async def test_a_vendor_alone_with_a_wrong_key_ends_the_writing_soon() -> None:
    one = ScriptedVendor("one", Unauthorized("one"))
    run = Run(chain_of(one))
    await run.fails()
    assert len(one.orders) == 3
    assert run.seconds <= 3


async def test_a_vendor_that_refuses_the_key_for_minutes_is_out_and_the_log_says_why() -> None:
    one = ScriptedVendor("one", Unauthorized("one"))
    chain = chain_of(one, ScriptedVendor("two"))
    run = Run(chain)
    with own_logs() as logs:
        for _ in range(20):
            await run.writer.write(brief(10), Deadline(run.clock, 87.0))
            await run.clock.sleep(20)
    assert chain.status(run.clock.time)[0].state is State.OUT
    standings = [it for it in logs if it["event"] == "vendor_standing"]
    assert [(it["state"], it["outcome"], it["reason"]) for it in standings][-1] == (
        State.OUT,
        CallOutcome.UNAUTHORIZED,
        CallOutcome.UNAUTHORIZED,
    )


async def test_one_vendor_down_costs_three_calls_and_one_probe_brings_it_back() -> None:
    one, two = ScriptedVendor("one", *[VendorBroken("one")] * 3, good), ScriptedVendor("two")
    run = Run(chain_of(one, two))
    for _ in range(10):
        await run.write()
    assert len(one.orders) == 3
    await run.clock.sleep(20)
    assert shares(await Run.write(run)) == {"one": 10}


async def test_a_slow_call_is_hedged_after_its_vendors_own_p95_and_the_first_valid_items_win() -> None:
    one, two = ScriptedVendor("one", 1e6), ScriptedVendor("two", 3.0)
    chain = chain_of(one, two, hedge=HEDGED)
    chain.upstreams[0].pace = Pace(KNOWN)
    run = Run(chain)
    assert shares(await run.write()) == {"two": 10}
    assert run.seconds == pytest.approx(7)
    assert one.cancelled == 1
    assert {(it.vendor, it.outcome.value, it.is_hedge) for it in run.ledger.records} == {
        ("one", "stalled", False),
        ("two", "ok", True),
    }
    assert chain.upstreams[0].breaker.state(run.clock.time) is State.OPEN


@pytest.mark.parametrize("hang", [Stream(1e6), Stream(0.5, opening(2), 1e6)], ids=["silent", "in mid-answer"])
@pytest.mark.parametrize("pace", [None, KNOWN])
@pytest.mark.parametrize("questions", [ONE_CALL, Questions()])
async def test_before_a_sound_vendor_one_that_hangs_delays_the_first_set_alone(
    pace: Learned | None, questions: Questions, hang: Stream
) -> None:
    chain = chain_of(ScriptedVendor("one", hang), ScriptedVendor("two", 3.0), attempt_seconds=60, hedge=HedgeLimits())
    chain.upstreams[0].pace = Pace(pace)
    run, seconds = Run(chain, questions, seconds=1e6), list[float]()
    for _ in range(30):
        began = run.clock.time
        assert sum(shares(await run.write()).values()) == 10
        seconds.append(run.clock.time - began)
    assert seconds[0] <= 7.0
    assert max(seconds[1:]) <= 3.1
    assert 2 <= run.ledger.outcomes.count(("one", "stalled")) <= 8
    assert chain.upstreams[0].breaker.reason is CallOutcome.STALLED


async def test_a_vendor_that_thinks_in_silence_is_listened_to_and_is_the_first_choice_again() -> None:
    one, two = ScriptedVendor("one", 12.0), ScriptedVendor("two", 3.0)
    chain = chain_of(one, two, attempt_seconds=60, hedge=HedgeLimits(max_extra_share=0.01))
    run = Run(chain, seconds=1e6)
    assert shares(await run.write()) == {"two": 10}
    assert shares(await run.write()) == {"two": 10}
    assert len(one.orders) == 1
    await run.writer.bills.settled()
    assert run.seconds == pytest.approx(12)
    assert chain.upstreams[0].breaker.state(run.clock.time) is State.CLOSED
    assert chain.upstreams[0].pace.learned == Learned(10, (12.0,))
    assert ("one", "not_needed") in run.ledger.outcomes


async def test_a_vendor_that_failed_while_it_was_listened_to_has_failed() -> None:
    one = ScriptedVendor("one", Stream(8.0, Unreachable("one")))
    chain = chain_of(one, ScriptedVendor("two", 3.0), attempt_seconds=60, hedge=HEDGED)
    run = Run(chain)
    await run.write()
    await run.writer.bills.settled()
    assert run.ledger.outcomes == [("two", "ok"), ("one", "unreachable")]
    assert chain.upstreams[0].breaker.reason is CallOutcome.UNREACHABLE


async def test_a_probe_that_is_cancelled_makes_room_for_the_next_one() -> None:
    one = ScriptedVendor("one", 1e6)
    chain = chain_of(one, ScriptedVendor("two", 3.0))
    breaker = chain.upstreams[0].breaker
    breaker.end(CallOutcome.TIMED_OUT, 900, is_probe=False)
    run = Run(chain)
    run.clock._driver = asyncio.ensure_future(asyncio.sleep(3600))  # time stands still
    task = asyncio.ensure_future(run.write())
    await _turns()
    assert (len(one.orders), breaker.is_ready(run.clock.time)) == (1, False)
    task.cancel()
    await asyncio.wait({task})
    assert breaker.is_ready(run.clock.time)
    run.clock._driver.cancel()


async def test_a_vendor_that_gives_signs_of_life_does_not_hang_though_a_hedge_is_faster() -> None:
    one = ScriptedVendor("one", Stream(*[part for _ in range(20) for part in (3.0, "")]))
    chain = chain_of(one, ScriptedVendor("two", 3.0), hedge=HEDGED)
    chain.upstreams[0].pace = Pace(KNOWN)
    run = Run(chain)
    await run.write()
    await run.writer.bills.settled()
    assert dict(run.ledger.outcomes) == {"one": "not_needed", "two": "ok"}


async def test_a_vendor_that_hangs_until_the_budget_ends_has_failed_unless_it_had_no_fair_chance() -> None:
    for seconds, outcome in ((20.0, CallOutcome.TIMED_OUT), (10.0, CallOutcome.OUT_OF_BUDGET)):
        chain = chain_of(ScriptedVendor("one", 1e6), attempt_seconds=30)
        run = Run(chain, seconds=seconds)
        await run.fails()
        assert run.ledger.outcomes == [("one", outcome.value)]
        assert bool(chain.upstreams[0].breaker.reason) == (outcome is CallOutcome.TIMED_OUT)


async def test_before_enough_is_known_a_hedge_waits_min_seconds() -> None:
    run = Run(chain_of(ScriptedVendor("one", 1e6), ScriptedVendor("two", 3.0), hedge=HEDGED))
    await run.write()
    assert run.seconds == pytest.approx(5)


async def test_a_hedge_asks_only_for_what_the_slow_one_has_not_brought() -> None:
    one, two = ScriptedVendor("one", Stream(opening(7), 5.0, " ", 5.0, " ", 1e6)), ScriptedVendor("two", 1.0)
    run = Run(chain_of(one, two, hedge=HEDGED))
    assert shares(await run.write()) == {"one": 7, "two": 3}
    assert len(two.orders[0].wanted) == 3
    assert run.seconds == pytest.approx(3)


async def test_a_known_vendor_that_falls_silent_in_the_middle_is_hedged_long_before_its_p95() -> None:
    one, two = ScriptedVendor("one", Stream(0.5, opening(7), 1e6)), ScriptedVendor("two", 1.0)
    chain = chain_of(one, two, hedge=HEDGED)
    chain.upstreams[0].pace = Pace(KNOWN)
    run = Run(chain)
    assert shares(await run.write()) == {"one": 7, "two": 3}
    assert run.seconds == pytest.approx(0.5 + 0.15 * 4.0 + 1.0)


async def test_a_known_vendor_that_is_silent_before_its_first_word_is_not_hedged_for_that() -> None:
    one, two = ScriptedVendor("one", Stream(3.9, good)), ScriptedVendor("two")
    chain = chain_of(one, two, hedge=HEDGED)
    chain.upstreams[0].pace = Pace(KNOWN)
    assert shares(await Run(chain).write()) == {"one": 10}
    assert not two.orders


async def test_a_slow_first_vendor_may_still_win_against_its_hedge() -> None:
    one, two = ScriptedVendor("one", 3.0), ScriptedVendor("two", 30.0)
    run = Run(chain_of(one, two, hedge=HEDGED))
    assert shares(await run.write()) == {"one": 10}
    assert two.cancelled == 1
    assert dict(run.ledger.outcomes) == {"one": "ok", "two": "not_needed"}


async def test_a_hedge_that_fails_leaves_the_first_one_to_it() -> None:
    one, two = ScriptedVendor("one", 6.0), ScriptedVendor("two", VendorBroken("two"))
    run = Run(chain_of(one, two, hedge=HEDGED))
    assert shares(await run.write()) == {"one": 10}
    assert run.seconds == pytest.approx(6)


async def test_a_quick_vendor_is_never_hedged() -> None:
    two = ScriptedVendor("two")
    run = Run(chain_of(ScriptedVendor("one", 1.9), two, hedge=HEDGED))
    await run.write()
    assert not two.orders


async def test_hedges_stay_within_their_share_of_all_calls() -> None:
    one, two = ScriptedVendor("one", 8.0), ScriptedVendor("two")
    run = Run(chain_of(one, two, hedge=HEDGED), seconds=1e6)
    for _ in range(200):
        await run.write()
    assert len(two.orders) > 100
    assert sum(record.is_hedge for record in run.ledger.records) <= 0.1 * 200 + 2


async def test_durations_are_learned_from_calls_that_succeeded_alone() -> None:
    chain = chain_of(ScriptedVendor("one", 4.0, VendorBroken("one"), 1e6, 4.0), ScriptedVendor("two"))
    run = Run(chain, seconds=1e6)
    for _ in range(4):
        await run.write()
        await run.clock.sleep(20)
    assert run.ledger.outcomes[-1] == ("one", "not_needed")  # it was listened to until it had ended
    assert chain.upstreams[0].pace.learned.seconds == pytest.approx((4.0, 4.0))


async def test_a_vendor_that_refuses_a_form_is_asked_again_at_once_and_counts_as_sound() -> None:
    one = ScriptedVendor("one", FormatRefused("one"), FormatRefused("one"), FormatRefused("one"), good)
    run = Run(chain_of(one, ScriptedVendor("two")))
    assert shares(await run.write()) == {"one": 10}
    assert run.writer.chain.status(run.clock.time)[0].state is State.CLOSED


async def test_a_spare_item_of_one_call_fills_a_slot_another_could_not() -> None:
    one = ScriptedVendor("one", good, always("no idea"))
    run = Run(chain_of(one), Questions(total=2, per_call=1, spare=2))
    written = await run.writer.write(brief(slots=brief(1).slots * 2), run.deadline)
    assert len(written.items) == 2
    assert len(one.orders) == 2


async def test_an_answer_beyond_all_measure_is_cut_off_and_what_it_brought_is_kept() -> None:
    endless = Stream(opening(6), *["x" * 50_000] * 5, 1e6)
    run = Run(chain_of(ScriptedVendor("one", endless), ScriptedVendor("two")))
    assert shares(await run.write()) == {"one": 6, "two": 4}
    assert run.ledger.records[0].rejected == {"too_long": 1}
    assert run.seconds == 0


async def test_waiting_for_a_free_place_is_no_failure_of_the_vendor() -> None:
    one = ScriptedVendor("one", 9.0)
    chain = chain_of(one, ScriptedVendor("two"), attempt_seconds=10, max_concurrency=1)
    run = Run(chain, Questions(total=10, per_call=4, spare=0))
    written = await run.write()
    assert shares(written) == {"one": 3, "two": 7}
    assert [outcome for _, outcome in run.ledger.outcomes].count("no_place") == 2
    assert chain.upstreams[0].breaker.reason is None


async def test_a_vendor_that_swallows_cancellation_holds_up_nobody_and_is_held_until_it_ends() -> None:
    stubborn = StubbornVendor()
    run = Run(chain_of(stubborn, ScriptedVendor("two"), attempt_seconds=10))
    assert shares(await run.write()) == {"two": 10}
    assert run.seconds == pytest.approx(10)
    await _turns()
    assert (stubborn.cancellations, len(bounded._abandoned)) == (1, 1)
    stubborn.released.set()
    await _turns()
    assert not [task for task in bounded._abandoned if task.get_loop() is asyncio.get_running_loop()]


async def test_the_place_of_a_call_that_swallows_cancellation_is_free_again_at_once() -> None:
    stubborn = StubbornVendor()
    chain = chain_of(stubborn, ScriptedVendor("two"), attempt_seconds=10, max_concurrency=1)
    run = Run(chain, seconds=1e6)
    for _ in range(2):
        await run.write()
        await run.clock.sleep(20)
    assert run.ledger.outcomes == [("stubborn", "timed_out"), ("two", "ok"), ("two", "ok"), ("stubborn", "stalled")]
    stubborn.released.set()
    await _turns()


async def test_a_vendor_is_stuck_while_too_many_of_its_calls_go_on_and_back_when_they_end() -> None:
    stubborn, two = StubbornVendor(), ScriptedVendor("two")
    chain = chain_of(stubborn, two, attempt_seconds=10, max_concurrency=1)
    upstream = chain.upstreams[0]
    upstream.breaker = Breaker(BreakerLimits(failures=1_000))
    run = Run(chain, seconds=1e6)
    with own_logs() as logs:
        for _ in range(MIN_STUCK + 3):
            await run.write()
            await run.clock.sleep(20 + ENDING_SECONDS)
    status = chain.status(run.clock.time)[0]
    assert (status.state, status.stuck) == (State.STUCK, MIN_STUCK)
    assert sum(vendor == "stubborn" for vendor, _ in run.ledger.outcomes) == MIN_STUCK
    assert [(it["vendor"], it["calls"]) for it in logs if it["event"] == "vendor_stuck"] == [("stubborn", MIN_STUCK)]
    assert STUCK.labels("stubborn")._value.get() == MIN_STUCK
    stubborn.released.set()
    await _turns()
    assert chain.status(run.clock.time)[0].stuck == 0
    assert not upstream.is_stuck(run.clock.time)


async def test_a_call_that_ends_when_it_is_cancelled_is_never_stuck() -> None:
    chain = chain_of(ScriptedVendor("one", 1e6), ScriptedVendor("two"), attempt_seconds=10)
    run = Run(chain)
    await run.write()
    await run.clock.sleep(ENDING_SECONDS)
    assert chain.status(run.clock.time)[0].stuck == 0


@pytest.mark.asyncio(loop_scope="function")  # a loop of its own: services of other tests have tasks on the shared one
async def test_nothing_is_left_behind_after_a_set_or_a_failure() -> None:
    before = _tasks()
    run = Run(chain_of(ScriptedVendor("one", 1e6), ScriptedVendor("two", 3.0), hedge=HEDGED))
    await run.write()
    await Run(chain_of(ScriptedVendor("one", 1e6), ScriptedVendor("two", 1e6))).fails()
    await _turns(40)
    assert _tasks() == before
    assert not [task for task in bounded._abandoned if task.get_loop() is asyncio.get_running_loop()]


async def test_a_request_that_is_cancelled_takes_its_attempts_with_it_and_records_them() -> None:
    one = ScriptedVendor("one", 1e6)
    run = Run(chain_of(one), Questions(total=10, per_call=5, spare=0))
    run.clock._driver = asyncio.ensure_future(asyncio.sleep(3600))  # time stands still
    task = asyncio.ensure_future(run.write())
    await _turns()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await _turns()
    assert run.ledger.outcomes == [("one", "abandoned")] * 2
    assert one.cancelled == 2
    run.clock._driver.cancel()


async def test_a_set_is_done_when_its_last_slot_is_filled_though_the_stream_goes_on() -> None:
    questions = Questions(total=10, per_call=10, spare=2)
    one = ScriptedVendor("one", Stream(opening(10), 60.0))
    run = Run(chain_of(one), questions)
    assert await run.write()
    assert run.seconds == 0
    await run.writer.bills.settled()
    assert run.ledger.outcomes == [("one", "ok")]
    assert run.ledger.records[0].rejected == {}


async def test_a_filled_call_whose_stream_goes_on_for_the_others_is_not_hedged_and_waits_in_peace() -> None:
    parts = Questions(total=10, per_call=5, spare=4)
    one = ScriptedVendor("one", Stream(opening(5), 2.0, " ", 2.0, " ", 2.0, " "), 5.0)
    two = ScriptedVendor("two", 30.0)
    run = Run(chain_of(one, two, hedge=HEDGED), parts)
    waits: list[float] = []
    sleep = run.clock.sleep

    async def counted(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) > 100:
            raise RuntimeError("it spins")  # ends up nowhere, but lets the time pass
        await sleep(seconds)

    run.clock.sleep = counted  # type: ignore[method-assign]  # only to count
    await run.write()
    assert len(two.orders) == 1
    assert run.seconds == pytest.approx(5)
    assert len(waits) < 30


async def test_an_unknown_failure_of_a_vendor_is_a_failure_like_any_other() -> None:
    run = Run(chain_of(ScriptedVendor("one", ValueError("a bug")), ScriptedVendor("two")))
    assert shares(await run.write()) == {"two": 10}
    assert run.ledger.outcomes[0] == ("one", "unexpected")


async def test_an_open_breaker_does_not_keep_the_only_vendor_from_being_tried() -> None:
    one = ScriptedVendor("one")
    breaker = Breaker()
    for _ in range(3):
        breaker.end(CallOutcome.UNREACHABLE, 1000, is_probe=False)
    run = Run(Chain([Upstream(one, 30, 64, breaker=breaker)]))
    assert (await run.write()).provenance.vendors == (VendorShare("one", "one-model", 10),)


async def test_a_breaker_that_opens_meanwhile_does_not_keep_the_only_vendor_from_being_asked_again() -> None:
    one = ScriptedVendor("one", *[VendorBroken("one")] * 4, good)
    run = Run(chain_of(one))
    assert shares(await run.write()) == {"one": 10}
    assert run.seconds < 20


async def test_rejects_of_one_vendor_reach_the_next_one_as_reasons() -> None:
    bad = text_of([item(options=["Same", "Same", "Two", "Three"])])
    two = ScriptedVendor("two")
    await Run(chain_of(ScriptedVendor("one", always(bad)), two)).write()
    assert two.orders[0].complaints == ("duplicate_options: 1 repeated",)


def _tasks() -> set[asyncio.Task[object]]:
    """All but the clock's own."""
    return {task for task in asyncio.all_tasks() if "FakeClock" not in str(task.get_coro())}


async def _turns(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)
