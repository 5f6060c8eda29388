"""Rules 3, 4, 6, 9, 11, 13, 14 and 29: what makes one option stand out.

Test-wise students need no knowledge where the right option is longer, more precise or built in another way than the
others (Millman, Bishop and Ebel, "An analysis of test-wiseness", 1965; the guidelines of Haladyna, Downing and
Rodriguez, 2002, name the same flaws).
"""

import re

import regex

from assessment.findings import Finding, hard, soft
from assessment.items.rules.context import RuleContext
from assessment.items.rules.giveaway import key_stands_out
from assessment.items.text import content_words, words
from assessment.items.verdicts import verdicts
from assessment.models import Item

LONG_KEY = 1.25
TOO_LONG_KEY = 1.5
NOTICEABLE_CHARACTERS = 8  # "14" against "7" is twice as long, and nobody sees it: a ratio needs text to speak of
MAX_WORD_RATIO = 2.5
NOTICEABLE_WORDS = 4

_SPECIFIC = regex.compile(r"\p{N}+(?:[.,]\p{N}+)*|[()\[\]{}]")
_CODE = regex.compile(r"[(){}\[\]<>=;|&$`\\]|\w\.\w|\w_\w|::|\b[a-z]+[A-Z]\w*|--?\w+=|^[^\p{L}\p{N}]+$")
_END = re.compile(r"[.!?;:,]$")


def key_length(item: Item, context: RuleContext) -> Finding | None:
    """Rule 3: the key has at most 1.25 times the characters that the distractors have on average; 1.5 is too long.

    Options that differ by less than eight characters look equally long, whatever their ratio.
    """
    lengths = [len(option) for option in item.options]
    key = lengths.pop(item.key)
    mean = sum(lengths) / len(lengths)
    if key < mean + NOTICEABLE_CHARACTERS or key <= LONG_KEY * mean:
        return None
    seen = f"key {key / mean:.2f} times as long as the others"
    return hard("key_length", seen) if key >= TOO_LONG_KEY * mean else soft("key_length", seen)


def option_parity(item: Item, context: RuleContext) -> Finding | None:
    """Rule 4: the longest option has at most 2.5 times the words of the shortest; a few words more go unseen."""
    counts = [len(words(option)) or 1 for option in item.options]
    if max(counts) > MAX_WORD_RATIO * min(counts) and max(counts) - min(counts) >= NOTICEABLE_WORDS:
        return soft("option_parity", f"{min(counts)} to {max(counts)} words")
    return None


def convergence(item: Item, context: RuleContext) -> Finding | None:
    """Rule 6: the key is not the only option that shares most words with the others.

    Distractors are made from the key by changing a part, so the option with the most in common is the key.
    """
    shared = shared_words([content_words(option, context.language_code) for option in item.options])
    if leads_alone(shared, item.key):
        return soft("convergence", f"key shares {shared[item.key]} words with the other options")
    return None


def absolutes(item: Item, context: RuleContext) -> Finding | None:
    """Rule 9: words such as "always" and "never" are not in the distractors more than in the key.

    More means that two distractors or more have them and the key has none: then leaving them out finds the key.
    """
    has = [any(word in context.language.absolutes for word in words(option)) for option in item.options]
    if not has[item.key] and sum(has) > 1:
        return soft("absolutes", f"in {sum(has)} distractors and not in the key")
    return None


def parallelism(item: Item, context: RuleContext) -> Finding | None:
    """Rule 11: the key is not the only one in another form: final punctuation, first letter's case, code or prose."""
    name = next((name for name, form in _FORMS.items() if key_stands_out(item, form)), "")
    return soft("parallelism", f"key alone differs in {name}") if name else None


def vague_terms(item: Item, context: RuleContext) -> Finding | None:
    """Rule 13: no "sometimes", "often" or "may" in an option: nobody can say that it is wrong."""
    vague = [word for option in item.options for word in words(option) if word in context.language.vague]
    return soft("vague_terms", f"{len(vague)} in the options") if vague else None


def specificity(item: Item, context: RuleContext) -> Finding | None:
    """Rule 14: figures, brackets and qualifiers are not in the key alone."""
    for name, count in (("figures or brackets", _figures), ("qualifiers", _qualifiers)):
        counts = [count(option, context) for option in item.options]
        if counts[item.key] and not any(counts[: item.key] + counts[item.key + 1 :]):
            return soft("specificity", f"{name} in the key alone")
    return None


def two_by_two(item: Item, context: RuleContext) -> Finding | None:
    """Rule 29: the options are not two verdicts with two reasons each: one right guess leaves two to choose from."""
    found = verdicts(item.options, context.language_code)
    if found.count(True) == found.count(False) == len(item.options) / 2:
        return soft("two_by_two", "two verdicts with two reasons each")
    return None


def shared_words(options: list[frozenset[str]]) -> list[int]:
    """For each option how often its words stand in the others."""
    return [
        sum(len(option & other) for number, other in enumerate(options) if number != index)
        for index, option in enumerate(options)
    ]


def leads_alone(counts: list[int], key: int) -> bool:
    """Tell whether the key has more than every other option."""
    return all(counts[key] > count for index, count in enumerate(counts) if index != key)


def _figures(option: str, context: RuleContext) -> int:
    return len(_SPECIFIC.findall(option))


def _qualifiers(option: str, context: RuleContext) -> int:
    return sum(word in context.language.qualifiers for word in words(option))


def _ending(option: str) -> bool:
    return bool(_END.search(option.strip()))


def _is_code(option: str) -> bool:
    return bool(_CODE.search(option))


def _case(option: str) -> bool:
    letter = next((character for character in option if character.isalpha()), "")
    return letter.isupper()


def _gerund(option: str) -> bool:
    first = words(option)[:1]
    return bool(first) and first[0].endswith("ing") and len(first[0]) > 4


_FORMS = {"final punctuation": _ending, "code or prose": _is_code, "first letter": _case, "first word": _gerund}
