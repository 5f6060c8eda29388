"""Rules 5, 7, 8, 10 and 12: what the wording of stem and options gives away, or leaves open."""

import re

from assessment.findings import Finding, Severity, hard, soft
from assessment.items.rules.context import RuleContext
from assessment.items.rules.options import leads_alone
from assessment.items.text import any_of, contains, content_words, fold, words
from assessment.models import Item

MIN_STEM_WORDS = 6
MIN_UNSPACED_CHARACTERS = 12

_ASKING_WORD = r"\b(?:which|what|who|why|how|when|where|welche\w*|was|quel\w*|laquelle|qué|cuál\w*)\b"
_ASKING = re.compile(rf"{_ASKING_WORD}(?:(?!{_ASKING_WORD})[^,])*", re.IGNORECASE)
_TOKEN = re.compile(r"[\w'\u2019]+")
_HARMLESS = re.compile(r"\b(?:or|and|but|if|why)\s+not\b|\bnot\s+only\b|\boder\s+nicht\b", re.IGNORECASE)
_QUESTION = re.compile(r"[?？؟;⸮]|_{2,}|\.{3}|…|:\s*$")  # noqa: RUF001 - the question marks of other scripts
_BLANK_END = re.compile(r"[\s_:….]*(?:\?)?$")
_VERB_END = re.compile(r"\b(is|are|was|were)\s*$")
_VOWEL_SOUND = re.compile(r"^(?:[aeiou](?!ne\b|nce\b)|hour|honest|heir|honou?r)")
_CONSONANT_SOUND = re.compile(r"^(?:uni(?!n|m)|use|usu|eu|one\b|once\b|ubiq|uten)")


def stem_echo(item: Item, context: RuleContext) -> Finding | None:
    """Rule 5: the key does not repeat the stem more than the others do; its whole text in the stem gives it away.

    A key of a single everyday word may stand in a stem by chance, so it takes two content words, or one that is no
    plain word (`useEffect`, `LEFT_JOIN`), for the hard finding.
    """
    key = item.options[item.key]
    content = content_words(key, context.language_code)
    echoed = [option for option in item.options if contains(words(item.stem), words(option))]
    if echoed == [key]:
        is_telling = len(content) >= 2 or any(not word.isalpha() for word in content)
        return (hard if is_telling else soft)("stem_echo", "the stem holds the key")
    stem = content_words(item.stem, context.language_code)
    shared = [len(content_words(option, context.language_code) & stem) for option in item.options]
    return soft("stem_echo", "the key alone shares most words with the stem") if leads_alone(shared, item.key) else None


def aggregate_options(item: Item, context: RuleContext) -> Finding | None:
    """Rule 7: no "all of the above", no "both A and B", no option that names another: shuffling breaks it."""
    pattern = any_of(context.language.aggregates)
    if any(pattern.search(fold(option)) for option in item.options):
        return hard("aggregate_options", "an option speaks of other options")
    return None


def negative_stem(item: Item, context: RuleContext) -> Finding | None:
    """Rule 8: a "not" or "except" in what is asked stands in capitals, where it is read.

    Only the asking clause counts, from the last question word up to the next comma: a negative in the scene before it
    ("the test does not pass") turns nothing round.
    """
    negatives = context.language.negatives
    if item.stem.isascii() and not any(word in item.stem.lower() for word in negatives):
        return None
    asking = _ASKING.findall(item.stem)
    clause = _HARMLESS.sub("", asking[-1]) if asking else ""
    found = [word for word in _TOKEN.findall(clause) if fold(word) in negatives and not word.isupper()]
    return soft("negative_stem", "a negative that is not in capitals") if found else None


def grammar_cue(item: Item, context: RuleContext) -> Finding | None:
    """Rule 10: where the stem ends in "a" or "an", or in "is" or "are", not the key alone goes on with it."""
    ending = _BLANK_END.sub("", fold(item.stem))
    last = ending.rpartition(" ")[2]
    if last in context.language.articles:
        return _alone("grammar_cue", [_fits_article(fold(option), last) for option in item.options], item.key)
    if context.language.code == "en" and (verb := _VERB_END.search(ending)):
        is_plural = verb[1] in ("are", "were")
        return _alone("grammar_cue", [_is_plural(fold(option)) == is_plural for option in item.options], item.key)
    return None


def unfocused_stem(item: Item, context: RuleContext) -> Finding | None:
    """Rule 12: the stem asks something by itself: six words, a question or a blank, no "which of these is true"."""
    found = words(item.stem)
    is_short = len(found) < MIN_STEM_WORDS and len(item.stem) < MIN_UNSPACED_CHARACTERS * 2
    if is_short:
        return soft("unfocused_stem", f"{len(found)} words")
    if not _QUESTION.search(item.stem):
        return soft("unfocused_stem", "neither a question nor a blank")
    if any_of(context.language.unfocused).search(fold(item.stem)):
        return soft("unfocused_stem", "asks which statement is true")
    return None


def _alone(rule: str, fits: list[bool], key: int) -> Finding | None:
    is_cue = fits[key] and sum(fits) == 1
    return Finding(rule, Severity.HARD, "the key alone goes on with the stem") if is_cue else None


def _fits_article(option: str, article: str) -> bool:
    text = option.lstrip("\"'`“‘(")  # noqa: RUF001 - printed quotation marks
    vowel = bool(_VOWEL_SOUND.search(text)) and not _CONSONANT_SOUND.search(text)
    return vowel == (article == "an")


def _is_plural(option: str) -> bool:
    found = words(option)
    if not found:
        return False
    noun = found[0] if len(found) == 1 else found[-1]
    return found[0] in ("these", "those", "two", "three", "several", "both") or (
        noun.endswith("s") and not noun.endswith(("ss", "us", "is"))
    )
