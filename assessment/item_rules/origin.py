"""Rules 16 and 17: the answer does not stand in what the student wrote."""

from functools import cache

import regex

from assessment.findings import Finding, hard
from assessment.item_rules.grounds import COPIED_WORDS, Grounds
from assessment.models import Item
from assessment.text import fold, runs, words


def copied_key(item: Item, grounds: Grounds) -> Finding | None:
    """Rule 16: no six consecutive words of the key stand in the student's own text."""
    if runs(words(item.options[item.key]), COPIED_WORDS) & grounds.own_runs:
        return hard("copied_key", f"{COPIED_WORDS} words of the key are the student's own")
    return None


def biography(item: Item, grounds: Grounds) -> Finding | None:
    """Rule 17: the question does not ask back what the profile tells: a company, a date, a title, a number.

    Such a question has a form by which it is known; or its key, and no other option, stands word for word in the
    profile while the stem speaks of "your" work without any case to decide.
    """
    stem = fold(item.stem)
    if any(pattern.search(stem) for pattern in _patterns(grounds.language.asks_biography)):
        return hard("biography", "asks back what the profile tells")
    own = [_stands_in(fold(option), grounds.folded_text) for option in item.options]
    is_fact = own[item.key] and sum(own) == 1 and _is_fact(item.options[item.key])
    return hard("biography", "the key alone is a fact of the profile") if is_fact else None


def _stands_in(option: str, text: str) -> bool:
    return bool(option) and regex.search(rf"(?<!\w){regex.escape(option)}(?!\w)", text) is not None


def _is_fact(option: str) -> bool:
    """A year or date, or a name of several words: what a profile holds and no skill is needed for."""
    found = option.split()
    is_date = regex.search(r"(?<!\d)(?:19|20)\d\d(?!\d)", option) is not None
    is_name = len(found) > 1 and all(word[:1].isupper() for word in found if len(word) > 3)
    return is_date or is_name


@cache
def _patterns(sources: tuple[str, ...]) -> tuple[regex.Pattern[str], ...]:
    return tuple(regex.compile(source) for source in sources)
