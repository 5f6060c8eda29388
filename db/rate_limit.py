"""A limit of calls per caller that all server processes count together."""

import hashlib
import math

from assessment.errors import RateLimited
from db.engine import RetakeEngine
from db.sql import fetch


class RateLimiter:
    """At most `calls` in `seconds`, counted from a caller's first call on."""

    def __init__(self, engine: RetakeEngine, calls: int, seconds: int) -> None:
        self._engine = engine
        self._calls = calls
        self._seconds = seconds

    async def count(self, caller: str) -> None:
        """Count one call. Raises RateLimited, with the seconds until the next window, when it is one too many."""
        # a window that begins in the future, after the database's clock stepped back, is over as well
        rows = await fetch(
            self._engine,
            """
            INSERT INTO rate_window (caller, started_at, calls) VALUES ({}, clock_timestamp(), 1)
            ON CONFLICT (caller) DO UPDATE SET
                calls = CASE WHEN rate_window.started_at BETWEEN clock_timestamp() - make_interval(secs => {})
                                                          AND clock_timestamp()
                             THEN rate_window.calls + 1 ELSE 1 END,
                started_at = CASE WHEN rate_window.started_at BETWEEN clock_timestamp() - make_interval(secs => {})
                                                               AND clock_timestamp()
                                  THEN rate_window.started_at ELSE clock_timestamp() END
            RETURNING calls, extract(epoch FROM clock_timestamp() - started_at)::float AS age
            """,
            hashlib.sha256(caller.encode()).digest(),
            self._seconds,
            self._seconds,
        )
        if rows[0]["calls"] > self._calls:
            raise RateLimited(retry_after=max(1, math.ceil(self._seconds - rows[0]["age"])))
