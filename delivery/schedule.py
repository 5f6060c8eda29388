"""What follows from the outcome of a try: done, again later, or given up."""

from enum import StrEnum

import msgspec

from delivery.sending import Outcome, Verdict

# The contract allows three retries. The first catches a hiccup, the second a restart, the third a short outage; a
# student who waits for the platform to react is not served by later ones.
RETRY_PAUSES = (5.0, 60.0, 600.0)


class Step(StrEnum):
    """What is recorded in the outbox."""

    DELIVERED = "delivered"
    TRY_AGAIN = "try_again"
    UNDELIVERABLE = "undeliverable"


class Settlement(msgspec.Struct, frozen=True):
    """A step, and the receiver's status.

    `after_seconds` counts only for another try, `reason` only where nothing was delivered.
    """

    step: Step
    reason: str = ""
    after_seconds: float = 0.0
    status: int | None = None


def settlement(outcome: Outcome, tries: int) -> Settlement:
    """Decide after a try that `tries` others came before."""
    if outcome.verdict is Verdict.DELIVERED:
        return Settlement(Step.DELIVERED, status=outcome.status)
    if outcome.verdict is Verdict.FAILED and tries < len(RETRY_PAUSES):
        return Settlement(Step.TRY_AGAIN, outcome.reason, RETRY_PAUSES[tries], outcome.status)
    return Settlement(Step.UNDELIVERABLE, outcome.reason, status=outcome.status)
