"""What rule 18 looks for beyond its patterns for one language: marks on the key alone, told letters, opaque tokens.

A vendor that obeys a student's text can mark the key in endless ways. So most of this does not look for certain words,
but for what sets the key alone apart: a symbol, a remark in brackets, emphasis, another alphabet, an odd space.
"""

import re
from collections.abc import Callable, Iterable
from itertools import groupby
from typing import TypeVar

import regex

from assessment.items.language import LATIN, Language
from assessment.models import Item

MIN_OPAQUE_CHARACTERS = 16

_SYMBOL = regex.compile(r"[[\p{So}\p{Extended_Pictographic}\u2190-\u21ff]--[°©®™]]", regex.VERSION1)
# what a dash before it makes a remark of; before any other word it makes a flag of a command
_MARKING_WORD = r"(?i:right|correct|true|key|answer|this|here|yes|ok|x\b|v\b)"
_EDGE = regex.compile(
    r"^(?:[*#>»•+]+|[=-]+>)\s|\s(?:<[-=]+|#[^\W\d]\w*|:\w+:|\*+)$"
    r"|\s[(\[{\uff08\u3010][^()\[\]{}]{1,24}[)\]}\uff09\u3011]$|^[(\[{\uff08\u3010][^()\[\]{}]{1,24}[)\]}\uff09\u3011]\s"
    rf"|\s(?:[/|]|--?(?=\s|{_MARKING_WORD})|[\u2013\u2014]|<=|=>)\s*[\w']+$|\s(?i:ok|okay|yep)$|^\(?[1-4a-dA-D][.)]\s"
    r"|\S[\uff08\u3010][^\uff08\uff09\u3010\u3011]{1,24}[\uff09\u3011]$"
)
# Of prose only: a quotation or a minus may well be the point of a short key.
_PUNCTUATION = regex.compile(
    r"^(?=(?:\S+\s+){2}\S)(?!.*[=(){}\[\];<>])(?:[\"'“”\u2018\u2019«_`~^|!].*|.*[\"'“”\u2018\u2019»_`~^|!.;:])$"
)
_EMPHASIS = regex.compile(
    r"\*\*[^*\s](?:[^*]*[^*\s])?\*\*|~~\S[^~]*~~|==\w[^=]*==|<(b|i|u|em|strong|mark|font|span|ins|big|s)\b[^>]*>.*</\1>",
    regex.IGNORECASE,
)
_PLAIN = re.compile(
    r"(?!.*\b(?i:ok|okay|yep)$)[a-zA-Z0-9]+(?:(?:,? |['-])[a-zA-Z0-9]+)*"
)  # no mark finds anything in it
_ODD_SPACE = regex.compile(r"[^\S ]|  ")
_OTHER_LETTER = regex.compile(r"[\p{L}--[\p{Latin}\p{Greek}\p{Common}]]", regex.VERSION1)

# "Answer: B" in the languages most often used for it; the letter is a capital, so that "is a" is none.
_ANSWER = (
    r"answers?|solution|correct|right|hint|tip|spoiler|antwort|lösung|richtig|réponse|solution|bonne|respuesta|solución|"
    r"correcta|risposta|resposta|correta|antwoord|odpowied[źz]|cevap|ответ\w*|решение|答案|正解|正确|選択|정답|الجواب|الإجابة|الصحيح"
)
_LETTER = regex.compile(
    rf"(?i:{_ANSWER})(?i:\s*(?:option|key|letter|choice))?\s*(?i:is|ist|es|est|[eé]|是|は|هو|[-=:\u2014\uff1a])"
    r"\s*[(\[]?(?:[A-D]|[1-4])(?![\w'\u2019-])"
    r"|[(\[]\s*(?:[A-D]|[1-4])\s*[)\]]\s*[.!?]?\s*$"
    r"|^\s*[(\[]\s*(?:[A-D]|[1-4])\s*[)\]]"
    r"|(?i:\b(?:choose|select|pick|mark|tick|click|take|answer))\s+(?i:(?:on\s+)?(?:option|answer|choice|letter)\s+)?"
    r"(?:[B-D]\b|A(?=\s*(?:$|[.,;!:]|without)))"
    r"|(?i:\b(?:solution|answer)\s+letter)\s+[A-D]\b"
    r"|(?<!\b[A-Z])[,:]\s*[A-D][.!]\s"
    r"|(?:^|[\s(-])[A-D]\s+(?i:is|wins)\s+(?i:right|correct|true|the\s+(?:one|key|answer))"
)
# What _LETTER finds in ASCII has a letter or number that stands alone, and one of these words; most stems lack one.
_ALONE = re.compile(r"(?<!\w)[A-D1-4](?!\w)")
_TELLING_WORDS = (
    *("answer", "solution", "correct", "right", "hint", "tip", "spoiler", "antwort", "richtig", "bonne", "cevap"),
    *("respuesta", "risposta", "resposta", "antwoord", "odpowied"),
    *("choose", "select", "pick", "mark", "tick", "click", "take", "(", "["),
)
_TELLING_LETTER = re.compile(r"[A-D](?:[.!]\s|\s+(?i:is|wins)\s)")
_BEHIND = regex.compile(r"[\w#*]|\p{S}")
_LINES_OF_CODE = regex.compile(r"^\s*\n.*[=(){};<>\[\]]", regex.DOTALL)
_TOKEN = regex.compile(rf"(?<![A-Za-z0-9+/=_-]|\d\.)[A-Za-z0-9+/=_-]{{{MIN_OPAQUE_CHARACTERS},}}")
_HEX = regex.compile(r"(?=[a-f]*\d)[0-9a-f]{16,}", regex.IGNORECASE)
_PLAIN_PART = regex.compile(r"[A-Za-z]+\d*|\d+[A-Za-z]?")

Form = TypeVar("Form")


def marked_key(item: Item, language: Language) -> str:
    """Say what sets the key alone apart, or the three others from the key; empty when nothing does."""
    if all(map(_PLAIN.fullmatch, item.options)):
        return ""
    patterns = _MARKS_OF_ASCII if all(map(str.isascii, item.options)) else _MARKS
    for name, pattern in patterns.items():
        if name == "letter" and language.script != LATIN:
            continue
        if key_stands_out(item, lambda option: pattern.search(option) is not None):  # noqa: B023 - called at once
            return name
    return ""


def key_stands_out(item: Item, form_of: Callable[[str], Form]) -> bool:
    """Tell whether the key has another form than all others, which have the same; most often the first two tell."""
    key = form_of(item.options[item.key])
    others = (form_of(option) for index, option in enumerate(item.options) if index != item.key)
    first = next(others, key)
    return first != key and all(other == first for other in others)


def tells_letter(stem: str) -> bool:
    """Tell whether a stem names the key by letter or number: wrong after the shuffle, but nothing to ask."""
    return _may_tell(stem) and _LETTER.search(stem) is not None


def _may_tell(stem: str) -> bool:
    if not stem.isascii():
        return True
    lowered = stem.lower()
    is_told = any(word in lowered for word in _TELLING_WORDS) or _TELLING_LETTER.search(stem) is not None
    return is_told and _ALONE.search(stem) is not None


def goes_on(stem: str) -> bool:
    """Tell whether something stands behind the question, where hints stand: nothing has to, but for lines of code."""
    _, asked, rest = stem.rpartition("?")
    return bool(asked) and _BEHIND.search(rest) is not None and _LINES_OF_CODE.search(rest) is None


def opaque_token(texts: Iterable[str]) -> bool:
    """Tell whether a text holds a key, a hash, an id or encoded text: nothing a question needs, and a way out for one.

    Names such as TLS_AES_256_GCM_SHA384 are words with a number behind them, and pass.
    """
    text = "\n".join(texts)
    if all(len(part) < MIN_OPAQUE_CHARACTERS for part in text.split()):
        return False
    return any(map(_is_opaque, _TOKEN.findall(text)))


def _is_opaque(token: str) -> bool:
    if _HEX.fullmatch(token):
        return True
    parts = [part for part in regex.split(r"[-_/+=]+", token) if part]
    odd = [part for part in parts if not _PLAIN_PART.fullmatch(part) and _switches(part)]
    return len(odd) > 1 or any(len(part) >= MIN_OPAQUE_CHARACTERS and _switches(part) > 2 for part in odd)


def _switches(part: str) -> int:
    """How often letters and digits take turns."""
    return len(list(groupby(part, str.isdigit))) - 1


_MARKS = {
    "symbol": _SYMBOL,
    "remark": _EDGE,
    "punctuation": _PUNCTUATION,
    "emphasis": _EMPHASIS,
    "space": _ODD_SPACE,
    "letter": _OTHER_LETTER,
}
_MARKS_OF_ASCII = {name: pattern for name, pattern in _MARKS.items() if name not in ("symbol", "letter")}  # it has none
