"""What the body of an error says: in which way the vendor failed, and for how long it wants to be left alone.

Statuses, codes and types are looked at, words never; they stand at several depths, as numbers or as text.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from providers.protocol import (
    ContentRefused,
    ModelNotFound,
    RateLimited,
    RequestRejected,
    Unauthorized,
    VendorBroken,
    VendorError,
    VendorTimedOut,
)

MAX_DEPTH = 6

_BY_STATUS: dict[int, type[VendorError]] = {
    401: Unauthorized,
    402: RateLimited,  # the account is empty: filling it needs no new configuration
    403: Unauthorized,
    404: ModelNotFound,
    408: VendorTimedOut,
    429: RateLimited,
}
_BY_CODE: tuple[tuple[re.Pattern[str], type[VendorError]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), error)
    for pattern, error in (
        (r"rate_?limit|too_?many_?requests|quota|resource_?exhausted|throttl|billing|credit", RateLimited),
        (r"content_?(filter|policy)|safety|moderation", ContentRefused),
        (r"overloaded|unavailable|server_?error|internal|api_error|bad_?gateway", VendorBroken),
        (r"timeout|timed_?out|deadline_?exceeded", VendorTimedOut),
        (r"authentication|api_?key|permission|unauthorized|forbidden", Unauthorized),
        (r"not_?found", ModelNotFound),
        (r"invalid|bad_?request|unsupported|context_length|too_large", RequestRejected),
    )
)
_STATUS_NAMES = ("status", "status_code", "statusCode", "code", "http_status", "error_code")
_CODE_NAMES = ("code", "type", "status", "error_type", "reason")
_WORDS = ("message", "detail", "details", "msg")
_PAUSES = {
    "retry_after": 1.0,
    "retryafter": 1.0,
    "retry_after_seconds": 1.0,
    "retrydelay": 1.0,
    "retry_after_ms": 0.001,
}


_QUOTED = re.compile(r"""(?s)(["'`])(?:(?!\1).){40,}\1""")  # longer than a parameter's name: words of the model's


class ErrorBody(msgspec.Struct, frozen=True):
    """A status and what stands in the body beside it."""

    status: int | None
    body: Any = None

    @property
    def codes(self) -> set[str]:
        """The codes and types it names."""
        values = (part.get(name) for part in _parts(self.body) for name in _CODE_NAMES)
        return {value for value in values if isinstance(value, str)}

    @property
    def names(self) -> set[str]:
        """The names of all that is in it."""
        return {name for part in _parts(self.body) for name in part}

    @property
    def parameter(self) -> str:
        """The parameter it blames, if it names one."""
        found = (part.get("param") for part in _parts(self.body))
        return next((value for value in found if value and isinstance(value, str)), "")

    @property
    def words(self) -> str:
        """The vendor's own words; what it quotes at length is the model's, or ours."""
        if isinstance(self.body, str):
            return _QUOTED.sub("", self.body)
        found = (part.get(name) for part in _parts(self.body) for name in (*_WORDS, "error"))
        return _QUOTED.sub("", "\n".join(value for value in found if isinstance(value, str)))

    def is_about(self, parameter: str) -> bool:
        """Whether it blames a parameter, by its field for that or in its words."""
        return parameter in self.parameter or (not self.parameter and parameter in self.words)

    @property
    def failed_answer(self) -> str | None:
        """The text of a model whose answer the vendor did not let pass; None where there was none."""
        found = (part.get("failed_generation") for part in _parts(self.body))
        text = next((value for value in found if isinstance(value, str)), None)
        return "" if text is None and "json_validate_failed" in self.codes else text


def error_of_status(status: int) -> type[VendorError]:
    """The name of a failure by the status of HTTP."""
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return VendorBroken if status >= 500 else RequestRejected


def is_error(body: Any) -> bool:
    """Tell whether a body or an event reports an error, in whatever shape."""
    if not isinstance(body, dict):
        return False
    if body.get("error") or body.get("object") == "error" or body.get("type") == "error" or body.get("errors"):
        return True
    return not body.get("choices") and _status_in([body]) is not None and any(body.get(name) for name in _WORDS)


def named_by_body(body: Any, vendor: str, note: str = "an error within the answer") -> VendorError:
    """Name an error that came with status 200."""
    parts = list(_parts(body))
    status = _status_in(parts)
    error = error_of_status(status) if status is not None else _by_code(parts)
    return error(vendor, note, retry_after=pause_in(body))


def pause_in(body: Any) -> float | None:
    """The pause in seconds that a body asks for, as a number or as Google writes it ("5s")."""
    for part in _parts(body):
        for name, value in part.items():
            unit = _PAUSES.get(name.lower().replace("-", "_"))
            if unit is not None and (seconds := _seconds(value)) is not None:
                return seconds * unit
    return None


def _parts(body: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Every object within a body, the outer ones first."""
    if depth > MAX_DEPTH:
        return
    if isinstance(body, dict):
        yield body
    inner = body.values() if isinstance(body, dict) else body if isinstance(body, list) else ()
    for value in inner:
        yield from _parts(value, depth + 1)


def _status_in(parts: list[dict[str, Any]]) -> int | None:
    for part in parts:
        for name in _STATUS_NAMES:
            value = part.get(name)
            number = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value
            if isinstance(number, int) and 400 <= number < 600:
                return number
    return None


def _by_code(parts: list[dict[str, Any]]) -> type[VendorError]:
    for part in parts:
        for name in _CODE_NAMES:
            value = part.get(name)
            found = (error for pattern, error in _BY_CODE if isinstance(value, str) and pattern.search(value))
            if (error := next(found, None)) is not None:
                return error
    return VendorBroken


def _seconds(value: Any) -> float | None:
    try:
        seconds = float(value.removesuffix("s") if isinstance(value, str) else value)
    except (TypeError, ValueError):
        return None
    return seconds if seconds >= 0 else None  # no number is not
