"""The tables of languages are data, and this holds what the rules rely on."""

import re

import msgspec
import pytest

from assessment.items.language import LANGUAGES, WITH_TABLES, Language, language_of
from assessment.items.text import fold

WORDS = ("stop_words", "distinctive", "absolutes", "vague", "negatives", "qualifiers", "articles", "order_words")
PATTERNS = ("aggregates", "unfocused", "instructions", "asks_biography")
ESCAPE = re.compile(r"\\.")


@pytest.mark.parametrize("code", WITH_TABLES)
def test_every_word_of_a_table_is_folded_as_the_text_it_is_looked_for_in(code: str) -> None:
    table = msgspec.structs.asdict(language_of(code))
    assert [word for name in WORDS for word in table[name] if fold(word) != word] == []


@pytest.mark.parametrize("code", WITH_TABLES)
def test_every_pattern_of_a_table_is_one_for_folded_text(code: str) -> None:
    table = msgspec.structs.asdict(language_of(code))
    patterns = [pattern for name in PATTERNS for pattern in table[name]]
    assert patterns
    for pattern in patterns:
        re.compile(pattern)
        letters = ESCAPE.sub("", pattern)
        assert letters.casefold() == letters


def test_a_language_without_a_table_is_known_by_its_script_and_another_code_by_nothing() -> None:
    assert language_of("uk") == Language(code="uk", script="Cyrillic")
    assert language_of("xx") == Language()
    assert all(language.script for language in LANGUAGES.values())
