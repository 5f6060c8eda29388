"""How long a vendor wants to be left alone, out of the headers of its answer."""

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_EPOCH_SECONDS, _EPOCH_MILLISECONDS = 1e9, 1e12  # a number from here on is a moment and no pause


def pause_in_headers(headers: httpx.Headers, now: datetime, *, is_limited: bool) -> float | None:
    """The pause in seconds: what is asked for, or else, of one that limits the rate, until its limit is reset."""
    if (milliseconds := _number(headers.get("retry-after-ms", ""))) is not None:
        return max(0.0, milliseconds / 1000)
    if value := headers.get("retry-after"):
        seconds = _number(value)
        return _seconds_until(value, now) if seconds is None else max(0.0, seconds)
    resets = [_reset(value, now) for value in _reset_headers(headers)] if is_limited else []
    return max((seconds for seconds in resets if seconds is not None), default=None)


def _reset_headers(headers: httpx.Headers) -> list[str]:
    """When limits are reset of which nothing remains; of a limit that does not tell, it is supposed."""
    names = [name for name in headers if "ratelimit" in name and "reset" in name]
    return [headers[name] for name in names if headers.get(name.replace("reset", "remaining"), "0") == "0"]


def _reset(value: str, now: datetime) -> float | None:
    """From the forms in which makers write it: 6m0s, 220ms, seconds, a moment as a number, or a date."""
    if parts := _DURATION.findall(value):
        return sum(float(number) * _UNITS[unit] for number, unit in parts)
    number = _number(value)
    if number is None:
        return _seconds_until(value, now)
    if number >= _EPOCH_SECONDS:
        number = number / (1000 if number >= _EPOCH_MILLISECONDS else 1) - now.timestamp()
    return max(0.0, number)


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return None if math.isnan(number) else number


def _seconds_until(date: str, now: datetime) -> float | None:
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(date)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return max(0.0, (moment - now).total_seconds())
        except (ValueError, TypeError, OverflowError):  # no date, or none that there is
            continue
    return None
