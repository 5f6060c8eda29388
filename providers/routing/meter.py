"""How a vendor counts tokens, learned from its bills: for calls that end without one."""

from collections import deque
from typing import NamedTuple

from providers.protocol import Usage

CHARACTERS_PER_TOKEN = 4  # of English text, until a bill is known
WINDOW = 64  # bills
HIDES = 1.5  # whoever counts so many times the tokens of its text has thought unseen


class _Bill(NamedTuple):
    read: int
    written: int
    input_tokens: int
    output_tokens: int


class Meter:
    """The last bills of one vendor, each with the characters of the prompt and of the answer."""

    def __init__(self) -> None:
        self._bills: deque[_Bill] = deque(maxlen=WINDOW)

    def note(self, read: int, written: int, usage: Usage) -> None:
        """Add the bill of an answer."""
        if read and written:
            self._bills.append(_Bill(read, written, usage.input_tokens, usage.output_tokens))

    def guess(self, read: int, written: int) -> Usage:
        """What the vendor will count for a prompt, and for as much of an answer as has come.

        Who thinks unseen has done so before the first character, or is at it: all of it is counted.
        """
        if not self._bills:
            return Usage(read // CHARACTERS_PER_TOKEN, -(-written // CHARACTERS_PER_TOKEN))
        all_read, all_written, input_tokens, output_tokens = map(sum, zip(*self._bills, strict=True))
        visible = all_written / CHARACTERS_PER_TOKEN
        hidden = output_tokens - visible if output_tokens > HIDES * visible else 0.0
        per_character = (output_tokens - hidden) / all_written
        return Usage(round(read * input_tokens / all_read), round(hidden / len(self._bills) + written * per_character))
