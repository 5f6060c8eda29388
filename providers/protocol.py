"""What a vendor is asked, how it answers, and every way a call can end.

VendorError
├── VendorTimedOut     the call's share of the time ran out
├── Stalled            text came, and then nothing more
├── Unreachable        no connection, or one that broke
├── RateLimited        the vendor asks for a pause
├── Unauthorized       the key or the account was refused
├── ModelNotFound      the vendor does not know the model
├── RequestRejected    the vendor calls the request wrong
│   └── FormatRefused  it is the format of the answer it cannot do; the next request takes another one
├── VendorBroken       the vendor failed inside
├── MalformedReply     an answer that is none of the protocol's
├── EmptyReply         an answer without text
├── ContentRefused     the vendor declines to write about this
├── SpendLimitReached  no call was made: the money that was allowed would not have been enough for it
└── UnexpectedFailure  anything else

A message says what happened in our own words: a vendor's words may quote a key or the prompt.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import ClassVar, Protocol

import msgspec

from assessment.deadline import Deadline
from assessment.models import SeenItem, Skill, Slot


class CallOutcome(StrEnum):
    """How a call ended; this vocabulary is closed."""

    OK = "ok"
    TRUNCATED = "truncated"
    STALLED = "stalled"
    TIMED_OUT = "timed_out"
    OUT_OF_BUDGET = "out_of_budget"
    NO_PLACE = "no_place"
    SPEND_LIMIT = "spend_limit"
    NOT_NEEDED = "not_needed"
    ABANDONED = "abandoned"
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


NEVER_BEGAN = frozenset(
    {
        CallOutcome.NO_PLACE,
        CallOutcome.SPEND_LIMIT,
        CallOutcome.UNREACHABLE,
        CallOutcome.RATE_LIMITED,
        CallOutcome.UNAUTHORIZED,
        CallOutcome.MODEL_NOT_FOUND,
        CallOutcome.REQUEST_REJECTED,
        CallOutcome.VENDOR_BROKEN,
    }
)
"""The vendor has not begun to read, so nothing can be billed."""


class ResponseFormat(StrEnum):
    """From the strictest form to none at all; the prompt carries the schema, and the rules check, with every one."""

    JSON_SCHEMA = "json_schema"
    TOOL = "tool"
    JSON_OBJECT = "json_object"
    PROMPT = "prompt"


class VendorError(Exception):
    """A call without a whole answer; `vendor` is the label of the configuration.

    `retry_after` is the pause in seconds that the vendor asked for.
    """

    outcome: ClassVar[CallOutcome] = CallOutcome.UNEXPECTED
    meaning: ClassVar[str] = "the call failed in an unexpected way"

    def __init__(self, vendor: str, note: str = "", retry_after: float | None = None) -> None:
        super().__init__(f"{vendor}: {self.meaning}{f' ({note})' if note else ''}")
        self.vendor = vendor
        self.retry_after = retry_after


class VendorTimedOut(VendorError):
    outcome = CallOutcome.TIMED_OUT
    meaning = "no complete answer in the time of the call"


class Stalled(VendorError):
    outcome = CallOutcome.STALLED
    meaning = "the answer began and then stood still"


class Unreachable(VendorError):
    outcome = CallOutcome.UNREACHABLE
    meaning = "the connection could not be made or broke"


class RateLimited(VendorError):
    outcome = CallOutcome.RATE_LIMITED
    meaning = "the vendor limits the rate or the quota is used up"


class Unauthorized(VendorError):
    outcome = CallOutcome.UNAUTHORIZED
    meaning = "the vendor refused the API key or the account"


class ModelNotFound(VendorError):
    outcome = CallOutcome.MODEL_NOT_FOUND
    meaning = "the vendor does not know this model or address"


class RequestRejected(VendorError):
    outcome = CallOutcome.REQUEST_REJECTED
    meaning = "the vendor does not accept the request"


class FormatRefused(RequestRejected):
    """The adapter has learned from it: the same vendor may be asked again at once, in another format."""

    meaning = "the vendor cannot answer in the format that was asked for"


class VendorBroken(VendorError):
    outcome = CallOutcome.VENDOR_BROKEN
    meaning = "the vendor failed on its side"


class MalformedReply(VendorError):
    outcome = CallOutcome.MALFORMED
    meaning = "the answer does not follow the vendor's protocol"


class EmptyReply(VendorError):
    """With `has_hidden_answer` its reasoning ends in JSON: some servers put there what a format forces."""

    outcome = CallOutcome.EMPTY
    meaning = "the answer holds no text"

    def __init__(self, vendor: str, *, has_hidden_answer: bool = False) -> None:
        super().__init__(vendor)
        self.has_hidden_answer = has_hidden_answer


class ContentRefused(VendorError):
    outcome = CallOutcome.CONTENT_REFUSED
    meaning = "the vendor declined to write this"


class SpendLimitReached(VendorError):
    outcome = CallOutcome.SPEND_LIMIT
    meaning = "the spend limit would be passed"


class UnexpectedFailure(VendorError):
    outcome = CallOutcome.UNEXPECTED


class Wanted(msgspec.Struct, frozen=True):
    """One item to be written.

    `skill_ref`, `source_ref` and `concept_ref` are the short ids (s1, p1, c1) a vendor sees instead of the platform's
    own; the last is empty where the slot has no concept.
    """

    skill_ref: str
    source_ref: str
    slot: Slot
    concept_ref: str = ""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One request: an item for each entry of `wanted`, of which several may name the same slot.

    `seen` are items that must not come again. `complaints` say why earlier items were rejected. A set is split
    over parallel calls: this is request number `round_number` (from 1) of call number `part` (from 0) of `parts`.
    """

    wanted: tuple[Wanted, ...]
    seen: tuple[SeenItem, ...] = ()
    language: str = "en"
    jurisdiction: str = ""
    complaints: tuple[str, ...] = ()
    round_number: int = 1
    part: int = 0
    parts: int = 1

    def differs_from(self, earlier: "Order") -> bool:
        """Tell whether a vendor would be asked something else: for other items, or with other reasons."""
        return self.wanted != earlier.wanted or self.complaints != earlier.complaints


class QuizEntry(msgspec.Struct, frozen=True):
    """A question without its key, its options in the order in which they are put to a solver."""

    stem: str
    options: tuple[str, ...]


class Quiz(msgspec.Struct, frozen=True):
    """A request to answer questions blind."""

    entries: tuple[QuizEntry, ...]


class Flawed(msgspec.Struct, frozen=True):
    """A question whose stem and right option are good and whose distractors are not."""

    stem: str
    key: str
    distractors: tuple[str, ...]
    reason: str


class Repair(msgspec.Struct, frozen=True):
    """A request for other distractors, three for each entry."""

    entries: tuple[Flawed, ...]
    language: str = "en"


class MapRequest(msgspec.Struct, frozen=True):
    """A request to say what a skill consists of, in so many concepts beside those that are known."""

    skill: Skill
    count: int
    holds: tuple[str, ...] = ()
    language: str = "en"


class Usage(msgspec.Struct, frozen=True):
    """Tokens as the vendor counts them."""

    input_tokens: int = 0
    output_tokens: int = 0


class Ending(msgspec.Struct, frozen=True):
    """What a vendor says when its answer is over; the text itself has gone to the listener."""

    finish_reason: str = "stop"
    usage: Usage | None = None


Request = Order | Quiz | Repair | MapRequest

Listener = Callable[[str], None]
"""Takes a vendor's text piece by piece, unchecked; an empty piece says that the connection is alive."""


class Vendor(Protocol):
    """Somebody who writes items: a model, or the sandbox."""

    @property
    def name(self) -> str:
        """The label in configuration, logs and provenance."""

    @property
    def model(self) -> str:
        """What is recorded as the author of its items."""

    @property
    def response_format(self) -> ResponseFormat | None:
        """The format in which the next answer will be asked for; None for a vendor that needs no telling."""

    async def write(self, order: Request, deadline: Deadline, hear: Listener) -> Ending:
        """Answer a request by calling `hear` with the text as it comes, at once or in pieces.

        Raises VendorError; what was heard before stays heard. May overrun the deadline: callers have to bound it.
        """
