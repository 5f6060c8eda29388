"""Text as the rules compare it: folded, in words of any script, and without the words that carry no content."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

# A run of letters, digits and marks is a word, with what ties code together (`user_id`, `re-run`, `C++`, `C#`); a
# character of a script written without spaces is a word of its own.
_UNSPACED = r"\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+(?:['\u2019.-][^\W{_UNSPACED}]+)*[+#]*")


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """Bring text into the form in which it is compared: NFKC, casefold, white space collapsed."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())  # casefolding can take characters apart again


@lru_cache(maxsize=8192)
def words(text: str) -> tuple[str, ...]:
    """The folded words of a text, in order."""
    return tuple(_WORD.findall(fold(text)))


def runs(sequence: Sequence[str], length: int) -> frozenset[tuple[str, ...]]:
    """Every run of so many consecutive words."""
    return frozenset(tuple(sequence[start : start + length]) for start in range(len(sequence) - length + 1))
