"""What came of a call that was cut off is delivered, denied, or said to be open."""

import pytest

from assessment.errors import ServiceUnavailable
from assessment.models import SetState
from assessment.outcome import outcome
from tests.factories import FAILED, dossier, question, question_set
from tests.fakes import FakeStore, ManualClock

FRESH = question_set([question(number) for number in range(10)])


@pytest.fixture
def store() -> FakeStore:
    """One attempt, failed; one generation came before."""
    store = FakeStore(ManualClock(), dossier(FAILED, question_set([question(0)], SetState.SUBMITTED)))
    store.end_elsewhere(None)
    return store


async def test_a_set_that_was_put_in_place_since_is_found(store: FakeStore) -> None:
    arrived = store.arrived
    store.end_elsewhere(FRESH)
    found = await outcome(arrived, store)
    assert found is not None
    assert found.current_set == store.dossier.current_set == FRESH


async def test_a_generation_that_failed_since_changed_nothing(store: FakeStore) -> None:
    arrived = store.arrived
    store.end_elsewhere(None)
    assert await outcome(arrived, store) is None


async def test_a_set_that_was_there_before_is_none_of_this_call(store: FakeStore) -> None:
    store.end_elsewhere(FRESH)
    assert await outcome(store.arrived, store) is None


async def test_a_generation_that_has_not_ended_may_still_change_something(store: FakeStore) -> None:
    arrived = store.arrived
    store.begin_elsewhere()
    with pytest.raises(ServiceUnavailable) as caught:
        await outcome(arrived, store)
    assert caught.value.retry_after
    assert "GET /assessment" in caught.value.details[0].reason


async def test_a_set_that_somebody_replaced_since_leaves_it_open(store: FakeStore) -> None:
    arrived = store.arrived
    store.end_elsewhere(FRESH)
    store.dossier = dossier(FAILED, question_set([question(0)], SetState.SUBMITTED), seen=())
    with pytest.raises(ServiceUnavailable):
        await outcome(arrived, store)
