"""The log lines of one test alone, while the app that the whole run shares goes on with its own work."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from structlog import DropEvent
from structlog.testing import capture_logs
from structlog.typing import EventDict, WrappedLogger

_is_ours = ContextVar("is_ours", default=False)


@contextmanager
def own_logs() -> Iterator[list[EventDict]]:
    """Gather what this task logs meanwhile, and every task it starts."""
    token = _is_ours.set(True)
    try:
        with capture_logs(processors=[_only_ours]) as lines:
            yield lines
    finally:
        _is_ours.reset(token)


def _only_ours(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    if not _is_ours.get():
        raise DropEvent
    return line
