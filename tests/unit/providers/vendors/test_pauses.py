"""The pauses that vendors ask for in headers, in all the forms that were seen."""

from datetime import UTC, datetime

import httpx
import pytest

from providers.vendors.pauses import pause_in_headers

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"retry-after": "Sun, 01 Mar 2026 12:00:30 GMT"}, 30),
        ({"retry-after": "7", "x-ratelimit-reset-requests": "9s"}, 7),
        ({"x-ratelimit-reset-requests": "220ms"}, 0.22),
        ({"x-ratelimit-reset-tokens": "6m0.5s", "x-ratelimit-remaining-tokens": "0"}, 360.5),
        ({"x-ratelimit-reset-tokens": "6m0s", "x-ratelimit-remaining-tokens": "12"}, None),
        ({"x-ratelimit-reset": "12"}, 12),
        ({"x-ratelimit-reset": str(int(NOW.timestamp()) + 40)}, 40),
        ({"x-ratelimit-reset": str((int(NOW.timestamp()) + 40) * 1000)}, 40),
        ({"x-ratelimit-reset": str(int(NOW.timestamp()) - 40)}, 0),
        ({"anthropic-ratelimit-requests-reset": "2026-03-01T12:00:05Z"}, 5),
        ({"anthropic-ratelimit-requests-reset": "2026-03-01T12:00:05"}, 5),
        ({"x-ratelimit-reset-requests": "soon"}, None),
        ({"x-ratelimit-reset-requests": "nan"}, None),
        ({}, None),
    ],
)
def test_a_pause_is_read_in_every_form(headers: dict[str, str], seconds: float | None) -> None:
    assert pause_in_headers(httpx.Headers(headers), NOW, is_limited=True) == seconds


def test_a_vendor_that_failed_otherwise_may_tell_when_its_limits_are_reset_without_asking_for_a_pause() -> None:
    headers = httpx.Headers({"x-ratelimit-reset-requests": "9s"})
    assert pause_in_headers(headers, NOW, is_limited=False) is None
