"""One item as a vendor wrote it: read as it stands, else mended where what is meant is beyond doubt, else refused."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from providers.vendors.mends import (
    CountedFromOne,
    Unclear,
    mend_fields,
    mend_separators,
    mend_text,
    named_otherwise,
    without_letters,
)


class Draft(msgspec.Struct, frozen=True):
    """An item as a vendor wrote it; `skill` and `source` are the short ids of the order.

    A `difficulty` or `concept` of whatever type spoils no item.
    """

    skill: str
    source: str
    stem: str
    options: Annotated[tuple[str, ...], msgspec.Meta(min_length=4, max_length=4)]
    key: Annotated[int, msgspec.Meta(ge=0, le=3)]
    rationale: str | None = None
    difficulty: Any = None
    concept: Any = None


class Reject(msgspec.Struct, frozen=True):
    """Why something was not taken: a rule's name, and a reason that quotes nothing of the item."""

    rule: str
    reason: str


_DECODER = msgspec.json.Decoder(Draft)


class DraftReader:
    """Reads the items of one answer, and counts in `mended` by rule what was mended of those that can be read."""

    def __init__(self, *, counts_from_one: bool = False) -> None:
        self.mended: Counter[str] = Counter()
        self.counts_from_one = counts_from_one  # perhaps: then no key that is a number is taken

    def read(self, piece: str) -> Draft | Reject:
        """Read an item. Never raises: what cannot be read is a reject."""
        mends: Counter[str] = Counter()
        try:
            draft = _read(piece, mends)
            self._check(draft, mends)
        except Unclear as error:
            self.counts_from_one = self.counts_from_one or isinstance(error, CountedFromOne)
            return Reject(error.rule, error.reason)
        except msgspec.ValidationError as error:
            return Reject("item_shape", str(error))
        except msgspec.DecodeError:
            return Reject("item_json", "the item is not well-formed JSON")
        except UnicodeEncodeError:
            return Reject("item_json", "the item holds a lone surrogate")
        except RecursionError:
            return Reject("item_json", "the item is nested too deeply")
        mends["rationale_missing"] += draft.rationale is None
        self.mended.update(+mends)
        return draft

    def _check(self, draft: Draft, mends: Counter[str]) -> None:
        if not any(map(str.isalnum, draft.stem)):
            raise Unclear("item_shape", "the item is the pattern of the prompt and no question")
        if self.counts_from_one and not (mends["key_letter"] or mends["key_text"]):
            raise CountedFromOne


def read_all(pieces: Sequence[str]) -> tuple[list[Draft | Reject], Counter[str]]:
    """Read a list that is known as a whole: one key that may be counted from one makes all numbers doubtful."""
    reader = DraftReader()
    found = [reader.read(piece) for piece in pieces]
    if reader.counts_from_one:
        reader = DraftReader(counts_from_one=True)
        found = [reader.read(piece) for piece in pieces]
    return found, reader.mended


def _read(piece: str, mends: Counter[str]) -> Draft:
    piece = mend_separators(piece, mends)
    encoded = piece.encode()
    try:
        draft = _DECODER.decode(encoded)
    except msgspec.ValidationError:
        return _mended(msgspec.json.decode(encoded), mends)
    except msgspec.DecodeError:
        text = mend_text(piece, mends)
        if not +mends:
            raise
        return _mended(msgspec.json.decode(text.encode()), mends)
    if named_otherwise(piece):  # a second key may say something else
        return _mended(msgspec.json.decode(encoded), mends)
    options = without_letters(draft.options, mends)
    return draft if options is draft.options else msgspec.structs.replace(draft, options=options)


def _mended(value: object, mends: Counter[str]) -> Draft:
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value.encode())
            mends["encoded_twice"] += 1
        except msgspec.DecodeError:
            pass  # text that is no item: its shape is what is wrong
    return msgspec.convert(mend_fields(value, mends), Draft)
