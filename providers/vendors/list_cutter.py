"""Cuts a JSON list at the end of its items, before any of them is decoded, so that a broken item costs no other.

Every character is looked at once, however small the pieces are.
"""

import re
from collections.abc import Iterator

_IN_STRING = re.compile(r'(?:[^"\\]|\\.)*+', re.DOTALL)
_SIGN = re.compile(r'["\[\]{},]')


class ListCutter:
    """Takes what stands behind the opening bracket of a list, in pieces."""

    def __init__(self) -> None:
        self.is_open = True
        self.position = 0  # in the text fed last: behind the last item, or behind the list once it is closed
        self._pieces: list[str] = []  # of the item that has begun
        self._carry = ""  # a backslash whose partner has not come yet
        self._depth = 0
        self._in_string = False

    def feed(self, text: str, start: int = 0) -> Iterator[str]:
        """Give every item that closes in a text from `start` on."""
        before = len(self._carry)
        text, self._carry = self._carry + text, ""
        begin = position = start
        while self.is_open:
            sign, position = self._next_sign(text, position)
            if not sign:
                self._pieces.append(text[begin:position])
                return
            if (end := self._end_of_item(sign, position)) is not None:
                piece = "".join((*self._pieces, text[begin:end])).strip()
                self._pieces, begin = [], position
                self.position = position - before
                if piece:
                    yield piece

    def rest(self) -> str:
        """Take the item that has begun and not closed; empty where there is none."""
        rest = "".join((*self._pieces, self._carry)).strip()
        self._pieces, self._carry = [], ""
        return rest

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
            self.is_open = sign == ","
            return position - 1
        self._depth -= sign != ","
        return None if self._depth or sign == "," else position


def _end_of_string(text: str, position: int) -> int:
    inside = _IN_STRING.match(text, position)
    return inside.end() if inside else position
