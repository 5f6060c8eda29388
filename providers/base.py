"""What a vendor is asked, what it answers, and every way an attempt can end.

VendorError
├── AttemptTimedOut    the attempt's share of the time ran out
├── Unreachable        no connection, or one that broke
├── RateLimited        the vendor asks for a pause
├── Unauthorized       the key or the account was refused
├── ModelNotFound      the vendor does not know the model
├── RequestRejected    the vendor calls the request wrong
├── VendorBroken       the vendor failed inside
├── MalformedReply     an answer that is none of the protocol's
├── EmptyReply         an answer without text
├── ContentRefused     the vendor declines to write about this
├── UnexpectedFailure  anything else
└── ChainExhausted     no vendor of a chain is left

A message says what happened in our own words: a vendor's words may quote a key or the prompt.
"""

from enum import StrEnum
from typing import ClassVar, Protocol

import msgspec

from assessment.deadline import Deadline
from assessment.models import Slot


class Outcome(StrEnum):
    """How an attempt ended; this vocabulary is closed."""

    OK = "ok"
    TIMED_OUT = "timed_out"
    UNREACHABLE = "unreachable"
    RATE_LIMITED = "rate_limited"
    UNAUTHORIZED = "unauthorized"
    MODEL_NOT_FOUND = "model_not_found"
    REQUEST_REJECTED = "request_rejected"
    VENDOR_BROKEN = "vendor_broken"
    MALFORMED = "malformed"
    EMPTY = "empty"
    CONTENT_REFUSED = "content_refused"
    UNUSABLE = "unusable"
    UNEXPECTED = "unexpected"
    EXHAUSTED = "exhausted"


class VendorError(Exception):
    """An attempt that gave no answer; `vendor` is the label of the configuration."""

    outcome: ClassVar[Outcome] = Outcome.UNEXPECTED
    meaning: ClassVar[str] = "the attempt failed in an unexpected way"

    def __init__(self, vendor: str, note: str = "") -> None:
        super().__init__(f"{vendor}: {self.meaning}{f' ({note})' if note else ''}")
        self.vendor = vendor


class AttemptTimedOut(VendorError):
    outcome = Outcome.TIMED_OUT
    meaning = "no complete answer in the time of the attempt"


class Unreachable(VendorError):
    outcome = Outcome.UNREACHABLE
    meaning = "the connection could not be made or broke"


class RateLimited(VendorError):
    outcome = Outcome.RATE_LIMITED
    meaning = "the vendor limits the rate or the quota is used up"


class Unauthorized(VendorError):
    outcome = Outcome.UNAUTHORIZED
    meaning = "the vendor refused the API key or the account"


class ModelNotFound(VendorError):
    outcome = Outcome.MODEL_NOT_FOUND
    meaning = "the vendor does not know this model or address"


class RequestRejected(VendorError):
    outcome = Outcome.REQUEST_REJECTED
    meaning = "the vendor does not accept the request"


class VendorBroken(VendorError):
    outcome = Outcome.VENDOR_BROKEN
    meaning = "the vendor failed on its side"


class MalformedReply(VendorError):
    outcome = Outcome.MALFORMED
    meaning = "the answer does not follow the vendor's protocol"


class EmptyReply(VendorError):
    outcome = Outcome.EMPTY
    meaning = "the answer holds no text"


class ContentRefused(VendorError):
    outcome = Outcome.CONTENT_REFUSED
    meaning = "the vendor declined to write this"


class UnexpectedFailure(VendorError):
    outcome = Outcome.UNEXPECTED


class ChainExhausted(VendorError):
    """No vendor is left; `failures` are those of all attempts, in order."""

    outcome = Outcome.EXHAUSTED
    meaning = "no vendor is left"

    def __init__(self, vendor: str, failures: tuple[VendorError, ...]) -> None:
        super().__init__(vendor, ", ".join(f"{failure.vendor} {failure.outcome}" for failure in failures))
        self.failures = failures


class Wanted(msgspec.Struct, frozen=True):
    """One item to be written.

    `skill_ref` and `source_ref` are the short ids (s1, p1) a vendor sees instead of the platform's own.
    """

    skill_ref: str
    source_ref: str
    slot: Slot


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One call: an item for each entry of `wanted`, of which several may name the same slot.

    `seen` are whole stems that must not come again. `complaints` say why earlier items were rejected. A round that is
    split over parallel calls numbers them by `part` (from 0) of `parts`. Vendors in `skip` are not to be asked.
    """

    wanted: tuple[Wanted, ...]
    seen: tuple[str, ...] = ()
    complaints: tuple[str, ...] = ()
    seed: str = ""
    round_number: int = 1
    part: int = 0
    parts: int = 1
    scenario: str | None = None
    skip: frozenset[str] = frozenset()


class Usage(msgspec.Struct, frozen=True):
    """Tokens as the vendor counts them."""

    input_tokens: int = 0
    output_tokens: int = 0


class Reply(msgspec.Struct, frozen=True):
    """A vendor's text, unchecked; `failures` are those of the vendors that were tried before."""

    vendor: str
    model: str
    text: str
    finish_reason: str = "stop"
    usage: Usage = Usage()
    failures: tuple[VendorError, ...] = ()


class Vendor(Protocol):
    """Somebody who writes items: a model, the sandbox, or a chain of vendors."""

    @property
    def name(self) -> str:
        """The label in configuration, logs and provenance."""

    async def write(self, order: Order, deadline: Deadline) -> Reply:
        """Answer an order. Raises VendorError; may overrun the deadline, so that callers have to bound it."""
