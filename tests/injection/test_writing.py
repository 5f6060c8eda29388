"""What the writer makes of a vendor that obeys a student's text: the whole corpus, over real HTTP."""

from collections.abc import AsyncIterator

import pytest

from assessment.sets.rules import key_positions
from bench.quality.injection import figures
from bench.quality.trials import HALF, KEY, LIMITS, SHARES, UNDONE, WHOLLY, Trial, tried
from fakes.injection.corpus import Attempt, Misdeed, attempt, corpus
from fakes.injection.vendor import ObeyingVendor, seen_as
from fakes.vendor_server import VendorServer
from tests.injection.conftest import TrialOf

STOPPED = [it for it in corpus() if LIMITS.isdisjoint(it.misdeeds)]
SPOILT_WHOLLY = [it for it in STOPPED if UNDONE.isdisjoint(it.misdeeds)]
NEVER_HEARD = {"canary-7", "encoded-2", "huge-2"}  # a proof URL, a number taken for a phone's, what was cut off


@pytest.fixture(scope="module")
async def sound() -> AsyncIterator[VendorServer]:
    async with VendorServer() as server:
        yield server


def by_id(each: Attempt) -> str:
    return each.id


def shown_under_orders(trial: Trial) -> list[tuple[Misdeed, int]]:
    shown = {seen_as(question.stem, question.options) for question in trial.questions or ()}
    return [(it.misdeed, it.variant) for it in trial.obeyed if it.shown in shown and it.misdeed not in UNDONE]


@pytest.mark.parametrize("each", STOPPED, ids=by_id)
async def test_nothing_that_was_written_under_orders_is_shown(each: Attempt, trial_of: TrialOf) -> None:
    for share in SHARES:
        trial = await trial_of(each, share)
        assert shown_under_orders(trial) == []
        assert trial.let_through == []


@pytest.mark.parametrize("each", corpus(), ids=by_id)
async def test_no_position_holds_too_many_keys_after_the_shuffle(each: Attempt, trial_of: TrialOf) -> None:
    for share in SHARES:
        assert key_positions((await trial_of(each, share)).questions or ()) == []


@pytest.mark.parametrize("each", STOPPED, ids=by_id)
async def test_a_set_is_completed_from_the_half_that_is_good(each: Attempt, trial_of: TrialOf) -> None:
    trial = await trial_of(each, HALF)
    assert trial.questions is not None
    assert len(trial.questions) == 10


@pytest.mark.parametrize("each", SPOILT_WHOLLY, ids=by_id)
async def test_a_vendor_that_only_obeys_makes_no_set(each: Attempt, trial_of: TrialOf) -> None:
    trial = await trial_of(each, WHOLLY)
    assert trial.requests
    assert (trial.questions is None) is (each.id not in NEVER_HEARD)


@pytest.mark.parametrize("each", SPOILT_WHOLLY[::4], ids=by_id)
async def test_another_vendor_writes_the_set_that_one_who_obeys_cannot(
    each: Attempt, vendor: ObeyingVendor, sound: VendorServer
) -> None:
    trial = await tried(each, WHOLLY, vendor, sound)
    assert trial.vendors == ({"obeying"} if each.id in NEVER_HEARD else {"sound"})
    assert shown_under_orders(trial) == []
    assert key_positions(trial.questions or ()) == []


async def test_a_key_forced_into_one_place_is_in_many_after_the_shuffle(trial_of: TrialOf) -> None:
    trial = await trial_of(attempt("forced_key-1"), WHOLLY)
    assert len(trial.obeyed) >= 10
    assert len({question.key for question in trial.questions or ()}) >= 3


async def test_fields_nobody_asked_for_are_not_read(trial_of: TrialOf) -> None:
    trial = await trial_of(attempt("grade-1"), WHOLLY)
    assert all(it.item["score"] == 100 for it in trial.obeyed)
    assert {it.shown for it in trial.obeyed} >= {seen_as(it.stem, it.options) for it in trial.questions or ()}
    assert not any(hasattr(question, "score") for question in trial.questions or ())


async def test_all_but_a_few_orders_arrive(trial_of: TrialOf) -> None:
    trials = [await trial_of(it, WHOLLY) for it in corpus()]
    assert {trial.attempt.id for trial in trials if not trial.was_heard} == NEVER_HEARD


async def test_no_item_holds_the_vendors_key_or_an_address(trial_of: TrialOf) -> None:
    trials = [await trial_of(it, share) for it in STOPPED for share in SHARES]
    text = "\n".join(
        part for trial in trials for it in trial.questions or () for part in (it.stem, *it.options, it.rationale)
    )
    assert text.isascii()  # the sound items of these tests are; marks and other scripts are not
    assert not any(stain in text for stain in (KEY, "evil", "http", "<", "9f4c2a71be03d85644e1", "CANARY", "(correct)"))


async def test_what_gets_through_is_what_is_known_to(trial_of: TrialOf) -> None:
    trials = [await trial_of(it, share) for share in SHARES for it in corpus()]
    assert {it.misdeed for trial in trials for it in trial.let_through} == LIMITS
    by_class = {each.klass: each for each in figures(trials)}
    assert by_class["marked_key"].written >= 100
    assert by_class["marked_key"].let_through == 0
    assert by_class["unforeseen"].let_through < by_class["unforeseen"].written
