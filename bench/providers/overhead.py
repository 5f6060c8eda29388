"""CPU of a set beside that of bare calls, and the time to a set beside that of one long call."""

import asyncio
import logging
import statistics
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import NamedTuple

import structlog

from assessment.deadline import Deadline, SystemClock
from bench.providers.baseline import bare_calls
from bench.providers.vendor import KEY, brief, orders_of, read_config, vendor, write_config
from providers import prompts
from providers.build import build_vendors
from providers.config import ProvidersConfig
from providers.snapshot import Snapshot

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))  # a terminal is slow

PAIRS = 60
WARM_UP = 5
SLOW_PAIRS = 3
FIRST_TOKEN_SECONDS, TOKENS_PER_SECOND = 0.5, 80


class Ratio(NamedTuple):
    """Ours, theirs, and ours over theirs: each the median over pairs measured in turns."""

    ours: float
    theirs: float
    ratio: float


async def cpu_ratio(*, stream: bool) -> Ratio:
    """CPU seconds of this process for a set of ten over those for bare calls of the same number and size."""
    with tempfile.TemporaryDirectory() as folder, vendor() as address:
        config = read_config(write_config(Path(folder), address, stream=stream))
        writer = build_vendors(config)
        pairs = [
            (
                await _cpu(_write_and_settle(writer)),
                await _cpu(bare_calls(config.chain[0], KEY, orders_of(config))),
            )
            for _ in range(WARM_UP + PAIRS)
        ]
        return _ratio(pairs[WARM_UP:])


async def time_ratio(per_call: int) -> Ratio:
    """Seconds to a complete set over those of one bare call for ten items, at an everyday vendor's pace."""
    pace = ("--first-token-seconds", str(FIRST_TOKEN_SECONDS), "--tokens-per-second", str(TOKENS_PER_SECOND))
    with tempfile.TemporaryDirectory() as folder, vendor(*pace) as address:
        config = read_config(write_config(Path(folder), address, stream=True, per_call=per_call))
        whole = read_config(write_config(Path(folder), address, stream=True, per_call=10, spare=0))
        writer = build_vendors(config)
        pairs = []
        for _ in range(SLOW_PAIRS):
            begun = time.perf_counter()
            await _write(writer)
            middle = time.perf_counter()
            await bare_calls(whole.chain[0], KEY, orders_of(whole))
            pairs.append((middle - begun, time.perf_counter() - middle))
        return _ratio(pairs)


async def prompt_tokens(per_call: int) -> int:
    """Roughly how many tokens all prompts of a set have, at four characters each."""
    with tempfile.TemporaryDirectory() as folder:
        config: ProvidersConfig = read_config(
            write_config(Path(folder), "http://127.0.0.1:1/v1", stream=True, per_call=per_call)
        )
    built = [prompts.build(order) for order in orders_of(config)]
    return sum(len(prompt.system) + len(prompt.user) for prompt in built) // 4


async def _write(writer: Snapshot) -> None:
    written = await writer.write(brief(), Deadline(SystemClock(), 60.0))
    assert len(written.items) == 10


async def _write_and_settle(writer: Snapshot) -> None:
    """With what goes on for the bill when the set stands."""
    await _write(writer)
    await writer.settled()


async def _cpu(work: Awaitable[object]) -> float:
    begun = time.process_time()
    await work
    await asyncio.sleep(0.005)  # what a call leaves behind belongs to it
    return time.process_time() - begun


def _ratio(pairs: list[tuple[float, float]]) -> Ratio:
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    return Ratio(ours, theirs, statistics.median(one / other for one, other in pairs))
