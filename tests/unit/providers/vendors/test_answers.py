"""Answers as real wires brought them: which items are in them, however they are cut, and which never are."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.vendors.decode import Decoded, Draft, ItemScanner, Reject, decode
from tests.unit.providers.fakes import item, text_of

FOLDER = Path(__file__).parents[3] / "corpus" / "answers"


class Case(msgspec.Struct, forbid_unknown_fields=True):
    """One answer, and what is to be read in it."""

    name: str
    source: str
    text: str
    items: list[dict[str, Any]]
    mended: dict[str, int]
    rejected: dict[str, int]


CASES = {path.stem: msgspec.json.decode(path.read_bytes(), type=Case) for path in sorted(FOLDER.glob("*.json"))}
CASE = st.sampled_from(sorted(CASES))


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    """Each answer of the corpus."""
    return CASES[request.param]


def shown(draft: Draft) -> dict[str, Any]:
    return {"stem": draft.stem, "options": [*draft.options], "key": draft.key}


def rules(decoded: Decoded) -> dict[str, int]:
    names = [reject.rule for reject in decoded.rejects]
    return {name: names.count(name) for name in names}


def read(*pieces: str, is_whole: bool = True) -> Decoded:
    scanner = ItemScanner()
    found = [each for piece in pieces for each in scanner.feed(piece)] + scanner.end(is_whole=is_whole)
    drafts = tuple(each for each in found if isinstance(each, Draft))
    rejects = tuple(each for each in found if isinstance(each, Reject))
    return Decoded(drafts, rejects, dict(+scanner.mended))


def is_part_of(some: list[Any], every: list[Any]) -> bool:
    """Whether all of some are in every, in the same order."""
    rest = iter(every)
    return all(any(each == other for other in rest) for each in some)


def test_what_is_read_is_the_answer(case: Case) -> None:
    decoded = decode(case.text)
    assert [shown(draft) for draft in decoded.drafts] == case.items
    assert (decoded.mended, rules(decoded)) == (case.mended, case.rejected)


def test_an_answer_in_two_pieces_reads_as_in_one_wherever_it_is_cut(case: Case) -> None:
    whole = decode(case.text)
    assert all(read(case.text[:cut], case.text[cut:]) == whole for cut in range(len(case.text)))


@given(CASE, st.lists(st.integers(0, 3000), max_size=40))
def test_an_answer_reads_the_same_in_any_pieces(name: str, cuts: list[int]) -> None:
    text = CASES[name].text
    places = [0, *sorted(cut % len(text) for cut in cuts), len(text)]
    assert read(*(text[begin:end] for begin, end in pairwise(places))) == decode(text)


def test_an_answer_in_single_characters_reads_as_in_one_piece(case: Case) -> None:
    assert read(*case.text) == decode(case.text)


def test_whatever_breaks_off_gives_items_of_the_answer_and_no_others(case: Case) -> None:
    for end in range(len(case.text)):
        broken_off = read(case.text[:end], is_whole=False)
        assert is_part_of([shown(draft) for draft in broken_off.drafts], case.items)


TAGS = [
    (f"{before}{name}{after}", f"{before}/{name}{after}")
    for before, name, after in (
        ("<", "think", ">"),
        ("<", "Thinking", ">"),
        ("<", "reasoning", ">"),
        ("<", "seed:think", ">"),
        ("[", "THINK", "]"),
        ("◁", "think", "▷"),
    )
]
DRAFTS = st.lists(
    st.sampled_from(
        [
            text_of([item(stem="A draft?"), item(stem="Another draft?")]),
            text_of([item(stem="A draft?")])[:-40],
            str([item(stem="A draft?")]).replace("'", '"'),
            '{"items": [',
            '"items": "[{',
            '"',
            "{[`",
            "Let me see.",
            "\n",
        ]
    ),
    max_size=6,
).map("".join)
ANSWER = [f"Question {number}?" for number in range(3)]


@given(st.sampled_from(TAGS), DRAFTS, st.sampled_from(["", "Okay. ", "So:\n"]), st.booleans(), st.data())
def test_no_item_of_a_block_of_reasoning_is_ever_given(
    tags: tuple[str, str], thoughts: str, before: str, is_opened: bool, data: st.DataObject
) -> None:
    opening = tags[0] if is_opened else before or "Hm. "  # a draft at the very beginning would be no draft
    text = f"{opening}{thoughts}{tags[1]}\n{text_of([item(stem=stem) for stem in ANSWER])}"
    cut, end = sorted(data.draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))))
    assert [draft.stem for draft in read(text[:cut], text[cut:]).drafts] == ANSWER
    stems = [draft.stem for draft in read(text[:cut], text[cut:end], is_whole=False).drafts]
    assert stems == ANSWER[: len(stems)]


@pytest.mark.parametrize("before", ["", "\n\n```json\n", "<think>Hm.</think>\n", "Well, so.\n</think>\n\n```\n"])
def test_an_item_is_given_as_it_closes_where_nothing_but_reasoning_and_fences_stands_before(before: str) -> None:
    scanner, answer = ItemScanner(), text_of([item(stem="One?"), item(stem="Two?")])
    end_of_first = answer.index("}") + 1
    assert scanner.feed(before + answer[: end_of_first - 1]) == []
    assert [each.stem for each in scanner.feed(answer[end_of_first - 1]) if isinstance(each, Draft)] == ["One?"]


def test_behind_prose_nothing_is_given_before_the_answer_has_ended() -> None:
    scanner, answer = ItemScanner(), text_of([item(stem="One?")])
    assert scanner.feed(f"Here it is: {answer}") == []
    assert [each.stem for each in scanner.end() if isinstance(each, Draft)] == ["One?"]


@pytest.mark.parametrize(
    "text",
    ["[{" * 90_000, '{"items": [' * 18_000, '"{\\"' * 40_000, '["' * 90_000, "<think>" * 28_000, "</think>" * 24_000],
)
def test_a_text_full_of_beginnings_is_read_to_its_end(text: str) -> None:
    assert rules(decode("So: " + text)) == {"no_items": 1}
