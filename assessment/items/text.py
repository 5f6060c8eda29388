"""Text as the rules compare it: folded, in words of any script, and without the words that carry no content."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache

import regex

from assessment.items.language import language_of

# A run of letters, marks, digits and underscores is a word, with what ties code together (`a.b`, `re-run`, `C++`);
# a character of a script that is written without spaces is a word of its own.
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_LETTERS = rf"[[\p{{L}}\p{{M}}\p{{N}}_]--[{_UNSPACED}]]+"
_WORD = regex.compile(rf"[{_UNSPACED}]\p{{M}}*|{_LETTERS}(?:['’.\-]{_LETTERS})*[+#]*", regex.VERSION1)  # noqa: RUF001 - the apostrophe of printed text
_ASCII_WORD = re.compile(r"[a-z0-9_]+(?:['.\-][a-z0-9_]+)*[+#]*")  # the same of folded ASCII, in a third of the time
_MIN_PLURAL = 4

REMEMBERED = 1024  # texts in each cache: those of some ten sets at once; with 8,192 they took 49 MB and saved no time


@lru_cache(maxsize=REMEMBERED)
def fold(text: str) -> str:
    """Bring text into the form in which it is compared: NFKC, casefold, white space collapsed."""
    if text.isascii():
        return " ".join(text.lower().split())
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())  # casefolding can take characters apart again


@lru_cache(maxsize=REMEMBERED)
def words(text: str) -> tuple[str, ...]:
    """The folded words of a text, in order."""
    folded = fold(text)
    return tuple((_ASCII_WORD if folded.isascii() else _WORD).findall(folded))


@lru_cache(maxsize=REMEMBERED)
def content_words(text: str, language: str = "en") -> frozenset[str]:
    """The words that carry content; a plural counts as its singular. Words of an unknown language all do."""
    stop = language_of(language).stop_words
    return frozenset(_singular(word) for word in words(text) if word not in stop)


def runs(sequence: Sequence[str], length: int) -> Iterator[tuple[str, ...]]:
    """Every run of so many consecutive words."""
    return zip(*(sequence[start:] for start in range(length)), strict=False)


def contains(sequence: Sequence[str], part: Sequence[str]) -> bool:
    """Tell whether the words of `part` stand one after the other in `sequence`."""
    return bool(part) and as_phrase(part) in as_phrase(sequence)


def as_phrase(found: Iterable[str]) -> str:
    """Words with a space before, between and after them, so that whole words can be looked for among others."""
    return f" {' '.join(found)} "


@cache
def any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """One compiled pattern that finds what any of the given ones finds, in folded text; nothing without any.

    `^` and `$` are the ends of a line, so that several texts can be searched at once.
    """
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns) if patterns else r"(?!)", re.MULTILINE)


def _singular(word: str) -> str:
    is_plural = len(word) >= _MIN_PLURAL and word.endswith("s") and not word.endswith("ss")
    return word[:-1] if is_plural else word
