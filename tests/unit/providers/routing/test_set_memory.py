"""Who is asked for the rest of a set: what was seen in one call or round counts in all that follow."""

import pytest

from assessment.deadline import Deadline
from providers.protocol import CallOutcome
from providers.routing.chain import Chain, Tries, VendorChoice
from providers.routing.set_memory import MAX_IN_VAIN, MAX_REFUSED, SetMemory
from tests.unit.providers.fake_clock import FakeClock
from tests.unit.providers.fakes import ScriptedVendor, chain_of, order


def chosen(memory: SetMemory, *names: str) -> str | None:
    """Whom the next call of the set asks, of these vendors."""
    chain: Chain = chain_of(*(ScriptedVendor(name) for name in names))
    choice = chain.choose(order(), Tries(memory), Deadline(FakeClock(), 87.0))
    return choice.upstream.name if isinstance(choice, VendorChoice) else None


def ended(memory: SetMemory, name: str, outcome: CallOutcome, *, has_progressed: bool = False) -> None:
    tries = Tries(memory)
    tries.sent(name, order())
    tries.ended(name, outcome, 0.0, has_progressed=has_progressed)


def refused(memory: SetMemory, writer: str, shortfall: float, items: int = 5) -> None:
    memory.refused({writer: items}, {writer}, shortfall)


@pytest.mark.parametrize("outcome", [CallOutcome.TIMED_OUT, CallOutcome.UNUSABLE, CallOutcome.OK])
def test_who_failed_in_one_call_is_asked_last_in_the_next_one_of_the_set(outcome: CallOutcome) -> None:
    memory = SetMemory()
    ended(memory, "one", outcome)
    assert chosen(memory, "one", "two") == "two"


def test_who_was_not_needed_any_more_has_not_failed() -> None:
    memory = SetMemory()
    ended(memory, "one", CallOutcome.NOT_NEEDED)
    assert chosen(memory, "one", "two") == "one"


def test_who_did_well_after_a_failure_is_first_again() -> None:
    memory = SetMemory()
    ended(memory, "one", CallOutcome.TIMED_OUT)
    ended(memory, "one", CallOutcome.OK, has_progressed=True)
    assert chosen(memory, "one", "two") == "one"


def test_bad_luck_in_one_call_leaves_a_single_vendor_its_chances_in_the_next() -> None:
    memory = SetMemory()
    for _ in range(2):
        ended(memory, "one", CallOutcome.TIMED_OUT)
    assert chosen(memory, "one") == "one"


def test_what_a_vendor_was_asked_in_vain_in_one_call_it_is_not_asked_unchanged_in_another() -> None:
    memory = SetMemory()
    ended(memory, "one", CallOutcome.UNUSABLE)
    assert chosen(memory, "one") is None
    assert Tries(memory).may_repeat("one", order(complaints=("structure: 3 options",)))


def test_a_refused_set_goes_to_another_vendor_first_and_back_when_that_is_no_better() -> None:
    memory = SetMemory()
    asked = []
    for _ in range(4):
        asked.append(chosen(memory, "one", "two") or "")
        refused(memory, asked[-1], 2.0)
    assert asked == ["one", "two", "one", "two"]


def test_who_takes_the_set_nearer_to_the_rules_goes_on() -> None:
    memory = SetMemory()
    refused(memory, "one", 2.0)
    refused(memory, "two", 1.5)
    assert chosen(memory, "one", "two") == "two"


def test_a_vendor_that_is_not_to_blame_stays_where_it_is() -> None:
    memory = SetMemory()
    memory.refused({"one": 5, "two": 5}, {"two"}, 2.0)
    assert chosen(memory, "one", "two") == "one"


def test_a_single_vendor_is_asked_again_as_long_as_it_gets_nearer_and_for_a_few_items_more() -> None:
    memory = SetMemory()
    refused(memory, "one", 2.0)
    refused(memory, "one", 1.5)
    for _ in range(2):
        assert chosen(memory, "one") == "one"
        refused(memory, "one", 1.5, items=MAX_IN_VAIN // 2)
    assert chosen(memory, "one") is None


def test_a_vendor_that_gets_nearer_again_and_again_is_not_asked_without_end() -> None:
    memory = SetMemory()
    for shortfall in range(MAX_REFUSED, 0, -1):
        assert chosen(memory, "one") == "one"
        refused(memory, "one", shortfall)
    assert chosen(memory, "one") is None
    assert chosen(memory, "one", "two") == "two"
