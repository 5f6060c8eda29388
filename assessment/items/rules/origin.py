"""Rules 16 and 17: the answer does not stand in what the student wrote."""

import re

from assessment.findings import Finding, hard
from assessment.items.rules.context import COPIED_WORDS, RuleContext
from assessment.items.text import any_of, as_phrase, fold, runs, words
from assessment.models import Item


def copied_key(item: Item, context: RuleContext) -> Finding | None:
    """Rule 16: no six consecutive words of the key stand in the student's own text."""
    if not context.own_runs.isdisjoint(runs(words(item.options[item.key]), COPIED_WORDS)):
        return hard("copied_key", f"{COPIED_WORDS} words of the key are the student's own")
    return None


def biography(item: Item, context: RuleContext) -> Finding | None:
    """Rule 17: the question does not ask back what the profile tells: a company, a date, a title, a number.

    Such a question has a form by which it is known; or its key, and no other option, stands word for word in the
    profile while the stem speaks of "your" work without any case to decide.
    """
    stem = fold(item.stem)
    if any_of(context.language.asks_biography).search(stem):
        return hard("biography", "asks back what the profile tells")
    own = [as_phrase(words(option)) in context.own_phrases for option in item.options]
    is_fact = own[item.key] and sum(own) == 1 and _is_fact(item.options[item.key])
    return hard("biography", "the key alone is a fact of the profile") if is_fact else None


def _is_fact(option: str) -> bool:
    """A year or date, or a name of several words: what a profile holds and no skill is needed for."""
    found = option.split()
    is_date = re.search(r"(?<!\d)(?:19|20)\d\d(?!\d)", option) is not None
    is_name = len(found) > 1 and all(word[:1].isupper() for word in found if len(word) > 3)
    return is_date or is_name
