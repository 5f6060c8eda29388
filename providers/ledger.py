"""One record for every call of a vendor, also for a cancelled or a fruitless one. It holds no text and no key."""

from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from assessment.models import Mode
from providers.protocol import CallOutcome


class Purpose(StrEnum):
    """What a request was for: items, other distractors for items, or blind answers to them."""

    WRITE = "write"
    REPAIR = "repair"
    MAP = "map"
    SOLVE = "solve"


class VendorCallRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one request to one vendor.

    `writing_id` is the same for all calls for one set. `seconds` includes the wait for a free place;
    `slice_seconds` is what the call was given. `accepted` counts items that passed every rule (or, for a
    quiz, answers that could be read), `rejected` the others by rule. `mended` counts by rule what
    had to be mended to read the answer. With `is_estimated` the tokens, and so the cost (US dollars, None when no
    price is known), are a guess.
    """

    writing_id: str
    mode: Mode
    vendor: str
    model: str
    started_at: datetime
    seconds: float
    slice_seconds: float
    round_number: int
    part: int
    is_hedge: bool
    outcome: CallOutcome
    response_format: str | None
    wanted: int
    accepted: int
    rejected: dict[str, int]
    input_tokens: int
    output_tokens: int
    is_estimated: bool
    cost: float | None
    prompt_version: str
    config_hash: str
    purpose: Purpose = Purpose.WRITE
    mended: dict[str, int] = {}


class Ledger(Protocol):
    """Where records go. It must not wait: a writing does not stand still for its book-keeping."""

    def record(self, record: VendorCallRecord) -> None:
        """Take a record at once; to be stored later, if it takes time."""


class NoLedger:
    """Keeps nothing; the log has it all."""

    def record(self, record: VendorCallRecord) -> None:
        """Let it go."""
