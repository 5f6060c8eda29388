"""Whether a vendor is to be asked now: it rests after failures in a row, and one request probes whether it is back.

Transport and content are counted apart: a vendor that answers with rubbish is up, and one that is down has said nothing
about its answers.
"""

from enum import StrEnum

from providers.base import Outcome
from providers.config import Breaker as Limits

TRANSPORT_FAILURES = frozenset(
    {
        Outcome.STALLED,
        Outcome.TIMED_OUT,
        Outcome.UNREACHABLE,
        Outcome.RATE_LIMITED,
        Outcome.VENDOR_BROKEN,
        Outcome.MALFORMED,  # 200 with something else: usually a proxy or a gateway in between
        Outcome.UNEXPECTED,
    }
)
CONTENT_FAILURES = frozenset(
    {Outcome.UNUSABLE, Outcome.EMPTY, Outcome.CONTENT_REFUSED, Outcome.REQUEST_REJECTED, Outcome.TRUNCATED}
)
FATAL = frozenset({Outcome.UNAUTHORIZED, Outcome.MODEL_NOT_FOUND})


class State(StrEnum):
    """How a vendor stands."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    RESTING = "resting"
    OUT = "out"


class Breaker:
    """The standing of one vendor. Moments are seconds on the monotonic clock, given by the caller."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._transport = 0
        self._content = 0
        self._opened_until: float | None = None
        self._resting_until = 0.0
        self._is_probing = False
        self._is_out = False
        self.reason: Outcome | None = None

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

    def start(self) -> bool:
        """Note that a request begins; tells whether it is the probe of a vendor that is not closed."""
        is_probe = self._opened_until is not None and not self._is_probing
        self._is_probing = self._is_probing or is_probe
        return is_probe

    def end(
        self, outcome: Outcome, now: float, *, is_probe: bool, accepted: int = 0, retry_after: float | None = None
    ) -> None:
        """Note how a request ended.

        What is neither success nor failure of the vendor (the time of the request ran out, another one was faster)
        leaves the standing as it was. A truncated answer that brought items is no failure either.
        """
        if is_probe:
            self._is_probing = False
        if retry_after is not None:
            self._resting_until = max(self._resting_until, now + retry_after)
        if outcome in FATAL:
            self._is_out, self.reason = True, outcome
        elif outcome is Outcome.OK:
            self._close()
        elif outcome in TRANSPORT_FAILURES:
            self._transport += 1
            self._fail(outcome, now, self._transport, is_probe)
        elif outcome in CONTENT_FAILURES and not accepted:
            self._transport, self._content = 0, self._content + 1
            self._fail(outcome, now, self._content, is_probe)

    def _close(self) -> None:
        self._transport = self._content = 0
        self._opened_until = self.reason = None

    def _fail(self, outcome: Outcome, now: float, count: int, is_probe: bool) -> None:
        self.reason = outcome
        if is_probe or (self._opened_until is None and count >= self._limits.failures):
            self._opened_until = now + self._limits.open_seconds
