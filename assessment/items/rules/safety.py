"""Rule 18: nothing in an item acts, hides, addresses the reader as an instruction, or is in another language."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import cache, lru_cache

import regex

from assessment.findings import Finding, hard
from assessment.items.language import LANGUAGES, LATIN, Language
from assessment.items.rules.context import COPIED_WORDS, RuleContext
from assessment.items.rules.giveaway import goes_on, marked_key, opaque_token, tells_letter
from assessment.items.text import REMEMBERED, any_of, fold, runs, words
from assessment.models import Item

UNSTORABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
MIN_LETTERS = 20
MIN_WORDS = 12
MIN_STEM_WORDS = 10  # without one small word of its language
OTHER_SCRIPT_SHARE = 0.5

# Direction overrides, zero-width and other invisible characters, tags, private use, non-characters.
_INVISIBLE = regex.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u202a-\u202e\u2028\u2029\u2060-\u206f\u2800\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]|[\p{Co}\p{Cn}]"
)
# A letter of one alphabet among those of another, a letter with a tower of marks, letters in mathematical dress.
_DISGUISED = regex.compile(
    r"(?<=\p{Latin})\p{Cyrillic}|(?<=\p{Cyrillic})\p{Latin}|(?<=\p{Latin})\p{Greek}(?=\p{Latin})"
    r"|\p{Latin}[\u03bf\u039f]|[\u03bf\u039f]\p{Latin}"
    r"|\p{Greek}{2}\p{Latin}{2}"  # one may well stand before: a difference in t, a wavelength
    r"|\p{Latin}\p{M}{2}|[\U0001d400-\U0001d7ff]"
)
_FULL_WIDTH = regex.compile(r"[\uff21-\uff3a\uff41-\uff5a]")
_JOINERS = regex.compile(
    r"(?<![\p{Script=Devanagari}\p{Script=Arabic}\p{Script=Bengali}\p{Script=Tamil}\p{Script=Telugu}\p{Emoji}])[\u200c\u200d]"
)
# Tags that do something; a question about HTML or React may well name a `<div>` or a `<Suspense>`.
_ACTING = re.compile(
    r"<\s*/?\s*(?:script|iframe|img|image|object|embed|svg|math|style|link|meta|base|form|input|button|video|audio|source|template|noscript|marquee)\b[^>]*(?:=|>\s*\S*<\s*/)"
    r"|<\s*script\b|<\s*iframe\b|<\s*a\s[^>]*href|\bon(?:error|load|click|mouse\w+|focus|toggle)\s*=\s*[\"'\w]|&#x?[0-9a-f]+;|\bstyle\s*=[^>]*display\s*:\s*none",
    re.IGNORECASE,
)
_TOP_LEVEL = r"(?:com|net|org|io|ly|me|co|app|dev|info|biz|xyz|ru|cn|example|site|online|link|click)"
_LINK = re.compile(
    r"\b(?:https?|ftp|file)\s*:\s*//|\b(?:javascript|data|vbscript)\s*:\s*[a-z(/]\S|(?<!\w)www\.\w|!?\[[^\]\n]{0,200}\]\((?!\))[^)\s]*[/.:#][^)\s]*\)|\bmailto:|\bhxxps?\b"
    rf"|(?<![\w@/.-])[\w-]+(?:\.[\w-]+)*\.{_TOP_LEVEL}/\w|(?<![\w:])//[\w-]+(?:\.[\w-]+)*\.{_TOP_LEVEL}\b"
    r"|^\s*\[\w+\]:\s*\S|(?<![\w.+-])(?!git@)[\w.+-]+@(?!(?:[\w-]+\.)*example\b)[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b",
    re.IGNORECASE | re.MULTILINE,
)
_TAG_MARKS = ("<", "&#", "=")  # one is in all that _ACTING finds
_LINK_MARKS = ("/", "](", "]:", "@", "www.", "mailto", "hxxp")  # one is in all that _LINK finds, or a colon and
_SCHEMES = ("script", "data")
_WRAPPED = re.compile(r"\s*<!--|\s*<[a-z][^>]*>.*</[a-z]+>\s*", re.IGNORECASE | re.DOTALL)
_RIGHT = r"(?:correct|right|true|key|answer|right answer|correct answer|richtig|correcte?|correct[ao]|juste|vrai)"
_RIGHT_WORDS = ("correct", "right", "true", "key", "answer", "richtig", "juste", "vrai")  # one is in all of _RIGHT
_ANNOUNCED = re.compile(
    rf"[(\[{{*]\s*{_RIGHT}\s*[)\]}}*]|<!--\s*{_RIGHT}\b"
    r"|^(?:correct|right answer|correct answer)\s*[:-]"
    r"|[✓✔☑✅]"
    r"|\b(?:this|that)\s+(?:is|one\s+is)\s+(?:the\s+)?(?:correct|right)(?:\s+(?:one|answer|option))?[.!]?$",
    re.IGNORECASE | re.MULTILINE,
)

_WITH_ORDERS = tuple(language for language in LANGUAGES.values() if language.instructions)
_ORDER_WORDS = tuple(word for language in _WITH_ORDERS for word in language.order_words)


def storable_text(item: Item, context: RuleContext) -> Finding | None:
    """No control characters and no lone surrogates; PostgreSQL refuses NUL in text."""
    found = UNSTORABLE.search("".join((item.stem, *item.options, item.rationale)))
    return hard("storable_text", f"U+{ord(found[0]):04X}") if found else None


def hidden_text(item: Item, context: RuleContext) -> Finding | None:
    """No characters that are not seen, turn the reading direction or stand in for others, and no opaque tokens.

    They can say one thing and show another, or carry something out.
    """
    texts = (item.stem, *item.options, item.rationale)
    if opaque_token(texts):
        return hard("hidden_text", "an opaque token")
    text = "\n".join(texts)
    if text.isascii():
        return None
    found = _INVISIBLE.search(text) or _JOINERS.search(text) or _DISGUISED.search(text)
    if found is None and context.language.script == LATIN:
        found = _FULL_WIDTH.search(text)
    return hard("hidden_text", f"U+{ord(found[0][0]):04X}") if found else None


def markup(item: Item, context: RuleContext) -> Finding | None:
    """No tag that acts, no link, no image: a page that shows an item must have nothing to carry out."""
    text = "\n".join((item.stem, *item.options, item.rationale))
    if _has(_TAG_MARKS, text) and (_ACTING.search(text) or _WRAPPED.match(item.stem)):
        return hard("markup", "a tag that acts")
    return hard("markup", "a link") if _may_link(text) and _LINK.search(text) else None


def instruction(item: Item, context: RuleContext) -> Finding | None:
    """No word to the reader about what to choose, no announced or marked key, and nothing left to fill in.

    An announcement of the key is looked for in stem and options, in every language with a table: an injection need not
    keep to the one that was asked for. Nor does an item repeat what its writer was told.
    """
    shown = (item.stem, *item.options)
    if _announces("\n".join(shown)) or tells_letter(item.stem):
        return hard("instruction", "an announced key")
    if goes_on(item.stem):
        return hard("instruction", "text behind the question")
    if mark := marked_key(item, context.language):
        return hard("instruction", f"the key alone has a {mark} of its own")
    if _gives_orders(shown):
        return hard("instruction", "an instruction to the reader")
    if context.told and _repeats(context, (*shown, item.rationale)):
        return hard("instruction", "words of the prompt")
    return None


def _has(marks: Iterable[str], text: str) -> bool:
    return any(mark in text for mark in marks)


def _may_link(text: str) -> bool:
    lowered = text.lower()
    return _has(_LINK_MARKS, lowered) or (":" in text and _has(_SCHEMES, lowered))


def _announces(text: str) -> bool:
    """What _ANNOUNCED finds in ASCII has one of its words; other letters may stand in for those of a word."""
    return not (text.isascii() and not _has(_RIGHT_WORDS, text.lower())) and _ANNOUNCED.search(text) is not None


def _repeats(context: RuleContext, texts: Iterable[str]) -> bool:
    return not all(context.told_runs.isdisjoint(runs(words(text), COPIED_WORDS)) for text in texts)


def _gives_orders(shown: Iterable[str]) -> bool:
    """Look for the patterns of a language only where one of their words stands: most items have none."""
    found = [word for text in shown for word in words(text) if _may_order(word)]
    if not found:
        return False
    folded = "\n".join(fold(text) for text in shown)
    return any(
        any(word.startswith(language.order_words) for word in found) and any_of(language.instructions).search(folded)
        for language in _WITH_ORDERS
    )


@lru_cache(maxsize=REMEMBERED)
def _may_order(word: str) -> bool:
    return word.startswith(_ORDER_WORDS)


def other_language(item: Item, context: RuleContext) -> Finding | None:
    """The letters are of the script, and the small words of the language, that was asked for.

    Both are measured over the stem alone: options may be code. Short stems are given the benefit of the doubt.
    """
    language = context.language
    letters = [] if item.stem.isascii() and language.script == LATIN else [it for it in item.stem if it.isalpha()]
    if language.script and len(letters) >= MIN_LETTERS:
        foreign = sum(not _is_of(character, language.script) for character in letters)
        if foreign > OTHER_SCRIPT_SHARE * len(letters):
            return hard("other_language", f"{foreign} of {len(letters)} letters in another script")
    return _other_words(item, language) if language.script == LATIN else None


def _other_words(item: Item, language: Language) -> Finding | None:
    found = [word for text in (item.stem, *item.options) for word in words(text)]
    if len(found) < MIN_WORDS:
        return None
    counts = Counter(code for word in found for code in _speakers().get(word, ()))
    stem = words(item.stem)
    if len(stem) >= MIN_STEM_WORDS and language.distinctive and language.distinctive.isdisjoint(stem):
        return hard("other_language", f"does not read as {language.code}")
    if not counts:
        return None
    own = counts[language.code]
    best = max(counts, key=lambda code: counts[code])
    if best != language.code and counts[best] >= 3 and counts[best] > 2 * own:
        return hard("other_language", f"reads as {best}")
    return None


@cache
def _speakers() -> dict[str, tuple[str, ...]]:
    """For each distinctive small word the languages that have it."""
    every = {word for language in LANGUAGES.values() for word in language.distinctive}
    return {
        word: tuple(language.code for language in LANGUAGES.values() if word in language.distinctive) for word in every
    }


@cache
def _is_of(character: str, script: str) -> bool:
    name = unicodedata.name(character, "")
    if script == "Japanese":
        return name.startswith(("CJK", "HIRAGANA", "KATAKANA"))
    if script == "Han":
        return name.startswith("CJK")
    return name.startswith(script.upper()) or (
        script == LATIN and name.startswith(("FEMININE", "MASCULINE", "MODIFIER"))
    )
