"""How hard a text is to read, to see whether two students are asked in words of the same kind.

Flesch-Kincaid grade (Kincaid, Fishburne, Rogers and Chissom, 1975): the school year of the United States that a text
suits. It is made for English. Syllables are counted by rule, without a dictionary: a figure to compare texts with, not
to judge one.
"""

import re

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_SENTENCE_END = re.compile(r"[.!?]+(?=\s|$)")
_VOWELS = re.compile(r"[aeiouy]+")
_UNSPOKEN_END = re.compile(
    r"(?:(?<![aeiouyl])e"  # code
    r"|(?<=[aeiouy]l)e"  # role, but not table
    r"|(?<![aeiouytd])ed"  # called, but not tested
    r"|(?<![aeiouyszcxgh])es)$"  # codes, but not classes
)


def grade(text: str) -> float | None:
    """The Flesch-Kincaid grade; None for a text without a word."""
    found = _WORD.findall(text.lower())
    if not found:
        return None
    sentences = max(1, len(_SENTENCE_END.findall(text)))
    syllables = sum(map(count_syllables, found))
    return 0.39 * len(found) / sentences + 11.8 * syllables / len(found) - 15.59


def count_syllables(word: str) -> int:
    """Groups of vowels, without an ending that is not spoken; at least one."""
    spoken = _UNSPOKEN_END.sub("", word.lower())
    return max(1, len(_VOWELS.findall(spoken)))
