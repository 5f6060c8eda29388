"""The lines of a vendor's response."""

from collections.abc import AsyncIterator

import pytest

from providers.vendors.transport import VendorResponse


async def lines_of(content: bytes, size: int) -> list[str]:
    """The lines of a body that comes in pieces of some size."""

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(content), size):
            yield content[start : start + size]

    return [line async for line in VendorResponse(200, content=pieces()).aiter_lines()]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("size", [1, 3, 1000])
async def test_lines_end_as_those_of_event_streams_do_and_nowhere_else(line_end: str, size: int) -> None:
    lines = ["data: a\u2028b\x85c\x0bd", "", ": ü", "last"]
    assert await lines_of(line_end.join(lines).encode(), size) == lines
