"""The open connections of one process: how many there are, whose they are, and which one has to make room."""

import ipaddress
import time
from collections import Counter
from collections.abc import Callable, Container
from typing import Protocol

import structlog

from serving.limits import Limits

LOG_PAUSE_SECONDS = 60.0

log = structlog.get_logger(__name__)


class Connection(Protocol):
    """A connection that can be told to end at once."""

    def abort(self) -> None: ...


class Connections:
    """Counts connections in total and per client address; addresses of trusted proxies have no bound of their own.

    When all places are taken, the connection that has waited longest without a request under way makes room, so that
    whoever only holds connections keeps nobody out.
    """

    def __init__(
        self, limits: Limits, trusted: Container[str] = (), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limits = limits
        self._trusted = trusted
        self._clock = clock
        self._origin: dict[Connection, str] = {}
        self._waiting: dict[Connection, None] = {}  # those without a request under way, the longest first
        self._per_origin: Counter[str] = Counter()
        self._logged: dict[str, float] = {}

    def admit(self, connection: Connection, address: str) -> bool:
        """Give a new connection a place, if there is one."""
        origin = "" if address in self._trusted else _origin_of(address)
        if origin and self._per_origin[origin] >= self._limits.connections_per_address:
            self._warn("connections_of_one_address_full", self._limits.connections_per_address)
            return False
        if len(self._origin) >= self._limits.connections and not self._make_room():
            return False
        self._origin[connection] = origin
        self._per_origin[origin] += 1
        self._waiting[connection] = None
        return True

    def works(self, connection: Connection) -> None:
        """A request is under way: the connection need not make room."""
        self._waiting.pop(connection, None)

    def waits(self, connection: Connection) -> None:
        """It is answered."""
        if connection in self._origin:
            self._waiting[connection] = None

    def gone(self, connection: Connection) -> None:
        """The connection has ended; one that was not admitted may be told, too."""
        origin = self._origin.pop(connection, None)
        if origin is None:
            return
        self._waiting.pop(connection, None)
        self._per_origin[origin] -= 1
        if not self._per_origin[origin]:
            del self._per_origin[origin]

    def _make_room(self) -> bool:
        self._warn("connections_full", self._limits.connections)
        longest = next(iter(self._waiting), None)
        if longest is None:
            return False
        self.gone(longest)
        longest.abort()
        return True

    def _warn(self, event: str, limit: int) -> None:
        """Say so, but not for every stranger."""
        now = self._clock()
        if now - self._logged.get(event, -LOG_PAUSE_SECONDS) >= LOG_PAUSE_SECONDS:
            self._logged[event] = now
            log.warning(event, limit=limit, working=len(self._origin) - len(self._waiting))


def _origin_of(address: str) -> str:
    """Who this is: the address, or the /64 network that one IPv6 host may choose addresses from."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:  # a socket without addresses
        return ""
    if found.version == 4:
        return address
    return str(found.ipv4_mapped or int(found) >> 64)
