"""Whether a vendor is to be asked now: it rests after failures in a row, and one request probes whether it is back.

Transport and content are counted apart: a vendor that answers with rubbish is up, and one that is down has said nothing
about its answers. A vendor that only solved has shown that it is up, and nothing about what it writes.
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
FATAL = frozenset({CallOutcome.UNAUTHORIZED, CallOutcome.MODEL_NOT_FOUND})


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
        self._opened_until: float | None = None
        self._opened_by: CallOutcome | None = None
        self._resting_until = 0.0
        self._is_probing = False
        self._is_out = False
        self.reason: CallOutcome | None = None

    @property
    def is_out(self) -> bool:
        """Whether only a change of the configuration can bring the vendor back."""
        return self._is_out

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
        state = self.state(now)
        return state is State.CLOSED or (state is State.HALF_OPEN and not self._is_probing)

    def seconds_to_rest(self, now: float) -> float:
        """What is left of the pause that the vendor asked for."""
        return max(0.0, self._resting_until - now)

    def seconds_to_ready(self, now: float) -> float:
        """How long until the vendor may be asked again; of several that are not ready the least is the least bad."""
        return max(self.seconds_to_rest(now), (self._opened_until or now) - now, 0.0)

    def start(self, *, solves: bool = False) -> bool:
        """Note that a request begins; tells whether it is the probe of a vendor that is not closed.

        One that solves says nothing about a vendor that rests for what it wrote.
        """
        tells = not solves or self._opened_by not in CONTENT_FAILURES
        is_probe = self._opened_until is not None and not self._is_probing and tells
        self._is_probing = self._is_probing or is_probe
        return is_probe

    def end(
        self,
        outcome: CallOutcome,
        now: float,
        *,
        is_probe: bool,
        accepted: int = 0,
        retry_after: float | None = None,
        solved: bool = False,
    ) -> None:
        """Note how a request ended.

        What is neither success nor failure of the vendor (the time of the request ran out, another one was faster)
        leaves the standing as it was. A truncated answer that brought items is no failure either. With `solved` it was
        an answer to questions, and any answer at all means that the vendor is up.
        """
        if is_probe:
            self._is_probing = False
        if retry_after is not None:
            self._rest(now, retry_after)
        if outcome in FATAL:
            self._is_out, self.reason = True, outcome
        elif outcome in TRANSPORT_FAILURES:
            self._transport += 1
            self._fail(outcome, now, self._transport, is_probe)
        elif solved:
            self._answered(outcome)
        elif outcome is CallOutcome.OK:
            self._close()
        elif outcome in CONTENT_FAILURES and not accepted:
            self._transport, self._content = 0, self._content + 1
            self._fail(outcome, now, self._content, is_probe)

    def _rest(self, now: float, asked: float) -> None:
        """A vendor that asked for more than it gets is probed afterwards; it may be right."""
        self._resting_until = max(self._resting_until, now + min(asked, MAX_REST_SECONDS))
        if asked > MAX_REST_SECONDS:
            self._open(CallOutcome.RATE_LIMITED, self._resting_until)

    def _answered(self, outcome: CallOutcome) -> None:
        if outcome is not CallOutcome.OK and outcome not in CONTENT_FAILURES:
            return
        self._transport = 0
        if self._opened_by not in CONTENT_FAILURES:
            self._opened_until = self._opened_by = None
        if self.reason not in CONTENT_FAILURES:
            self.reason = None

    def _close(self) -> None:
        self._transport = self._content = 0
        self._opened_until = self._opened_by = self.reason = None

    def _open(self, outcome: CallOutcome, until: float) -> None:
        self._opened_until, self._opened_by = until, outcome

    def _fail(self, outcome: CallOutcome, now: float, count: int, is_probe: bool) -> None:
        self.reason = outcome
        if is_probe or (self._opened_until is None and count >= self._limits.failures):
            self._open(outcome, now + self._limits.open_seconds)
