"""Finds the answer in a text that does not begin with it, once all of the text is there."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

import msgspec

from providers.vendors.drafts import Draft, Reject, read_all
from providers.vendors.list_cutter import ListCutter
from providers.vendors.reasoning import CLOSING, blocks

MAX_ITEMS = 60
GLANCES = 8  # so often a character is looked at, at most; else a text full of brackets would hold up everybody

_STRING = r'"(?:[^"\\]|\\.)*+"'
_OPENING = re.compile(
    rf"""
      (?P<named> (?<!\\)"items"\s*:\s*\[ )
    | (?P<bare> \[(?=\s*\{{) )
    | (?="(?:\s|\\[nrt])*[\[{{](?:\s|\\[nrt]|[\[{{])*\\") (?P<string> {_STRING} )
    """,
    re.VERBOSE | re.DOTALL,
)

_FENCED = re.compile(r"```\w*\s*\{?\s*\Z")
_ONLY_FENCES = re.compile(r"(?:\s|```\w*)*")


class FoundList(msgspec.Struct):
    """A list of items, and where in the text those of them stand that can be read."""

    found: list[Draft | Reject]
    start: int
    end: int
    is_open: bool
    mended: Counter[str]

    @property
    def drafts(self) -> int:
        """How many of its items can be read."""
        return sum(isinstance(each, Draft) for each in self.found)


def find_answer(text: str) -> FoundList | None:
    """Find the list that is the answer; None where there is none, one without a draft where there is no better one.

    Models think first and answer last: they quote the form, draft, correct, and then write down what they mean. So the
    last list counts, even where more items of an earlier one can be read: its keys may be what was corrected.
    A closed list with fewer than half of the items of the fullest one is no correction but an example that was added.
    What stands in a block of reasoning, or before the end of one, is no answer.
    """
    lists = [*_lists(text)]
    if not any(each.drafts for each in lists):
        lists += _lone_items(text)
    hidden = blocks(text, [(each.start, each.end) for each in lists])
    answers = [each for each in lists if not any(start <= each.start < end for start, end in hidden)]
    if not answers:
        return None
    fullest = max(each.drafts for each in answers)
    if fullest == 0:
        return max(answers, key=lambda each: len(each.found))
    readable = [each for each in answers if each.drafts]
    if readable[-1].is_open:
        return readable[-1]
    return next(each for each in reversed(readable) if each.drafts * 2 >= fullest)


def _lists(text: str) -> Iterator[FoundList]:
    position, room = 0, GLANCES * len(text)
    while room > 0 and (opening := _OPENING.search(text, position)):
        found, seen = _decoded(opening) if opening["string"] else _cut(text, opening)
        room -= seen - position
        position = found.end if found else opening.end()
        if found:
            yield found


def _cut(text: str, opening: re.Match[str]) -> tuple[FoundList | None, int]:
    """Read a list; gives also how far the text was looked at. What begins with no object is a quoted opening."""
    cutter = ListCutter()
    pieces: list[str] = []
    ends: list[int] = []
    for piece in islice(cutter.feed(text, opening.end()), MAX_ITEMS + 1):
        if not pieces and piece[0] not in '{"':
            return None, cutter.position
        pieces.append(piece)
        ends.append(cutter.position)
    seen = len(text) if cutter.is_open else cutter.position
    if rest := cutter.rest():
        pieces.append(rest)
    found, mended = read_all(pieces)
    last = max((end for end, each in zip(ends, found, strict=False) if isinstance(each, Draft)), default=None)
    if last is None:
        return None if cutter.is_open else FoundList(found, opening.start(), opening.end(), False, mended), seen
    mended["bare_list"] += opening["bare"] is not None
    mended["fence"] += _FENCED.search(text, max(0, opening.start() - 40), opening.start()) is not None
    return FoundList(found, opening.start(), last if cutter.is_open else seen, cutter.is_open, mended), seen


def _lone_items(text: str) -> Iterator[FoundList]:
    """Read items that stand in no list, if nothing but items stands there."""
    begin = text.find("{", max((tag.end() for tag in CLOSING.finditer(text)), default=0))
    cutter = ListCutter()
    found, mended = read_all([*islice(cutter.feed(text, max(begin, 0)), MAX_ITEMS)])
    mended["bare_list"] = 1
    is_alone = found and _ONLY_FENCES.fullmatch(cutter.rest())
    if is_alone and all(isinstance(each, Draft) for each in found):
        yield FoundList(found, begin, cutter.position, False, mended)


def _decoded(opening: re.Match[str]) -> tuple[FoundList | None, int]:
    """Read a list in a JSON text that was encoded as a string."""
    try:
        inner = json.loads(opening["string"], strict=False)
    except json.JSONDecodeError:
        return None, opening.end()
    found = find_answer(inner)
    if found is None:
        return None, opening.end()
    del found.mended["bare_list"]  # as a string it has lost its name, or never had one
    found.mended["encoded_twice"] += 1
    return msgspec.structs.replace(found, start=opening.start(), end=opening.end(), is_open=False), opening.end()
