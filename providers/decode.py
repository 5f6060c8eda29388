"""From a vendor's text to drafts, item by item, so that one bad item costs no other.

The text is cut into items before any of it is decoded: a fence, prose around the object, a broken or a truncated item
then leave the others whole.
"""

import re
from collections.abc import Iterator
from typing import Annotated

import msgspec

MAX_REPLY_CHARACTERS = 200_000
MAX_ITEMS = 60

_LIST_OF_ITEMS = re.compile(r'"items"\s*:\s*\[')
_TOKEN = re.compile(r'"(?:\\.|[^"\\])*+"?|[\[\]{},]', re.DOTALL)


class Draft(msgspec.Struct, frozen=True):
    """An item as a vendor wrote it; `skill` and `source` are the short ids of the order."""

    skill: str
    source: str
    stem: str
    options: Annotated[tuple[str, ...], msgspec.Meta(min_length=4, max_length=4)]
    key: Annotated[int, msgspec.Meta(ge=0, le=3)]
    rationale: str | None = None


class Reject(msgspec.Struct, frozen=True):
    """Why something was not taken: a rule's name, and a reason that quotes nothing of the item."""

    rule: str
    reason: str


class Decoded(msgspec.Struct, frozen=True):
    """All that could be read, and all that could not."""

    drafts: tuple[Draft, ...] = ()
    rejects: tuple[Reject, ...] = ()


def decode(text: str) -> Decoded:
    """Read the items of an answer. Never raises: what cannot be read is a reject."""
    if len(text) > MAX_REPLY_CHARACTERS:
        return _nothing("too_long", f"the answer is longer than {MAX_REPLY_CHARACTERS} characters")
    start = _LIST_OF_ITEMS.search(text)
    if start is None:
        return _nothing("no_items", 'the answer holds no JSON object with a list "items"')
    drafts, rejects = [], []
    for number, piece in enumerate(_pieces(text, start.end()), start=1):
        if number > MAX_ITEMS:
            rejects.append(Reject("too_many_items", f"more than {MAX_ITEMS} items"))
            break
        draft = _draft(piece)
        if isinstance(draft, Draft):
            drafts.append(draft)
        else:
            rejects.append(draft)
    return Decoded(tuple(drafts), tuple(rejects))


def _pieces(text: str, start: int) -> Iterator[str]:
    """Cut a JSON list, whose content begins at `start`, at its commas; its end may be missing."""
    depth = 0
    begin = start
    for token in _TOKEN.finditer(text, start):
        sign = token.group()
        if depth == 0 and sign in (",", "]", "}"):
            if piece := text[begin : token.start()].strip():
                yield piece
            begin = token.end()
            if sign != ",":
                return
        elif sign in ("{", "["):
            depth += 1
        elif sign in ("}", "]"):
            depth -= 1
    if rest := text[begin:].strip():
        yield rest


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


def _nothing(rule: str, reason: str) -> Decoded:
    return Decoded(rejects=(Reject(rule, reason),))
