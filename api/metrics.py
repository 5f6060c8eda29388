"""Prometheus figures of every request, labelled with the route's template, never with a path.

Litestar's own middleware makes five metric look-ups and copies its send function for each request, which costs as
much as all of its routing, and it does not see requests that find no route. /metrics itself is Litestar's.
"""

from functools import lru_cache

from prometheus_client import Counter, Histogram

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 90.0)

REQUESTS = Counter("retake_requests", "Requests answered", ("method", "route", "status"))
DURATION = Histogram("retake_request_duration_seconds", "Time to answer", ("method", "route"), buckets=BUCKETS)


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answered request; `route` is empty where none was found."""
    requests, duration = _children(method if method in METHODS else "other", route, status)
    requests.inc()
    duration.observe(seconds)


@lru_cache(maxsize=1024)
def _children(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(method, route, str(status)), DURATION.labels(method, route)
