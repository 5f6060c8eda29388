"""Where a model thinks aloud in the text of its answer. Nothing of that is answer, whatever it looks like."""

import re
from collections.abc import Iterator, Sequence

_NAMES = "think|thinking|thoughts?|reasoning|reflection|scratchpad|analysis"
# Each begins with a set of signs, which makes a search three times as fast.
OPENING_TAG = rf"[<\[◁](?:(?<=<)(?i:(?:\w{{1,16}}:)?(?:{_NAMES}))>|(?<=\[)THINK\]|(?<=◁)think▷)"
_CLOSING_TAG = rf"[<\[◁]/(?:(?<=</)(?i:(?:\w{{1,16}}:)?(?:{_NAMES}))>|(?<=\[/)THINK\]|(?<=◁/)think▷)"
MAX_TAG = 40  # characters

CLOSING = re.compile(_CLOSING_TAG)
_OPENING = re.compile(OPENING_TAG)


def without_reasoning(text: str) -> str:
    """What is left of a text in which no question stands."""
    for start, end in reversed(blocks(text)):
        text = text[:start] + text[end:]
    return text


def blocks(text: str, lists: Sequence[tuple[int, int]] = ()) -> list[tuple[int, int]]:
    """Find the stretches of reasoning: between two tags, before a closing one that none opened, after an unclosed one.

    A tag inside one of the lists of items that can be read is a word of a question.
    """
    found: list[tuple[int, int]] = []
    begin: int | None = None
    for start, end, closes in sorted(_tags(text)):
        if any(begins < start < ends for begins, ends in lists):
            continue
        if closes:
            found.append((begin or 0, end))
            begin = None
        elif begin is None:
            begin = start
    return found if begin is None else [*found, (begin, len(text))]


def _tags(text: str) -> Iterator[tuple[int, int, bool]]:
    for closes, pattern in ((False, _OPENING), (True, CLOSING)):
        for tag in pattern.finditer(text):
            yield (*tag.span(), closes)
