"""What goes out to the vendor: a student's text stays inside the fence, and nothing says who the student is."""

import json
import re
import unicodedata
from typing import Any, NamedTuple

import pytest

from assessment.items.text import runs, words
from bench.quality.trials import SHARES
from fakes.injection import student
from fakes.injection.corpus import HEARD_WORDS, Attempt, Field, corpus
from providers import prompts
from providers.protocol import Order
from providers.writing.orders import Refs
from tests.injection.conftest import TrialOf

FENCED = re.compile(r"\A(.*?)^<<<DATA (\w{16})>>>\n([^\n]*)\n<<<END \2>>>$(.*)\Z", re.MULTILINE | re.DOTALL)


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
    harmless = parts_for(None)
    known = frozenset(runs(words(harmless.system + harmless.frame), HEARD_WORDS))
    spoken = frozenset(runs(words(each.sent), HEARD_WORDS)) - known
    for body in await requests_of(each, trial_of):
        parts = parts_of_request(body)
        assert parts.system == harmless.system
        assert spoken.isdisjoint(runs(words(parts.frame), HEARD_WORDS))


@pytest.mark.parametrize("each", corpus(), ids=by_id)
async def test_the_data_is_one_line_of_json_that_closes_nothing(each: Attempt, trial_of: TrialOf) -> None:
    for body in await requests_of(each, trial_of):
        parts = parts_of_request(body)
        assert set(json.loads(parts.data)) == {"skills", "sources", "asked_before"}
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
