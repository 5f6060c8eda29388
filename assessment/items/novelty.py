"""Rule 24: a student is not asked again what the student was asked before, in whatever verification.

Two stems are compared by their content words, and by their runs of four words (w-shingling; Broder, 1997) without the
clause that sets the scene: "In your project X, ..." is common to quite different questions, and changes where the same
question comes back in another setting. What is compared is kept as a *signature* of fixed size: two bitmaps into which
the words are hashed, and digests of skill and key. A comparison is then two operations on whole numbers, so a thousand
seen items cost a few milliseconds. With 1,024 bits for the twenty or so runs of a stem, two of them fall into one bit
so rarely that a similarity is off by about 0.02.
"""

import hashlib
import struct
from collections.abc import Iterable
from functools import lru_cache
from typing import Protocol
from zlib import crc32

import msgspec

from assessment.findings import Finding, hard
from assessment.items.text import REMEMBERED, content_words, fold, runs, words
from assessment.models import SeenItem

SAME_RUNS = 0.5  # share of runs of four words in common: the same stem
SAME_CONTENT = 0.6  # share of content words in common: the same stem in another order, or with words exchanged
SAME_KEY_CONTENT = 0.25  # the same for an item of the same skill with the same key
TELLING_KEY_WORDS = 5  # a key of so many words is not right for two different questions by chance
RUN_WORDS = 4
MIN_CONTENT = 4
MAX_SETTING_WORDS = 25
MIN_QUESTION_WORDS = 7

VERSION = 1
_RUN_BYTES, _CONTENT_BYTES, _DIGEST_BYTES = 128, 64, 8
_LAYOUT = struct.Struct(f">BB{_DIGEST_BYTES}s{_DIGEST_BYTES}s{_RUN_BYTES}s{_CONTENT_BYTES}s")


class Askable(Protocol):
    """An item or a question."""

    @property
    def skill_id(self) -> str:
        """The skill it is about."""

    @property
    def stem(self) -> str:
        """What it asks."""

    @property
    def options(self) -> tuple[str, ...]:
        """Its options."""

    @property
    def key(self) -> int:
        """The index of the right one."""


class Trace(msgspec.Struct, frozen=True):
    """What two items are compared by: bitmaps as whole numbers, with the number of bits set."""

    skill: bytes
    key: bytes
    key_words: int
    runs: int
    run_count: int
    content: int
    content_count: int


def trace_of(item: Askable) -> Trace:
    """The trace of an item."""
    key = item.options[item.key]
    return _trace(item.stem, _digest(item.skill_id), _digest(fold(key)), min(len(words(key)), 255))


def signature(item: Askable) -> bytes:
    """A trace as it is stored: 210 bytes."""
    trace = trace_of(item)
    return _LAYOUT.pack(
        VERSION,
        trace.key_words,
        trace.skill,
        trace.key,
        trace.runs.to_bytes(_RUN_BYTES, "big"),
        trace.content.to_bytes(_CONTENT_BYTES, "big"),
    )


class Seen:
    """All that a student was shown, ready to be compared with."""

    def __init__(self, items: Iterable[SeenItem] = ()) -> None:
        self._traces = [_stored(item) for item in items]

    def add(self, item: Askable) -> None:
        """Note an item that is going to be shown."""
        self._traces.append(trace_of(item))

    def find(self, item: Askable) -> Finding | None:
        """Tell whether something like this item was shown before."""
        trace = trace_of(item)
        for seen in self._traces:
            if why := _alike(trace, seen):
                return hard("novelty", why)
        return None


def without_setting(stem: str) -> str:
    """The stem without a first line or clause that sets the scene, where what follows can stand by itself."""
    line, _, question = stem.partition("\n")
    asks_below = "?" in question and "?" not in line
    if asks_below and len(words(line)) <= MAX_SETTING_WORDS and len(words(question)) >= MIN_QUESTION_WORDS:
        return question.strip()
    for separator in (", ", "、", "，"):  # noqa: RUF001 - the commas of other scripts
        setting, found, question = stem.partition(separator)
        if found and len(words(setting)) <= MAX_SETTING_WORDS and len(words(question)) >= MIN_QUESTION_WORDS:
            return question.strip()
    return stem


def _alike(one: Trace, other: Trace) -> str:
    content = _jaccard(one.content, one.content_count, other.content, other.content_count)
    has_content = min(one.content_count, other.content_count) >= MIN_CONTENT
    if content >= SAME_CONTENT and (has_content or one.runs == other.runs):
        return f"{content:.2f} of the words of a stem asked before"
    has_same_key = one.skill == other.skill and one.key == other.key
    if has_same_key and (one.key_words >= TELLING_KEY_WORDS or content >= SAME_KEY_CONTENT):
        return "the key of a question asked before, for the same skill"
    alike = _jaccard(one.runs, one.run_count, other.runs, other.run_count)
    return f"{alike:.2f} of the runs of words of a stem asked before" if alike >= SAME_RUNS else ""


def _jaccard(one: int, one_count: int, other: int, other_count: int) -> float:
    common = (one & other).bit_count()
    union = one_count + other_count - common
    return common / union if union else 1.0


def _stored(item: SeenItem) -> Trace:
    """A trace from its signature; from the stem alone where there is none, or one of another version."""
    if len(item.signature) != _LAYOUT.size or item.signature[0] != VERSION:
        return _trace(item.stem, _digest(item.skill_id), b"", 0)
    _, key_words, skill, key, run_bits, content_bits = _LAYOUT.unpack(item.signature)
    found_runs, content = int.from_bytes(run_bits, "big"), int.from_bytes(content_bits, "big")
    return Trace(skill, key, key_words, found_runs, found_runs.bit_count(), content, content.bit_count())


@lru_cache(maxsize=REMEMBERED)
def _trace(stem: str, skill: bytes, key: bytes, key_words: int) -> Trace:
    question = without_setting(stem)
    found = words(question)
    shingles = frozenset(runs(found, RUN_WORDS)) or {found}
    run_bits = _bitmap((" ".join(run) for run in shingles), _RUN_BYTES)
    content_bits = _bitmap(content_words(stem) or words(stem), _CONTENT_BYTES)
    return Trace(skill, key, key_words, run_bits, run_bits.bit_count(), content_bits, content_bits.bit_count())


def _bitmap(texts: Iterable[str], size: int) -> int:
    bits = 0
    for text in texts:
        bits |= 1 << (crc32(text.encode("utf-8", "surrogatepass")) % (8 * size))
    return bits


@lru_cache(maxsize=REMEMBERED)
def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).digest()
