"""Options that begin with a verdict: "It is wrong, because …", "Correct: …", "No, since …"."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from assessment.items.language import Language, language_of
from assessment.items.text import REMEMBERED, fold, words

MAX_HEAD_WORDS = 6
MIN_JUDGING = 3  # of four options, for an item that asks for a verdict
_END_OF_HEAD = re.compile(r"[,:;.\u2013\u2014]")


@lru_cache(maxsize=REMEMBERED)
def verdict(option: str, language_code: str) -> bool | None:
    """Whether an option begins by calling something sound, or faulty; None for neither.

    The verdict is the last word before the first break, or a few words that are the whole option. Where "but" follows,
    fault is found after all.
    """
    language = language_of(language_code)
    head, rest = _parted(fold(option), language)
    found = words(head)
    if not found or len(found) > MAX_HEAD_WORDS or found[-1] not in language.sound | language.faulty:
        return None
    is_sound = (found[-1] in language.sound) != any(word in language.negatives for word in found[:-1])
    return is_sound and words(rest)[:1] not in [(word,) for word in language.reservations]


def verdicts(options: Sequence[str], language: str) -> tuple[bool | None, ...]:
    """The verdicts of all options where an item asks for one; nothing otherwise."""
    found = tuple(verdict(option, language) for option in options)
    return found if sum(it is not None for it in found) >= MIN_JUDGING else ()


def majority(found: Sequence[bool | None]) -> bool | None:
    """The verdict that more options give than the other; None where they are as many."""
    counts = Counter(it for it in found if it is not None)
    return None if counts[True] == counts[False] else counts[True] > counts[False]


def _parted(text: str, language: Language) -> tuple[str, str]:
    """What stands before the first break, and what follows; a word such as "because" is a break, too."""
    found = _END_OF_HEAD.search(text)
    if found:
        return text[: found.start()], text[found.end() :]
    before = text.split()
    place = next((place for place, word in enumerate(before) if word in language.qualifiers), len(before))
    return " ".join(before[:place]), " ".join(before[place:])
