"""What a sender is and what it reports."""

from enum import StrEnum
from typing import Protocol

import msgspec

from assessment.notices import Message


class Verdict(StrEnum):
    """How a try ended: accepted, worth another try, or refused for good."""

    DELIVERED = "delivered"
    FAILED = "failed"
    REFUSED = "refused"


class Outcome(msgspec.Struct, frozen=True):
    """The end of one try. `reason` is stored and logged, so it never holds an address, a URL or foreign text.

    `status` is the receiver's HTTP status or SMTP code, if it gave one.
    """

    verdict: Verdict
    reason: str = ""
    status: int | None = None


class Sender(Protocol):
    """Sends messages of one channel."""

    async def send(self, message: Message) -> Outcome:
        """Try once, within the sender's own time limit. What the receiver does wrong is an outcome, not an error."""


def delivered(status: int) -> Outcome:
    return Outcome(Verdict.DELIVERED, status=status)


def failed(reason: str, status: int | None = None) -> Outcome:
    return Outcome(Verdict.FAILED, reason, status)


def refused(reason: str, status: int | None = None) -> Outcome:
    return Outcome(Verdict.REFUSED, reason, status)
