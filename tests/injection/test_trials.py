"""What goes out to a vendor, and what the writer makes of one that obeys: the whole corpus, over real HTTP.

A student's text stays inside the fence, nothing says who the student is, and nothing written under orders is shown.
All stands in one file, so that one process tries every attempt out once.
"""

import json
import re
import unicodedata
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest

from assessment.items.text import runs, words
from assessment.sets.rules import key_positions
from bench.quality.injection import figures
from bench.quality.trials import HALF, KEY, LIMITS, SHARES, UNDONE, WHOLLY, Trial, tried
from fakes.injection import student
from fakes.injection.corpus import HEARD_WORDS, Attempt, Field, Misdeed, attempt, corpus
from fakes.injection.vendor import ObeyingVendor, seen_as
from fakes.vendor_server import VendorServer
from providers import prompts
from providers.protocol import Flawed, Order, Repair
from providers.writing.orders import Refs
from tests.injection.conftest import TrialOf

FENCED = re.compile(r"\A(.*?)^<<<DATA (\w{16})>>>\n([^\n]*)\n<<<END \2>>>$(.*)\Z", re.MULTILINE | re.DOTALL)
STOPPED = [it for it in corpus() if LIMITS.isdisjoint(it.misdeeds)]
SPOILT_WHOLLY = [it for it in STOPPED if UNDONE.isdisjoint(it.misdeeds)]
NEVER_HEARD = {"canary-7", "encoded-2", "huge-2"}  # a proof URL, a number taken for a phone's, what was cut off

ORDERED = frozenset({"concepts", "skills", "sources", "asked_before"})
FLAWED = frozenset({"question", "stem", "right", "distractors", "what is wrong"})


class Parts(NamedTuple):
    """A request: what we say, without the tag, and the data."""

    system: str
    frame: str
    data: str
    tag: str


def parts_of(system: str, user: str) -> Parts:
    match = FENCED.match(user)
    assert match is not None
    before, tag, data, behind = match.groups()
    return Parts(system.replace(tag, "TAG"), before + behind, data, tag)


def parts_of_request(body: dict[str, Any]) -> Parts:
    system, user = body["messages"]
    assert (system["role"], user["role"]) == ("system", "user")
    return parts_of(system["content"], user["content"])


def parts_for(attempt: Attempt | None) -> Parts:
    brief = student.brief(attempt)
    prompt = prompts.build(Order(wanted=tuple(map(Refs(brief).wanted, brief.slots))))
    return parts_of(prompt.system, prompt.user)


def parts_of_repair() -> Parts:
    prompt = prompts.build(Repair((Flawed("Which one?", "this", ("that", "those", "these"), "too long"),)))
    return parts_of(prompt.system, prompt.user)


async def requests_of(attempt: Attempt, trial_of: TrialOf) -> list[dict[str, Any]]:
    """All that the vendor was sent for an attempt; at least one request for each share."""
    requests = [(await trial_of(attempt, share)).requests for share in SHARES]
    assert all(requests)
    return [body for bodies in requests for body in bodies]


def by_id(each: Attempt) -> str:
    return each.id


@pytest.mark.parametrize("each", corpus(), ids=by_id)
def test_outside_of_the_data_a_prompt_is_the_same_whatever_a_student_writes(each: Attempt) -> None:
    attacked, harmless = parts_for(each), parts_for(None)
    assert (attacked.system, attacked.frame) == (harmless.system, harmless.frame)
    assert (attacked.data == harmless.data) is (each.field is Field.PROOF_URL)


@pytest.mark.parametrize("each", corpus(), ids=by_id)
async def test_no_request_carries_the_students_words_outside_of_the_data(each: Attempt, trial_of: TrialOf) -> None:
    ours = (parts_for(None), parts_of_repair())
    known = frozenset(run for each_one in ours for run in runs(words(each_one.system + each_one.frame), HEARD_WORDS))
    spoken = frozenset(runs(words(each.sent), HEARD_WORDS)) - known
    for body in await requests_of(each, trial_of):
        parts = parts_of_request(body)
        assert parts.system in {it.system for it in ours}
        assert spoken.isdisjoint(runs(words(parts.frame), HEARD_WORDS))


@pytest.mark.parametrize("each", corpus(), ids=by_id)
async def test_the_data_is_one_line_of_json_that_closes_nothing(each: Attempt, trial_of: TrialOf) -> None:
    for body in await requests_of(each, trial_of):
        parts = parts_of_request(body)
        data = json.loads(parts.data)
        fields = {frozenset(it) for it in data} if isinstance(data, list) else {frozenset(data)}
        assert fields <= {ORDERED, FLAWED}
        assert not any(text in parts.data for text in ("<<<", ">>>", parts.tag))
        assert not any(unicodedata.category(character)[0] == "C" for character in parts.data)


@pytest.mark.parametrize("each", corpus(), ids=by_id)
async def test_no_name_no_address_and_no_number_of_the_student_leaves(each: Attempt, trial_of: TrialOf) -> None:
    sent = json.dumps(await requests_of(each, trial_of), ensure_ascii=False).casefold()
    assert [private for private in student.PRIVATE if private.casefold() in sent] == []


@pytest.mark.parametrize("each", [it for it in corpus() if it.klass == "huge"], ids=by_id)
def test_a_huge_text_is_cut(each: Attempt) -> None:
    assert len(parts_for(each).data) < 8 * prompts.MAX_FACT_CHARACTERS


@pytest.mark.parametrize("hidden", ["\u200b", "\u2060", "\u00ad", "\u202e", "\U000e0041"])
def test_a_contact_with_an_invisible_character_inside_is_taken_out_too(hidden: str) -> None:
    text = f"Write to ola@exam{hidden}ple.org, please."
    disguised = Attempt("disguised-1", "disguised", Field.PROJECT_DESCRIPTION, (), text)
    assert "ola@" not in parts_for(disguised).data


@pytest.fixture(scope="module")
async def sound() -> AsyncIterator[VendorServer]:
    async with VendorServer() as server:
        yield server


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
