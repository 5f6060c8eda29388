"""What a server has seen, and what it would bill."""

from collections import Counter, deque
from typing import Any

import msgspec

from assessment.deadline import Clock


class Bill(msgspec.Struct):
    """One call: what came of it, and the tokens a vendor would charge for it."""

    number: int
    behaviour: str
    dialect: str
    model: str
    form: str
    streamed: bool
    status: int = 0  # 0: nothing was answered
    prompt_tokens: int = 0
    completion_tokens: int = 0
    bytes_sent: int = 0
    hung_up: bool = False  # the client went away before the end of the answer
    began: float = 0.0
    seconds: float = 0.0


class Totals(msgspec.Struct):
    """Sums over all calls since the last reset; connections and calls in flight are as of now."""

    calls: int = 0
    finished: int = 0
    hung_up: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    connections: int = 0
    open_connections: int = 0
    most_open_connections: int = 0
    bytes_received: int = 0
    bytes_sent: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    by_behaviour: dict[str, int] = msgspec.field(default_factory=dict)
    by_status: dict[str, int] = msgspec.field(default_factory=dict)


class Counters:
    """Counts everything, and keeps the last `keep` requests, keys and bills."""

    def __init__(self, keep: int, clock: Clock) -> None:
        self.keep = keep
        self._clock = clock
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.bills: deque[Bill] = deque(maxlen=keep)
        self.totals = Totals()
        self.by_behaviour: Counter[str] = Counter()
        self.by_status: Counter[int] = Counter()
        self._since = self._clock.monotonic()

    def reset(self) -> None:
        """Forget all but what is open now; a call that began before is not billed any more."""
        self._since = self._clock.monotonic()
        self.requests.clear()
        self.keys.clear()
        self.bills.clear()
        self.by_behaviour.clear()
        self.by_status.clear()
        now = self.totals
        self.totals = Totals(in_flight=now.in_flight, open_connections=now.open_connections)

    def connected(self) -> None:
        """Note a new connection."""
        totals = self.totals
        totals.connections += 1
        totals.open_connections += 1
        totals.most_open_connections = max(totals.most_open_connections, totals.open_connections)

    def disconnected(self) -> None:
        """Note the end of a connection."""
        self.totals.open_connections -= 1

    def arrived(self, body: dict[str, Any], key: str, size: int) -> None:
        """Note a request."""
        totals = self.totals
        totals.calls += 1
        totals.bytes_received += size
        totals.in_flight += 1
        totals.most_in_flight = max(totals.most_in_flight, totals.in_flight)
        if self.keep:
            _push(self.requests, body, self.keep)
            _push(self.keys, key, self.keep)

    def ended(self, bill: Bill) -> None:
        """Note what came of a request."""
        bill.seconds = self._clock.monotonic() - bill.began
        totals = self.totals
        totals.in_flight -= 1
        if bill.began < self._since:
            return
        totals.finished += 1
        totals.hung_up += bill.hung_up
        totals.bytes_sent += bill.bytes_sent
        totals.prompt_tokens += bill.prompt_tokens
        totals.completion_tokens += bill.completion_tokens
        self.by_behaviour[bill.behaviour] += 1
        self.by_status[bill.status] += 1
        self.bills.append(bill)

    def summary(self) -> Totals:
        """The sums, with the tables of behaviours and statuses in them."""
        by_status = {str(status): count for status, count in self.by_status.items()}
        return msgspec.structs.replace(self.totals, by_behaviour=dict(self.by_behaviour), by_status=by_status)


def _push(kept: list[Any], value: object, keep: int) -> None:
    if len(kept) >= keep:
        del kept[0]
    kept.append(value)
