"""A written set that a robot would pass, or whose keys are doubted, gets other items while there is time."""

import asyncio
import json
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessment.deadline import Deadline
from assessment.errors import GenerationFailed
from assessment.models import Author, Item, KeyCheck, VendorShare, WrittenSet
from assessment.sets.assembly import ADVICE
from assessment.sets.rules import broken, robots
from providers import prompts
from providers.config import Questions
from providers.protocol import ContentRefused, Order, Unreachable
from providers.vendors.decode import Draft, Reject, decode
from providers.writing.candidates import CandidatePool, SlotGroup
from providers.writing.key_check import Doubts, KeyChecker
from providers.writing.orders import Refs
from providers.writing.recorder import Recorder
from providers.writing.writer import Writer
from tests.own_logs import own_logs
from tests.unit.providers.fake_clock import FakeClock
from tests.unit.providers.fakes import ScriptedVendor, Stream, brief, chain_of, good, opening, order, text_of

ONE_CALL = Questions(total=10, per_call=20, spare=0)
NO_SPARE = Questions(total=10, per_call=5, spare=0)
TWO_CALLS = Questions(total=10, per_call=5, spare=2)


def tempting(order: Order) -> str:
    """Every key is the longest option."""
    items = json.loads(good(order))["items"]
    for item in items:
        item["options"][item["key"]] += " again"
    return text_of(items)


def in_first_source(order: Order) -> str:
    """Every item is set in the first source, whatever was asked for."""
    return text_of([{**item, "source": "p1"} for item in json.loads(good(order))["items"]])


def deadline() -> Deadline:
    return Deadline(FakeClock(), 87.0)


class Doubting(KeyChecker):
    """Doubts the given items of each set in turn, and then none."""

    def __init__(self, *doubts: set[int]) -> None:
        super().__init__((), 2)
        self.names = ("other",)
        self.checked: list[Sequence[Item]] = []
        self._doubts = list(doubts)

    async def check(
        self,
        items: Sequence[Item],
        deadline: Deadline,  # noqa: ARG002 - it has made up its mind before
        recorder: Recorder,  # noqa: ARG002 - as above
    ) -> Doubts:
        self.checked.append(items)
        return Doubts(frozenset(self._doubts.pop(0) if self._doubts else ()), is_complete=True)


async def test_items_that_give_their_keys_away_are_exchanged_and_their_author_is_told_why() -> None:
    vendor = ScriptedVendor("one", tempting, good)
    written = await Writer(chain_of(vendor), ONE_CALL, "hash").write(brief(), deadline())
    assert len(written.items) == 10
    assert not robots(written.items, "en")
    again = vendor.orders[1]
    assert 0 < len(again.wanted) < 10
    assert any(ADVICE["longest"] in complaint for complaint in again.complaints)


async def test_a_vendor_that_declined_one_part_of_a_set_and_wrote_another_writes_what_is_left() -> None:
    vendor = ScriptedVendor("one", ContentRefused("one"), 3.0)
    written = await Writer(chain_of(vendor), NO_SPARE, "hash").write(brief(), deadline())
    assert len(written.items) == 10
    assert [len(order.wanted) for order in vendor.orders] == [5, 5, 5]


async def test_a_vendor_that_declines_the_whole_set_is_not_asked_again() -> None:
    vendor = ScriptedVendor("one", ContentRefused("one"))
    with pytest.raises(GenerationFailed):
        await Writer(chain_of(vendor), NO_SPARE, "hash").write(brief(), deadline())
    assert len(vendor.orders) == 2


async def test_an_author_that_does_not_learn_ends_in_a_failure_after_a_few_sets_and_never_in_a_bad_one() -> None:
    vendor = ScriptedVendor("one", tempting)
    with pytest.raises(GenerationFailed):
        await Writer(chain_of(vendor), ONE_CALL, "hash").write(brief(), deadline())
    assert len(vendor.orders) == 3


async def test_a_set_that_a_robot_would_pass_goes_to_the_next_vendor_and_not_back_to_its_author() -> None:
    one, two = ScriptedVendor("one", tempting), ScriptedVendor("two")
    written = await Writer(chain_of(one, two), TWO_CALLS, "hash").write(brief(), deadline())
    assert not robots(written.items, "en")
    assert {order.round_number for order in one.orders} == {1}
    assert all(any(ADVICE["longest"] in it for it in order.complaints) for order in two.orders)


async def test_behind_any_number_of_authors_who_give_their_keys_away_a_sound_one_is_reached() -> None:
    vendors = [ScriptedVendor(name, tempting) for name in ("one", "two", "three", "four", "five", "six", "seven")]
    written = await Writer(chain_of(*vendors, ScriptedVendor("sound")), ONE_CALL, "hash").write(brief(), deadline())
    assert not robots(written.items, "en")
    assert [len(vendor.orders) for vendor in vendors] == [1] * 7


async def test_a_vendor_that_broke_off_in_one_round_is_not_the_first_choice_of_the_next() -> None:
    one = ScriptedVendor("one", Stream(opening(3), Unreachable("one")))
    two, three = ScriptedVendor("two", tempting), ScriptedVendor("three")
    written = await Writer(chain_of(one, two, three), ONE_CALL, "hash").write(brief(), deadline())
    assert len(written.items) == 10
    assert [len(vendor.orders) for vendor in (one, two, three)] == [1, 1, 1]


async def test_the_few_items_that_came_in_time_make_a_set_with_those_that_were_refused_before() -> None:
    def seven_fair(order: Order) -> str:
        items = json.loads(good(order))["items"][:7]
        for item in items:
            item["options"][item["key"] - 1] += " once again"
        return text_of(items)

    one = ScriptedVendor("one", tempting, seven_fair, lambda _: text_of([]))
    written = await Writer(chain_of(one), ONE_CALL, "hash").write(brief(), deadline())
    assert not robots(written.items, "en")
    assert written.provenance.passed_over == 0


async def test_items_in_the_first_source_are_used_before_the_set_fails_once_one_is_set_elsewhere() -> None:
    def one_elsewhere(order: Order) -> str:
        return text_of([{**item, "source": "p2"} for item in json.loads(good(order))["items"]][:1])

    one = ScriptedVendor("one", in_first_source, lambda _: text_of([]))
    two = ScriptedVendor("two", one_elsewhere, lambda _: text_of([]))
    with own_logs() as logs:
        written = await Writer(chain_of(one, two), ONE_CALL, "hash").write(brief(), deadline())
    assert {item.source_id for item in written.items} == {"source-1", "source-2"}
    assert written.provenance.passed_over > 0
    assert logs[-1]["passed_over"] == written.provenance.passed_over


async def test_an_item_whose_key_is_doubted_is_replaced_and_the_new_set_is_checked_too() -> None:
    checker = Doubting({3, 7})
    vendor = ScriptedVendor("one")
    written = await Writer(chain_of(vendor), ONE_CALL, "hash", checker=checker).write(brief(), deadline())
    doubted = {checker.checked[0][index].stem for index in (3, 7)}
    assert not doubted & {item.stem for item in written.items}
    assert len(checker.checked) == 2
    assert len(vendor.orders[1].wanted) == 2
    assert written.provenance.key_check == KeyCheck(("other",), is_complete=True, dropped=2)


async def test_a_complete_set_is_not_given_up_for_a_doubt_when_nobody_replaces_the_item() -> None:
    checker = Doubting({0, 4})
    vendor = ScriptedVendor("one", good, lambda _: text_of([]))
    written = await Writer(chain_of(vendor), ONE_CALL, "hash", checker=checker).write(brief(), deadline())
    assert written.items == checker.checked[0]
    assert written.provenance.vendors == (VendorShare("one", "one-model", 10),)
    assert written.provenance.key_check == KeyCheck(("other",), is_complete=True, dropped=0, doubted=2)


async def test_time_that_runs_out_over_a_replacement_costs_nobody_the_set() -> None:
    checker = Doubting({0})
    vendor = ScriptedVendor("one", good, 1e6)
    until = Deadline(FakeClock(), 5.0)
    written = await Writer(chain_of(vendor), ONE_CALL, "hash", checker=checker).write(brief(), until)
    assert written.items == checker.checked[0]
    assert until.remaining < 0.1


async def test_the_complete_set_with_the_fewest_doubts_is_delivered() -> None:
    checker = Doubting({0, 1, 2}, {0}, {0, 1})
    vendor = ScriptedVendor("one", good, good, good, lambda _: text_of([]))
    written = await Writer(chain_of(vendor), ONE_CALL, "hash", checker=checker).write(brief(), deadline())
    assert written.items == checker.checked[1]
    assert written.provenance.key_check == KeyCheck(("other",), is_complete=True, dropped=3, doubted=1)


async def written_by(*vendors: ScriptedVendor, questions: Questions = TWO_CALLS) -> WrittenSet:
    return await Writer(chain_of(*vendors), questions, "hash").write(brief(), deadline())


async def test_who_sets_everything_in_the_first_source_is_told_and_the_next_vendor_sets_the_rest_elsewhere() -> None:
    one, two = ScriptedVendor("one", in_first_source), ScriptedVendor("two")
    written = await written_by(one, two)
    assert {item.source_id for item in written.items} == {"source-1", "source-2"}
    assert written.provenance.rejected["coverage"] > 0
    assert two.orders
    assert all(any(ADVICE["coverage"] in it for it in order.complaints) for order in two.orders)


async def test_who_sets_everything_in_the_first_source_and_is_alone_never_makes_a_set() -> None:
    one = ScriptedVendor("one", in_first_source)
    with pytest.raises(GenerationFailed):
        await written_by(one)
    assert any(ADVICE["coverage"] in it for it in one.orders[-1].complaints)
    assert len(one.orders) < 20


async def test_one_item_in_another_source_is_enough_to_take_all_the_others_in_the_first() -> None:
    def nearly_all(order: Order) -> str:
        items = json.loads(good(order))["items"]
        return text_of([items[0] | {"source": "p2"}, *(it | {"source": "p1"} for it in items[1:])])

    one = ScriptedVendor("one", nearly_all)
    written = await written_by(one, questions=ONE_CALL)
    assert len(one.orders) == 1
    assert {item.source_id for item in written.items} == {"source-1", "source-2"}


@given(st.lists(st.sampled_from(["p1", "p1", "p1", "p2"]), min_size=1, max_size=7), st.integers(0, 3))
def test_whatever_sources_a_vendor_names_the_set_keeps_the_rules_or_there_is_none(
    sources: list[str], tempting_one_in: int
) -> None:
    def names_them(order: Order) -> str:
        items = json.loads(good(order))["items"]
        for number, item in enumerate(items):
            item["source"] = sources[number % len(sources)]
            if tempting_one_in and number % tempting_one_in == 0:
                item["options"][item["key"]] += " again"
        return text_of(items)

    try:
        written = asyncio.run(written_by(ScriptedVendor("one", names_them)))
    except GenerationFailed:
        return
    found = broken(written.items, 10, "en", skill_ids={"skill-a", "skill-b"}, source_ids={"source-1", "source-2"})
    assert {violation.finding.rule for violation in found} <= {"key_positions"}  # those are the shuffle's


def board_of(items: int = 10) -> tuple[CandidatePool, SlotGroup]:
    pool = CandidatePool(brief(items), Refs(brief(items)))
    return pool, pool.register(SlotGroup(range(items), lambda: None))


def test_the_latest_reasons_go_out_with_those_of_sets_at_the_end_and_no_more_than_a_prompt_holds() -> None:
    pool, group = board_of()
    for draft in drafts(tempting):
        pool.take(draft, group, Author(), None)
    assert pool.assemble() is not None
    pool.note(Reject("options", f"reason {number}") for number in range(500))
    pool.note([Reject("options", "reason 0")])
    assert len(pool.complaints) == prompts.MAX_COMPLAINTS
    assert pool.complaints[-1] == ADVICE["longest"]
    assert pool.complaints[-3:-1] == ("reason 499", "reason 0 (2 times)")


def test_an_item_that_was_dropped_is_still_named_as_asked_before() -> None:
    pool, group = board_of()
    for draft in drafts(good):
        pool.take(draft, group, Author(), None)
    assert pool.assemble() is None
    dropped = pool.items[3]
    pool.drop([3], Reject("key_doubted", "doubted"))
    assert dropped.stem in {item.stem for item in pool.seen}
    assert pool.open_slots == (3,)


def drafts(answer: Callable[[Order], str]) -> tuple[Draft, ...]:
    return decode(answer(order(10))).drafts
