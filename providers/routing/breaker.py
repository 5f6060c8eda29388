"""Whether a vendor is to be asked now: it rests after failures in a row, and one request probes whether it is back.

Transport and content are counted apart: a vendor that answers with rubbish is up, and one that is down has said nothing
about its answers.
"""

from enum import StrEnum

from providers.config import BreakerLimits
from providers.protocol import CallOutcome

TRANSPORT_FAILURES = frozenset(
    {
        CallOutcome.STALLED,
        CallOutcome.TIMED_OUT,
        CallOutcome.UNREACHABLE,
        CallOutcome.RATE_LIMITED,
        CallOutcome.VENDOR_BROKEN,
        CallOutcome.MALFORMED,  # 200 with something else: usually a proxy or a gateway in between
        CallOutcome.UNEXPECTED,
    }
)
CONTENT_FAILURES = frozenset(
    {
        CallOutcome.UNUSABLE,
        CallOutcome.EMPTY,
        CallOutcome.CONTENT_REFUSED,
        CallOutcome.REQUEST_REJECTED,
        CallOutcome.TRUNCATED,
    }
)
MAX_REST_SECONDS = 300.0  # of a pause that a vendor asks for: minutes, whether it says a year, infinity or a far date
HANGS = frozenset({CallOutcome.STALLED, CallOutcome.TIMED_OUT})  # each costs a student many seconds
FATAL = frozenset({CallOutcome.UNAUTHORIZED, CallOutcome.MODEL_NOT_FOUND})
REFUSED_SECONDS = 180.0  # who refuses the key on every call for so long means it
OUT_SECONDS = 60.0  # until a vendor that is out is probed again
SHORTER_RESTS = 2  # of a vendor that has just failed, each half as long as the next one


class State(StrEnum):
    """How a vendor stands."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    RESTING = "resting"
    STUCK = "stuck"
    OUT = "out"


class Breaker:
    """The standing of one vendor. Moments are seconds on the monotonic clock, given by the caller."""

    def __init__(self, limits: BreakerLimits | None = None) -> None:
        self._limits = limits or BreakerLimits()
        self._transport = 0
        self._content = 0
        self._rests = 0
        self._opened_until: float | None = None
        self._resting_until = 0.0
        self._refused_since: float | None = None
        self._is_probing = False
        self._is_out = False
        self.reason: CallOutcome | None = None

    def is_barred(self, now: float) -> bool:
        """Whether the vendor is out and not to be probed now, so that it is not even the last chance."""
        return self._is_out and not self.is_ready(now)

    def state(self, now: float) -> State:
        """How the vendor stands at a moment."""
        if self._is_out:
            return State.OUT
        if now < self._resting_until:
            return State.RESTING
        if self._opened_until is None:
            return State.CLOSED
        return State.OPEN if now < self._opened_until else State.HALF_OPEN

    def is_ready(self, now: float) -> bool:
        """Tell whether the vendor may be asked: it is closed, or nobody probes it yet."""
        return not self.seconds_to_ready(now) and (self._opened_until is None or not self._is_probing)

    def seconds_to_rest(self, now: float) -> float:
        """What is left of the pause that the vendor asked for."""
        return max(0.0, self._resting_until - now)

    def seconds_to_ready(self, now: float) -> float:
        """How long until the vendor may be asked again; of several that are not ready the least is the least bad."""
        return max(self.seconds_to_rest(now), (self._opened_until or now) - now, 0.0)

    def start(self) -> bool:
        """Note that a request begins; tells whether it is the probe of a vendor that is not closed."""
        is_probe = self._opened_until is not None and not self._is_probing
        self._is_probing = self._is_probing or is_probe
        return is_probe

    def suspect(self, now: float) -> bool:
        """Open it while a request is listened to that has said nothing yet; tells whether that is the probe."""
        if self._opened_until is None:
            self._opened_until = now
        return self.start()

    def trust(self, now: float, *, is_probe: bool) -> None:
        """End a suspicion: the request that was listened to has shown life."""
        if is_probe and (self.reason is None or self.reason in HANGS):
            self._close()
        self.end(CallOutcome.NOT_NEEDED, now, is_probe=is_probe)

    def end(
        self,
        outcome: CallOutcome,
        now: float,
        *,
        is_probe: bool,
        accepted: int = 0,
        retry_after: float | None = None,
    ) -> None:
        """Note how a request ended.

        What is neither success nor failure of the vendor (the time of the request ran out, another one was faster)
        leaves the standing as it was. A truncated answer that brought items is no failure either.
        """
        if is_probe:
            self._is_probing = False
        if retry_after is not None:
            self._rest(now, retry_after)
        if outcome in FATAL:
            self._refuse(outcome, now)
        elif outcome in TRANSPORT_FAILURES:
            self._transport += 1
            self._fail(outcome, now, self._transport, is_probe)
        elif outcome is CallOutcome.OK:
            self._close()
        elif outcome in CONTENT_FAILURES:
            self._refused_since, self._is_out = None, False
            if not accepted:
                self._transport, self._content = 0, self._content + 1
                self._fail(outcome, now, self._content, is_probe)

    def _rest(self, now: float, asked: float) -> None:
        """A vendor that asked for more than it gets is probed afterwards; it may be right."""
        self._resting_until = max(self._resting_until, now + min(asked, MAX_REST_SECONDS))
        if asked > MAX_REST_SECONDS:
            self._opened_until = self._resting_until

    def _refuse(self, outcome: CallOutcome, now: float) -> None:
        """One refused key may be a mishap of the vendor's; an unknown model is none."""
        self.reason = outcome
        self._refused_since = now if self._refused_since is None else self._refused_since
        lasts = now - self._refused_since >= REFUSED_SECONDS
        self._is_out = self._is_out or lasts or outcome is CallOutcome.MODEL_NOT_FOUND
        self._opened_until = now + (OUT_SECONDS if self._is_out else self._limits.open_seconds)

    def _close(self) -> None:
        self._transport = self._content = self._rests = 0
        self._opened_until = self._refused_since = self.reason = None
        self._is_out = False

    def _fail(self, outcome: CallOutcome, now: float, count: int, is_probe: bool) -> None:
        self.reason = outcome
        has_failed = count >= self._limits.failures or outcome in HANGS
        if is_probe or (self._opened_until is None and has_failed):
            rest = self._limits.open_seconds / 2 ** max(0, SHORTER_RESTS - self._rests)
            self._rests += 1
            self._opened_until = now + (OUT_SECONDS if self._is_out else rest)
