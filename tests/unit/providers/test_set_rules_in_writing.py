"""A written set that a robot would pass, or whose keys are doubted, gets other items while there is time."""

import json
from collections.abc import Sequence

import pytest

from assessment.assembly import ADVICE
from assessment.deadline import Deadline
from assessment.errors import GenerationFailed
from assessment.models import Item, KeyCheck, VendorShare
from assessment.set_rules import robots
from providers.base import Order
from providers.config import Questions
from providers.key_check import Doubts, KeyChecker
from providers.ledger import Recorder
from providers.writer import MAX_ASSEMBLIES, Writer
from tests.unit.providers.fake_clock import FakeClock
from tests.unit.providers.fakes import ScriptedVendor, brief, chain_of, good, text_of

ONE_CALL = Questions(total=10, per_call=20, spare=0)


def tempting(order: Order) -> str:
    """Every key is the longest option."""
    items = json.loads(good(order))["items"]
    for item in items:
        item["options"][item["key"]] += " again"
    return text_of(items)


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


async def test_an_author_that_does_not_learn_ends_in_a_failure_after_a_few_sets_and_never_in_a_bad_one() -> None:
    vendor = ScriptedVendor("one", tempting)
    with pytest.raises(GenerationFailed):
        await Writer(chain_of(vendor), ONE_CALL, "hash").write(brief(), deadline())
    assert len(vendor.orders) <= MAX_ASSEMBLIES + 1


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
