"""What is mended of an item whose meaning is beyond doubt. Nothing is ever guessed: a doubt is a reject.

json-repair was tried for this. It reads `1+1` as 1, `"key": ` as an empty text and half an option as an option, and
takes eighty times as long as a decoder. What stands here changes signs that no reader takes in two ways, and takes
every text and every key from the vendor's own words.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

LETTERS = "ABCD"

_STRING_OR_COMMA = re.compile(r'"(?:[^"\\]|\\.)*+"|,(?=\s*[}\]])', re.DOTALL)
_ESCAPED_OR_RAW = re.compile(r"\\.|[\n\r\t]", re.DOTALL)
_SEPARATOR = re.compile(r"((?<!\\)(?:\\\\)*)\\u202[89]|[\u2028\u2029]")  # escaped or raw
_SEPARATORS = ("\u2028", "\u2029", "\\u202")
_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_OTHER_NAMES = {
    "key": (
        "answer",
        "answer_index",
        "answer_key",
        "correct",
        "correctAnswer",
        "correctIndex",
        "correctOption",
        "correct_answer",
        "correct_index",
        "correct_key",
        "correct_option",
    ),
    "stem": ("question",),
    "rationale": ("explanation",),
}
_OTHER_NAME_OF_KEY = re.compile(r'"(?:answer|correct)\w*"\s*:')
_BAD_KEY = "`key` has to be the index of exactly one option, 0 to 3"
_BAD_LABELS = "the options bear letters in another order than A, B, C, D"
_LABEL = re.compile(
    r"\s*[(\uff08]?([A-Za-z])(?:[)\uff09\uff0e\u3001\uff1a]\s*|\.\s+|(?<=[A-Z]):\s+)(?=\S)"
)  # `a.b` and `a: 1` are code
_LETTER = re.compile(r"[(\uff08]?([A-Da-d])[).:\uff09\uff0e\u3001\uff1a]?")


class Unclear(Exception):
    """What a vendor meant cannot be told."""

    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(reason)
        self.rule, self.reason = rule, reason


class CountedFromOne(Unclear):
    """A key is 4: it may be meant as 3, and so may be any other number of the same answer."""

    def __init__(self) -> None:
        super().__init__("item_key", "`key` has to be counted from 0, not from 1")


def place_of(letter: str) -> int | None:
    """The place of the option that a letter names, bare or as `b)` or `(B)`; None for anything else."""
    found = _LETTER.fullmatch(letter.strip())
    return LETTERS.index(found[1].upper()) if found else None


def mend_text(piece: str, mends: Counter[str]) -> str:
    """Take out commas before a closing bracket, and make raw line ends and escaped apostrophes what JSON wants."""

    def of_string(match: re.Match[str]) -> str:
        sign = match[0]
        if sign == "\\'":
            mends["escaped_apostrophe"] = 1
            return "'"
        if sign in _ESCAPES:
            mends["raw_line_end"] = 1
            return _ESCAPES[sign]
        return sign

    def of_piece(match: re.Match[str]) -> str:
        if match[0] != ",":
            return _ESCAPED_OR_RAW.sub(of_string, match[0])
        mends["trailing_comma"] = 1
        return ""

    return _STRING_OR_COMMA.sub(of_piece, piece)


def mend_separators(piece: str, mends: Counter[str]) -> str:
    """Make line ends of U+2028 and U+2029, which a rule takes for hidden text."""
    if not any(sign in piece for sign in _SEPARATORS):  # ten times as fast as the pattern, which tries every place
        return piece
    mended = _SEPARATOR.sub(r"\1\\n", piece)
    mends["line_separator"] += mended != piece
    return mended


def named_otherwise(piece: str) -> bool:
    """Whether an item may have a key under another name than `key`."""
    return _OTHER_NAME_OF_KEY.search(piece) is not None


def mend_fields(value: object, mends: Counter[str]) -> object:
    """Give every field of an item its name and its type, where that is beyond doubt; raises Unclear for a key in doubt.

    What is no item stays what it is, for the decoder to refuse.
    """
    if not isinstance(value, dict):
        return value
    item = dict(value)
    for name in ("stem", "rationale"):
        _rename(item, name, mends)
    options = _in_order(item.get("options"), mends)
    if options is None:
        return item
    item["options"] = without_letters(options, mends)
    return item | {"key": _key(item, options, item["options"], mends)}


def without_letters(options: tuple[str, ...], mends: Counter[str]) -> tuple[str, ...]:
    """Take off the letters that options begin with, since they will be shown in another order.

    Raises Unclear for letters that stand in another order already.
    """
    if not _LABEL.match(options[0]):
        return options
    labels = [_LABEL.match(option) for option in options]
    if not all(labels):
        return options
    letters = "".join(label[1].upper() for label in labels if label)
    if letters == LETTERS:
        mends["option_letters"] = 1
        return tuple(option[label.end() :] for option, label in zip(options, labels, strict=True) if label)
    if sorted(letters) == sorted(LETTERS):
        raise Unclear("item_options", _BAD_LABELS)
    return options


def has_letter(option: str) -> bool:
    """Tell whether an option begins with a letter that numbers it."""
    return _LABEL.match(option) is not None


def _rename(item: dict[str, Any], name: str, mends: Counter[str]) -> None:
    others = [other for other in _OTHER_NAMES[name] if isinstance(item.get(other), str)]
    if item.get(name) is None and len(others) == 1:
        item[name] = item[others[0]]
        mends[f"{name}_name"] = 1


def _in_order(options: object, mends: Counter[str]) -> tuple[str, ...] | None:
    """Four options in a list, or in an object under their letters; None for anything else."""
    if isinstance(options, Mapping) and sorted(map(str.upper, options)) == sorted(LETTERS):
        options = [options[letter] for letter in sorted(options, key=str.upper)]
        mends["options_object"] = 1
    if not isinstance(options, list) or len(options) != len(LETTERS):
        return None
    return tuple(options) if all(isinstance(option, str) for option in options) else None


def _key(item: Mapping[str, Any], written: Sequence[str], options: Sequence[str], mends: Counter[str]) -> int:
    """Find the one option that all names of the key mean."""
    named = {name: item[name] for name in ("key", *_OTHER_NAMES["key"]) if item.get(name) is not None}
    meant = {name: _meanings(value, written, options) for name, value in named.items()}
    readable = {name: meanings for name, meanings in meant.items() if meanings}
    indices = {index for meanings in readable.values() for index in meanings}
    if len(indices) != 1 or ("key" in named and "key" not in readable):
        raise CountedFromOne if _is_four(named) else Unclear("item_key", _BAD_KEY)
    name = next(iter(readable))
    mends["key_name"] = name != "key"
    mends[f"key_{next(iter(readable[name].values()))}"] += type(named[name]) is not int
    return indices.pop()


def _is_four(named: Mapping[str, Any]) -> bool:
    return any(str(value).strip() == "4" for value in named.values())


def _meanings(value: object, written: Sequence[str], options: Sequence[str]) -> dict[int, str]:
    """All options that a key can mean, each with the way it was read."""
    if type(value) is int:  # True is none
        return {value: "index"} if 0 <= value < len(LETTERS) else {}
    if not isinstance(value, str):
        return {}
    text = value.strip()
    found = dict.fromkeys((*_places(text, written), *_places(text, options)), "text")
    if (place := place_of(text)) is not None:
        found |= _of_letter(place, written)
    elif text in set("0123"):
        found[int(text)] = "quoted"
    elif (label := _LABEL.match(text)) and (same := _places(text[label.end() :], options)):
        found |= dict.fromkeys(same, "text") | _of_letter(LETTERS.find(label[1].upper()), written)
    return found


def _places(text: str, options: Sequence[str]) -> list[int]:
    return [index for index, option in enumerate(options) if option.strip() == text]


def _of_letter(place: int, written: Sequence[str]) -> dict[int, str]:
    """The option in the place of a letter, and all that bear a letter which is not their place's."""
    labels = zip(map(_LABEL.match, written), LETTERS, strict=True)
    moved = [index for index, (label, own) in enumerate(labels) if label and label[1].upper() != own]
    return dict.fromkeys([*moved, place], "letter")
