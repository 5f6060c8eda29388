"""What the rules look at first, to save time, misses nothing of what the patterns behind it find."""

from hypothesis import given, settings
from hypothesis import strategies as st

from assessment.items import text
from assessment.items.rules import giveaway, safety

WORDS = """
A B D 1 4 ( ) [ ] { } * : = - . ! , ? ; / @ # < > & _ ' " + | ~ ` the is wins right true key one answer correct Antwort
richtig juste vrai réponse ответ hint choose pick tip spoiler solution lösung odpowiedz odpowiedź cevap option letter
take select mark tick click without script javascript data vbscript http www. mailto: hxxp style display none onclick
img div href &#60; // deadbeef01 aB3dE4gH 2019 e.g a@b.co x.com x_y C++ re-run 答案 é \u0131 \u017f ß \ufb01 ✓ → ©
\u0440
"""
PIECES = (*WORDS.split(), " ", "\n", "\t", "  ", "<!--", "](", "]:", "**", "~~", "==")
TEXTS = st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.lists(
    st.sampled_from(PIECES), max_size=12
).map(" ".join)


@settings(max_examples=1_500, deadline=None)
@given(TEXTS)
def test_a_stem_that_tells_a_letter_is_never_passed_over(stem: str) -> None:
    is_seen = giveaway._ALONE.search(stem) is not None or not stem.isascii()  # nobody reads an A in "tipisA"
    assert giveaway.tells_letter(stem) is (is_seen and giveaway._LETTER.search(stem) is not None)


def test_a_letter_is_told_also_where_words_are_written_without_spaces() -> None:
    assert giveaway.tells_letter("这道题的答案是B。哪个选项正确")


@settings(max_examples=1_500, deadline=None)
@given(TEXTS)
def test_an_announced_key_is_never_passed_over(shown: str) -> None:
    assert safety._announces(shown) is (safety._ANNOUNCED.search(shown) is not None)


@settings(max_examples=1_500, deadline=None)
@given(TEXTS)
def test_an_acting_tag_and_a_link_bear_one_of_their_marks(shown: str) -> None:
    if safety._ACTING.search(shown) or safety._WRAPPED.match(shown):
        assert safety._has(safety._TAG_MARKS, shown)
    if safety._LINK.search(shown):
        assert safety._may_link(shown)


@settings(max_examples=1_500, deadline=None)
@given(TEXTS)
def test_an_opaque_token_is_never_passed_over(shown: str) -> None:
    found = giveaway._TOKEN.findall(shown)
    assert giveaway.opaque_token([shown]) is any(map(giveaway._is_opaque, found))


@settings(max_examples=1_500, deadline=None)
@given(TEXTS | st.text(st.characters(max_codepoint=127)))
def test_ascii_has_the_words_that_other_text_would_have(shown: str) -> None:
    assert text.words(shown) == tuple(text._WORD.findall(text.fold(shown)))


@settings(max_examples=1_500, deadline=None)
@given(TEXTS | st.lists(st.sampled_from(["Use", "ok", "a", "4", "x-y", "Yep", " ", ", ", "-", "'", "."])).map("".join))
def test_a_plain_option_bears_no_mark(option: str) -> None:
    if giveaway._PLAIN.fullmatch(option):
        assert not [name for name, pattern in giveaway._MARKS.items() if pattern.search(option)]


@given(st.characters(max_codepoint=127))
def test_no_ascii_character_is_a_symbol_or_a_letter_of_another_alphabet(character: str) -> None:
    left_out = giveaway._MARKS.keys() - giveaway._MARKS_OF_ASCII.keys()
    assert not any(giveaway._MARKS[name].search(character) for name in left_out)
