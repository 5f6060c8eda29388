import json

import pytest

from assessment.deadline import Deadline
from assessment.errors import GenerationFailed
from assessment.models import SeenItem, VendorShare
from fakes.item_maker import make
from providers import prompts
from providers.config import Questions
from providers.protocol import Order, RateLimited, RequestRejected, VendorBroken
from providers.writing.writer import Writer
from tests.own_logs import own_logs
from tests.unit.providers.fake_clock import FakeClock
from tests.unit.providers.fakes import (
    SKILLS,
    ScriptedVendor,
    Step,
    StubbornVendor,
    always,
    brief,
    chain_of,
    first,
    good,
    item,
    text_of,
)

ONE_CALL = Questions(total=10, per_call=20, spare=0)


def writer(*vendors: ScriptedVendor | StubbornVendor, questions: Questions = ONE_CALL) -> Writer:
    return Writer(chain_of(*vendors), questions, "hash")


def deadline(seconds: float = 87.0) -> Deadline:
    return Deadline(FakeClock(), seconds)


def with_first_item(**changes: object) -> Step:
    def answer(order: Order) -> str:
        items = json.loads(good(order))["items"]
        items[0].update(changes)
        return text_of(items)

    return answer


async def test_one_good_answer_makes_a_complete_set_in_the_order_of_the_slots() -> None:
    written = await writer(ScriptedVendor("one")).write(brief(10), deadline())
    assert [(it.skill_id, it.source_id) for it in written.items] == [
        (slot.skill.skill_id, slot.source.source_id) for slot in brief(10).slots
    ]
    assert written.provenance.vendors == (VendorShare("one", "one-model", 10),)
    assert (written.provenance.rounds, written.provenance.rejected) == (1, {})
    assert (written.provenance.prompt_version, written.provenance.config_hash) == (prompts.VERSION, "hash")


@pytest.mark.parametrize(
    ("stated", "kept"), [("hard", "hard"), ("easy", "easy"), ("fiendish", ""), (3, ""), (None, "")]
)
async def test_an_item_is_as_hard_as_its_writer_states_whatever_was_asked_for(stated: object, kept: str) -> None:
    def answer(order: Order) -> str:
        return text_of([{**it, "difficulty": stated} for it in json.loads(good(order))["items"]])

    written = await writer(ScriptedVendor("one", answer)).write(brief(10), deadline())
    assert {it.difficulty for it in written.items} == {kept}


async def test_only_what_is_missing_is_asked_again_and_with_the_reasons() -> None:
    one = ScriptedVendor("one", with_first_item(options=["Same", "Same", "Two", "Three"]), good)
    written = await writer(one).write(brief(10), deadline())
    again = one.orders[1]
    assert len(again.wanted) == 1
    assert again.wanted[0].slot == brief(10).slots[0]
    assert again.complaints == ("duplicate_options: 1 repeated",)
    assert {it.stem for it in again.seen} == {it.stem for it in written.items if "case 1-" in it.stem}
    assert len(again.seen) == 9
    assert written.provenance.rounds == 2
    assert written.provenance.rejected == {"duplicate_options": 1}


async def test_the_next_vendor_fills_what_the_first_leaves_open() -> None:
    one, two = ScriptedVendor("one", first(6), always("no idea")), ScriptedVendor("two")
    written = await writer(one, two).write(brief(10), deadline())
    assert written.provenance.vendors == (VendorShare("one", "one-model", 6), VendorShare("two", "two-model", 4))
    assert written.provenance.rounds == 3
    assert [len(order.wanted) for order in one.orders] == [10, 4]


async def test_a_vendor_that_failed_is_left_out_while_another_one_brings_items() -> None:
    one, two = ScriptedVendor("one", RateLimited("one")), ScriptedVendor("two", first(3), first(3), good)
    written = await writer(one, two).write(brief(10), deadline())
    assert len(written.items) == 10
    assert len(one.orders) == 1


async def test_a_vendor_that_never_writes_anything_usable_ends_the_writing_after_it_was_told_why() -> None:
    one = ScriptedVendor("one", always(text_of([item(key=7)])))
    with pytest.raises(GenerationFailed):
        await writer(one).write(brief(10), deadline())
    why = "`key` has to be the index of exactly one option, 0 to 3"
    assert [order.complaints for order in one.orders] == [(), (why,), (f"{why} (2 times)",)]


async def test_vendors_that_refuse_the_request_end_the_writing_quickly() -> None:
    clock = FakeClock()
    vendors = [ScriptedVendor(name, RequestRejected(name)) for name in ("one", "two")]
    with pytest.raises(GenerationFailed):
        await writer(*vendors).write(brief(10), Deadline(clock, 87))
    assert clock.time == 1000


async def test_hanging_vendors_end_the_writing_at_the_deadline() -> None:
    clock = FakeClock()
    vendors = [ScriptedVendor(name, 1e6) for name in ("one", "two", "three")]
    with pytest.raises(GenerationFailed):
        await writer(*vendors).write(brief(10), Deadline(clock, 87))
    assert 1000 < clock.time <= 1087
    assert all(vendor.orders for vendor in vendors)


async def test_a_set_that_is_nearly_complete_at_the_deadline_is_not_padded() -> None:
    one = ScriptedVendor("one", first(9), 1e6)
    with pytest.raises(GenerationFailed):
        await writer(one).write(brief(10), deadline(20))


async def test_a_stem_the_student_has_seen_is_not_asked_again() -> None:
    stem = make("1-0-0", "1-0-0")["stem"]
    seen = SeenItem("of another verification", stem.upper())
    one = ScriptedVendor("one")
    written = await writer(one).write(brief(4, seen=(seen,)), deadline())
    assert written.provenance.rejected == {"novelty": 1}
    assert one.orders[0].seen == (seen,)
    assert stem not in {it.stem for it in written.items}


async def test_a_stem_is_not_used_twice_in_one_set() -> None:
    one = ScriptedVendor("one", always(text_of([item("s1"), item("s2", "p1")])), good)
    written = await writer(one).write(brief(2), deadline())
    assert written.provenance.rejected == {"novelty": 1}
    assert len({it.stem for it in written.items}) == 2


async def test_an_item_of_the_right_skill_in_another_setting_fills_the_slot_that_is_left() -> None:
    slots = (brief(4).slots[0], brief(4).slots[2], brief(4).slots[2])
    answer = text_of([item("s1", "p1", "First?"), item("s1", "p1", "Second?"), item("s1", "p2", "Third?")])
    written = await writer(ScriptedVendor("one", always(answer))).write(brief(slots=slots), deadline())
    assert [it.stem for it in written.items] == ["First?", "Third?", "Second?"]


async def test_an_item_goes_to_exactly_its_slot_before_any_other_of_its_skill() -> None:
    slots = (brief(4).slots[0], brief(4).slots[2])
    answer = text_of([item("s1", "p2", "For the second?"), item("s1", "p1", "For the first?")])
    written = await writer(ScriptedVendor("one", always(answer))).write(brief(slots=slots), deadline())
    assert [it.stem for it in written.items] == ["For the first?", "For the second?"]


async def test_an_item_for_an_unknown_short_id_is_rejected() -> None:
    one = ScriptedVendor("one", always(text_of([item("skill-a", "p1")])))
    with own_logs() as logs, pytest.raises(GenerationFailed):
        await writer(one).write(brief(1), deadline())
    assert set(logs[-1]["rejected"]) == {"evidence"}


async def test_a_large_order_is_split_into_calls_that_run_at_the_same_time() -> None:
    clock = FakeClock()
    one = ScriptedVendor("one", 8.0)
    questions = Questions(total=10, per_call=5, spare=2)
    written = await writer(one, questions=questions).write(brief(10), Deadline(clock, 87))
    assert [(order.part, order.parts, len(order.wanted)) for order in one.orders] == [(0, 2, 6), (1, 2, 6)]
    assert clock.time == 1008
    assert len(written.items) == 10


async def test_a_spare_item_saves_a_round_when_another_of_its_skill_is_rejected() -> None:
    one = ScriptedVendor("one", with_first_item(key=9))
    questions = Questions(total=10, per_call=20, spare=2)
    written = await writer(one, questions=questions).write(brief(10), deadline())
    assert (written.provenance.rounds, written.provenance.rejected) == (1, {"item_key": 1})


async def test_answers_of_parallel_calls_are_merged_in_the_order_of_the_calls() -> None:
    questions = Questions(total=10, per_call=4, spare=2)
    sets = [await writer(ScriptedVendor("one"), questions=questions).write(brief(10), deadline()) for _ in range(2)]
    assert sets[0] == sets[1]


async def test_a_failure_of_one_parallel_call_leaves_the_items_of_the_others() -> None:
    questions = Questions(total=10, per_call=5, spare=0)
    one = ScriptedVendor("one", VendorBroken("one"), good)
    written = await writer(one, questions=questions).write(brief(10), deadline())
    assert [len(order.wanted) for order in one.orders] == [5, 5, 5]
    assert written.provenance.rounds == 2


async def test_a_stubborn_vendor_cannot_hold_the_writing_beyond_its_deadline() -> None:
    clock, stubborn = FakeClock(), StubbornVendor()
    with pytest.raises(GenerationFailed):
        await writer(stubborn).write(brief(10), Deadline(clock, 87))
    assert clock.time <= 1087
    stubborn.released.set()


async def test_the_log_names_outcomes_and_counts_but_no_question_and_no_answer() -> None:
    one = ScriptedVendor("one", RateLimited("one"))
    two = ScriptedVendor("two", with_first_item(stem="SECRET STEM?", options=["SECRET", "SECRET", "b", "c"]), good)
    with own_logs() as logs:
        await writer(one, two).write(brief(10), deadline())
    assert [entry["event"] for entry in logs] == [
        "vendor_attempt",
        "vendor_attempt",
        "vendor_attempt",
        "vendor_attempt",
        "set_written",
    ]
    assert logs[0]["outcome"] == "rate_limited"
    assert "SECRET" not in str(logs)
    assert "Which one" not in str(logs)
    assert SKILLS[0].name not in str(logs)
