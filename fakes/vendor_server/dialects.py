"""What every dialect can say, and which one a path speaks."""

from typing import Protocol

import msgspec

from fakes.vendor_server.answers import Answer
from fakes.vendor_server.asked import Asked
from fakes.vendor_server.failures import Failure

LONG_TEXT = 100_000
LONG_PIECE = 65_536


class Events(msgspec.Struct):
    """A stream, event by event: what stands before the text, the text, and what stands behind it."""

    opening: bytes
    pieces: list[bytes]
    closing: bytes


class Dialect(Protocol):
    """One vendor's way to write requests and answers."""

    name: str

    def error(self, failure: Failure) -> bytes:
        """The body that goes with an error status."""
        ...

    def whole(self, asked: Asked, answer: Answer) -> bytes:
        """An answer in one piece."""
        ...

    def events(self, asked: Asked, answer: Answer, characters: int) -> Events:
        """An answer as a stream whose events hold `characters` each."""
        ...

    def error_event(self, failure: Failure) -> bytes:
        """An error in the middle of a stream."""
        ...


def cut(text: str, characters: int) -> list[str]:
    """Cut a text into the pieces of a stream; a very long one into few large ones."""
    size = LONG_PIECE if len(text) > LONG_TEXT else characters
    return [text[start : start + size] for start in range(0, len(text), size)]
