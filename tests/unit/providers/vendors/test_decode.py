import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.vendors.decode import MAX_ITEMS, MAX_REPLY_CHARACTERS, Decoded, Draft, ItemScanner, Reject, decode
from tests.unit.providers.fakes import item, text_of

GOOD = text_of([item()])


def rules(decoded: Decoded) -> list[str]:
    return [reject.rule for reject in decoded.rejects]


def test_a_plain_answer_gives_its_items() -> None:
    decoded = decode(text_of([item(stem="One?"), item(stem="Two?")]))
    assert [draft.stem for draft in decoded.drafts] == ["One?", "Two?"]
    assert not decoded.rejects


@pytest.mark.parametrize(
    "text",
    [
        f"```json\n{GOOD}\n```",
        f"Here you are {{as asked}}:\n{GOOD}\nHope it helps [really] :-}}",
        f"\ufeff\n\n{GOOD}",
        f'{{"note": "x", "items": {json.dumps([item()], indent=4)}, "more": [1]}}',
        f'{{"result": {GOOD}}}',
    ],
)
def test_a_fence_or_prose_around_the_object_does_no_harm(text: str) -> None:
    decoded = decode(text)
    assert len(decoded.drafts) == 1
    assert not decoded.rejects


@pytest.mark.parametrize(
    "broken",
    [
        item(options=["One", "Two", "Three"]),
        item(options=["One", "Two", "Three", 4]),
        item(options="abcd"),
        item(stem=None),
        {"skill": "s1"},
        [],
        7,
        "text, with a comma",
        None,
    ],
)
def test_an_item_of_the_wrong_shape_is_rejected_and_costs_no_other(broken: Any) -> None:
    decoded = decode(text_of([item(stem="One?"), broken, item(stem="Two?")]))
    assert [draft.stem for draft in decoded.drafts] == ["One?", "Two?"]
    assert rules(decoded) == ["item_shape"]


@pytest.mark.parametrize("key", [True, 2.0, 5, -1, None, "7", "-1", "E", "the last", "", "B or C", [1], {}])
def test_an_item_without_a_key_that_means_one_option_is_rejected_and_costs_no_other(key: object) -> None:
    decoded = decode(text_of([item(stem="One?"), item(key=key), item(stem="Two?")]))
    assert [draft.stem for draft in decoded.drafts] == ["One?", "Two?"]
    assert rules(decoded) == ["item_key"]


@pytest.mark.parametrize(
    "piece",
    [
        '{"a" 1}',
        '{"stem": "\\ud800"}',
        '{"stem": "\ud800"}',
        '{"stem": "\x00"}',
        '{"x": ' + "[" * 5000 + "]" * 5000 + "}",
    ],
    ids=["no colon", "escaped surrogate", "surrogate", "raw NUL", "deeply nested"],
)
def test_an_item_that_is_no_json_is_rejected_and_costs_no_other(piece: str) -> None:
    decoded = decode(f'{{"items": [{json.dumps(item())}, {piece}, {json.dumps(item())}]}}')
    assert len(decoded.drafts) == 2
    assert rules(decoded) == ["item_json"]


def test_a_truncated_answer_loses_only_its_unfinished_item() -> None:
    text = text_of([item(stem="One?"), item(stem="Two?"), item(stem="Three?")])
    decoded = decode(text[: text.index("Three?")])
    assert [draft.stem for draft in decoded.drafts] == ["One?", "Two?"]
    assert rules(decoded) == ["item_json"]


def test_brackets_and_quotes_inside_texts_are_no_structure() -> None:
    tricky = item(stem='Which of d["a,b"], {x: [1]} and "]}" \\ is a set?', options=["{", "}", "[", '"'])
    decoded = decode(text_of([tricky, tricky]))
    assert [draft.stem for draft in decoded.drafts] == [tricky["stem"]] * 2


def test_further_fields_are_fine() -> None:
    assert len(decode(text_of([item(topic="rocks")])).drafts) == 1


@pytest.mark.parametrize("stated", ["easy", "fiendish", 3, None, ["hard"]])
def test_a_difficulty_is_read_as_stated_and_spoils_no_item(stated: object) -> None:
    assert [draft.difficulty for draft in decode(text_of([item(difficulty=stated)])).drafts] == [stated]


def test_the_rationale_may_be_missing_or_null() -> None:
    bare = {name: value for name, value in item().items() if name != "rationale"}
    assert len(decode(text_of([bare, item(rationale=None)])).drafts) == 2


@pytest.mark.parametrize("text", ["", "I'd rather not.", "[]", '{"questions": []}', "null", '{"items": 5}'])
def test_an_answer_without_a_list_of_items_is_one_reject(text: str) -> None:
    assert rules(decode(text)) == ["no_items"]


def test_an_endless_answer_is_not_read_to_its_end() -> None:
    assert rules(decode(GOOD + " " * MAX_REPLY_CHARACTERS)) == ["too_long"]


def test_no_more_items_are_read_than_anybody_asks_for() -> None:
    decoded = decode(text_of([item()] * (MAX_ITEMS + 5)))
    assert len(decoded.drafts) == MAX_ITEMS
    assert rules(decoded) == ["too_many_items"]


def test_a_reason_quotes_nothing_of_the_item() -> None:
    decoded = decode(text_of([item(key="the key is Two", stem="A secret stem")]))
    assert decoded.rejects[0].reason == "`key` has to be the index of exactly one option, 0 to 3"


@given(st.text(st.characters(codec=None)))
def test_any_text_gives_a_result(text: str) -> None:
    assert isinstance(decode(text), Decoded)


@given(st.text(st.sampled_from('{}[],:"\\ a1\ud800\x00')))
def test_any_broken_list_gives_a_result(text: str) -> None:
    assert isinstance(decode(f'{{"items": [{text}'), Decoded)


@given(
    st.lists(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=5)), st.integers(0)
)
def test_any_json_cut_anywhere_keeps_the_good_item_in_front(values: list[Any], cut: int) -> None:
    text = text_of([item(), *values])
    start = len(GOOD)
    decoded = decode(text[: start + cut % (len(text) - start + 1)])
    assert decoded.drafts[0].stem == item()["stem"]


def in_pieces(text: str, size: int) -> Decoded:
    scanner = ItemScanner()
    found = [piece for start in range(0, len(text), size) for piece in scanner.feed(text[start : start + size])]
    found += scanner.end()
    drafts = tuple(piece for piece in found if isinstance(piece, Draft))
    rejects = tuple(piece for piece in found if isinstance(piece, Reject))
    return Decoded(drafts, rejects, dict(+scanner.mended))


def test_an_item_is_given_with_the_piece_that_closes_it() -> None:
    text = text_of([item(stem="One?"), item(stem="Two?")])
    scanner, end_of_first = ItemScanner(), text.index("}") + 1
    assert scanner.feed(text[: end_of_first - 1]) == []
    assert [
        piece.stem for piece in scanner.feed(text[end_of_first - 1 : end_of_first]) if isinstance(piece, Draft)
    ] == ["One?"]
    assert scanner.is_open


def test_of_a_list_that_is_told_twice_the_last_one_is_read() -> None:
    example = text_of([item(stem="An example?")])
    decoded = decode(f"The form is {example}. Here is mine: {text_of([item(stem='Mine?')])}")
    assert [draft.stem for draft in decoded.drafts] == ["Mine?"]


@given(st.text(st.sampled_from('{}[],:"\\ a1\ud800\x00')), st.integers(1, 7))
def test_any_broken_list_reads_the_same_in_pieces_as_whole(text: str, size: int) -> None:
    whole = f'x{{"items" : [{json.dumps(item(stem=text))}, {text}'
    assert in_pieces(whole, size) == decode(whole)


def test_a_long_answer_in_single_characters_costs_no_more_than_a_glance_at_each() -> None:
    text = text_of([item(stem="x" * 500)] * 40)
    assert len(in_pieces(text, 1).drafts) == 40
