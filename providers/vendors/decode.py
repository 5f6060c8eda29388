"""From a vendor's text to drafts, item by item as it arrives, so that one bad item costs no other.

The text is cut into items before any of it is decoded: a fence, prose around the object, a broken item or an end that
never comes then leave the others whole. Every character is looked at once, however small the pieces are.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec

MAX_REPLY_CHARACTERS = 200_000
MAX_ITEMS = 60

_LIST_OF_ITEMS = re.compile(r'"items"\s*:\s*\[')
_MAX_OPENING = 64  # characters an opening that is not yet whole may take up
_IN_STRING = re.compile(r'(?:[^"\\]|\\.)*+', re.DOTALL)
_SIGN = re.compile(r'["\[\]{},]')


class Draft(msgspec.Struct, frozen=True):
    """An item as a vendor wrote it; `skill` and `source` are the short ids of the order.

    A `difficulty` of whatever type spoils no item.
    """

    skill: str
    source: str
    stem: str
    options: Annotated[tuple[str, ...], msgspec.Meta(min_length=4, max_length=4)]
    key: Annotated[int, msgspec.Meta(ge=0, le=3)]
    rationale: str | None = None
    difficulty: Any = None


class Reject(msgspec.Struct, frozen=True):
    """Why something was not taken: a rule's name, and a reason that quotes nothing of the item."""

    rule: str
    reason: str


class Decoded(msgspec.Struct, frozen=True):
    """All that could be read, and all that could not."""

    drafts: tuple[Draft, ...] = ()
    rejects: tuple[Reject, ...] = ()


class ItemScanner:
    """Takes an answer in pieces and gives every item of its lists as soon as that closes."""

    def __init__(self) -> None:
        self.characters = 0
        self.items = 0
        self._head = ""  # the end of what was read outside of a list
        self._open: list[str] = []  # the pieces of the item that has begun
        self._carry = ""  # a backslash whose partner has not come yet
        self._depth = 0
        self._in_list = False
        self._in_string = False
        self._found_list = False
        self._full = False

    @property
    def is_open(self) -> bool:
        """Whether the list of items has begun and not ended."""
        return self._in_list

    @property
    def is_full(self) -> bool:
        """Whether nothing more is read, because the answer is too long."""
        return self._full

    def feed(self, text: str) -> list[Draft | Reject]:
        """Read on. Never raises: what cannot be read is a reject."""
        if self._full:
            return []
        room = MAX_REPLY_CHARACTERS - self.characters
        self.characters += len(text)
        found = [self._read(piece) for piece in self._pieces(text[:room])]
        if len(text) > room:
            found.append(self._stop("too_long", f"the answer is longer than {MAX_REPLY_CHARACTERS} characters"))
        elif self.items > MAX_ITEMS:
            found[-1] = self._stop("too_many_items", f"more than {MAX_ITEMS} items")
        return found

    def end(self) -> list[Draft | Reject]:
        """Say that nothing more comes; gives what became of the last item."""
        if self._full:
            return []
        if not self._found_list:
            return [Reject("no_items", 'the answer holds no JSON object with a list "items"')]
        rest = "".join((*self._open, self._carry)).strip()
        self._open, self._carry, self._in_list = [], "", False
        return [self._read(rest)] if rest else []

    def _stop(self, rule: str, reason: str) -> Reject:
        self._full = True
        return Reject(rule, reason)

    def _read(self, piece: str) -> Draft | Reject:
        self.items += 1
        return _draft(piece)

    def _pieces(self, text: str) -> Iterator[str]:
        """Cut the lists at the end of their items; the beginning of an item that is not whole yet is kept."""
        text, self._carry = self._carry + text, ""
        begin = position = 0
        while self.items <= MAX_ITEMS:
            if not self._in_list:
                begin = position = self._enter(text, position)
            if not self._in_list:
                return
            sign, position = self._next_sign(text, position)
            if not sign:
                self._open.append(text[begin:position])
                return
            if (end := self._end_of_item(sign, position)) is not None:
                piece = "".join((*self._open, text[begin:end])).strip()
                self._open, begin = [], position
                if piece:
                    yield piece

    def _next_sign(self, text: str, position: int) -> tuple[str, int]:
        """Find the next bracket or comma outside of strings; gives it and the place behind it, or "" at the end."""
        while True:
            if self._in_string:
                position = _end_of_string(text, position)
                if position == len(text) or text[position] == "\\":
                    self._carry = text[position:]
                    return "", position
                self._in_string = False
                position += 1
            sign = _SIGN.search(text, position)
            if sign is None:
                return "", len(text)
            position = sign.end()
            if sign[0] != '"':
                return sign[0], position
            self._in_string = True

    def _end_of_item(self, sign: str, position: int) -> int | None:
        """Follow the nesting; gives where an item ends, if it ends with this sign."""
        if sign in "{[":
            self._depth += 1
            return None
        if self._depth == 0:
            self._in_list = sign == ","
            return position - 1
        self._depth -= sign != ","
        return None if self._depth or sign == "," else position

    def _enter(self, text: str, start: int) -> int:
        """Look for the opening of a list, also one that began in an earlier piece."""
        known = len(self._head)
        head = self._head + text[start:]
        match = _LIST_OF_ITEMS.search(head)
        if match is None:
            self._head = head[-_MAX_OPENING:]
            return len(text)
        self._head, self._in_list, self._found_list = "", True, True
        return start + match.end() - known


def decode(text: str) -> Decoded:
    """Read the items of a whole answer. Never raises: what cannot be read is a reject."""
    scanner = ItemScanner()
    found = [*scanner.feed(text), *scanner.end()]
    drafts = tuple(piece for piece in found if isinstance(piece, Draft))
    return Decoded(drafts, tuple(piece for piece in found if isinstance(piece, Reject)))


def _end_of_string(text: str, position: int) -> int:
    inside = _IN_STRING.match(text, position)
    return inside.end() if inside else position


def _draft(piece: str) -> Draft | Reject:
    try:
        return msgspec.json.decode(piece.encode(), type=Draft)
    except msgspec.ValidationError as error:
        return Reject("item_shape", str(error))
    except msgspec.DecodeError:
        return Reject("item_json", "the item is not well-formed JSON")
    except UnicodeEncodeError:
        return Reject("item_json", "the item holds a lone surrogate")
    except RecursionError:
        return Reject("item_json", "the item is nested too deeply")
