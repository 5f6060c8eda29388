"""From a vendor's text to drafts, as it arrives: which part of it is the answer, and item by item what is in that.

An answer that begins with its list of items, after nothing but white space, a fence or a block of reasoning that has
ended, gives each item as soon as that closes. Where something else stands before it, the whole text is waited for and
then searched: a list in it may be a draft, an example, or words of the prompt.
"""

from enum import Enum, auto

import msgspec
import regex

from providers.vendors.drafts import Draft, DraftReader, Reject
from providers.vendors.list_cutter import ListCutter
from providers.vendors.loose_lists import MAX_ITEMS, find_answer
from providers.vendors.reasoning import CLOSING, MAX_TAG, OPENING_TAG

__all__ = ["MAX_ITEMS", "MAX_REPLY_CHARACTERS", "Decoded", "Draft", "ItemScanner", "Reject", "decode"]

MAX_REPLY_CHARACTERS = 200_000
MAX_HEAD = 8_000  # characters before the first item, in which what begins is looked for again and again

_STRING = r'"(?:[^"\\]|\\.)*+"'
_VALUE = rf"(?:{_STRING}|-?[\d.eE+-]+|true|false|null)"
_HEAD = regex.compile(
    rf"""
    (?: \s | \ufeff | ```\w* )*+
    (?: (?P<reasoning> {OPENING_TAG} )
      | (?P<bare> \[ \s* )(?=\{{)
      | \{{ (?: \s* {_STRING} \s* : \s* {_VALUE} \s* , )*+ \s* "items" \s* : \s* \[
    )
    """,
    regex.VERBOSE | regex.DOTALL,
)


class Decoded(msgspec.Struct, frozen=True):
    """All that could be read, and all that could not; `mended` counts by rule what had to be mended for it."""

    drafts: tuple[Draft, ...] = ()
    rejects: tuple[Reject, ...] = ()
    mended: dict[str, int] = {}


class _Place(Enum):
    """What the text that comes next belongs to."""

    HEAD = auto()  # perhaps to the beginning of the answer
    REASONING = auto()
    LIST = auto()
    LOOSE = auto()  # to what is searched at the end, unless it turns out to be reasoning
    BEHIND = auto()  # to nothing: the answer has been read


class ItemScanner:
    """Takes an answer in pieces and gives every item as soon as it closes and is certain to be of the answer.

    `items` counts those of the list, readable or not, and `mended` by rule what had to be mended.
    """

    def __init__(self) -> None:
        self.characters = 0
        self.items = 0
        self._reader = DraftReader()
        self.mended = self._reader.mended
        self.is_full = False  # nothing more is read, because the answer is too long
        self.is_open = False  # the list of items has begun and not ended
        self._place = _Place.HEAD
        self._head = ""  # what may be the beginning of the answer
        self._tail = ""  # the end of what was read, in which a tag may have begun
        self._loose: list[str] = []  # all that is not reasoning, until there is an item
        self._cutter = ListCutter()
        self._has_list = False
        self._has_draft = False
        self._has_ended = False

    def feed(self, text: str) -> list[Draft | Reject]:
        """Read on. Never raises: what cannot be read is a reject."""
        if self.is_full or self._has_ended:
            return []
        room = MAX_REPLY_CHARACTERS - self.characters
        self.characters += len(text)
        found = self._take(text[:room])
        if len(text) > room:
            found.append(self._stop("too_long", f"the answer is longer than {MAX_REPLY_CHARACTERS} characters"))
        elif self.items > MAX_ITEMS:
            found[-1] = self._stop("too_many_items", f"more than {MAX_ITEMS} items")
        return found

    def end(self, *, is_whole: bool = True) -> list[Draft | Reject]:
        """Say that nothing more comes; gives what became of the last item, or what a search of the text found.

        A text that was broken off is not searched: what it holds may be the draft of what did not come any more.
        """
        if self.is_full or self._has_ended:
            return []
        self._has_ended = True
        found = [] if self._has_draft or not is_whole else self._search()
        if not found and self._has_list:
            return [self._read(rest)] if self.is_open and (rest := self._cutter.rest()) else []
        return found or [Reject("no_items", self._without_items(is_whole=is_whole))]

    def _stop(self, rule: str, reason: str) -> Reject:
        self.is_full = True
        return Reject(rule, reason)

    def _read(self, piece: str) -> Draft | Reject:
        self.items += 1
        return self._reader.read(piece)

    def _take(self, text: str) -> list[Draft | Reject]:
        found: list[Draft | Reject] = []
        while text and self._place is not _Place.BEHIND:
            if self._place is _Place.LIST:
                found += self._items(text)
                text = "" if self.is_open else text[self._cutter.position :]
            else:
                text = self._read_on(text)
        return found

    def _read_on(self, text: str) -> str:
        """Read outside of a list; gives what belongs to another place."""
        match self._place:
            case _Place.HEAD:
                return self._enter(text)
            case _Place.REASONING:
                return self._skip(text)
            case _:
                return self._gather(text)

    def _enter(self, text: str) -> str:
        """Look whether the answer, or a block of reasoning, begins here; gives what is behind the beginning."""
        head, self._head = self._head + text, ""
        opening = _HEAD.match(head, partial=True)
        if opening is None or opening.end() > MAX_HEAD:
            self._place = _Place.LOOSE
            return head
        if opening.partial:
            self._head = head
            return ""
        if opening["reasoning"]:
            self._place = _Place.REASONING
        else:
            self._open(opening)
        return head[opening.end() :]

    def _open(self, opening: regex.Match[str]) -> None:
        self._place, self._cutter = _Place.LIST, ListCutter()
        self.is_open = self._has_list = True
        self._loose.append(opening[0])
        self.mended["fence"] += "```" in opening[0]
        self.mended["bare_list"] += opening["bare"] is not None

    def _skip(self, text: str) -> str:
        """Pass over reasoning; gives what is behind its end."""
        text = self._tail + text
        closing = CLOSING.search(text)
        if closing is None:
            self._tail = text[-MAX_TAG:]
            return ""
        self._tail, self._place = "", _Place.HEAD
        return text[closing.end() :]

    def _gather(self, text: str) -> str:
        """Keep what is to be searched; gives what is behind a tag that makes it the end of reasoning, if one comes."""
        seen = self._tail + text
        closing = CLOSING.search(seen)
        end = len(text) if closing is None else closing.end() - len(self._tail)
        self._loose.append(text[:end])
        self._tail = seen[-MAX_TAG:] if closing is None else ""
        self._place = _Place.LOOSE if closing is None else _Place.HEAD
        return text[end:]

    def _items(self, text: str) -> list[Draft | Reject]:
        found: list[Draft | Reject] = []
        for piece in self._cutter.feed(text):
            found.append(self._read(piece))
            if self.items > MAX_ITEMS:
                break
        self._has_draft = self._has_draft or any(isinstance(each, Draft) for each in found)
        self.is_open = self._cutter.is_open
        if self._has_draft:
            self._loose.clear()
        else:
            self._loose.append(text if self.is_open else text[: self._cutter.position])
        if not self.is_open:
            self._place = _Place.BEHIND if self._has_draft else _Place.LOOSE
        return found

    def _search(self) -> list[Draft | Reject]:
        text = "".join((*self._loose, self._head))
        answer = find_answer(text)
        if answer is None or (self._has_list and not answer.drafts):  # its rejects are known already
            return []
        self.is_open, self.items = answer.is_open, len(answer.found)
        self.mended.update(answer.mended)
        if len(answer.found) > MAX_ITEMS:
            answer.found[MAX_ITEMS:] = [self._stop("too_many_items", f"more than {MAX_ITEMS} items")]
        return answer.found

    def _without_items(self, *, is_whole: bool) -> str:
        if self._place is _Place.REASONING:
            return "the answer ended within its reasoning"
        if not is_whole:
            return "the answer broke off before it was clear which part of it was meant"
        return 'the answer holds no JSON object with a list "items"'


def decode(text: str) -> Decoded:
    """Read the items of a whole answer. Never raises: what cannot be read is a reject."""
    scanner = ItemScanner()
    found = [*scanner.feed(text), *scanner.end()]
    drafts = tuple(piece for piece in found if isinstance(piece, Draft))
    rejects = tuple(piece for piece in found if isinstance(piece, Reject))
    return Decoded(drafts, rejects, dict(+scanner.mended))
