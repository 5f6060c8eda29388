"""One call in twenty stalls, at every vendor: what hedging makes of it once the vendors are known."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from bench.chaos import ours, router
from bench.chaos.farm import Lane
from bench.chaos.figures import percentile
from bench.chaos.plan import VENDORS, Cell, Scale
from bench.kept_attempts import KeptAttempts

STALLS = "5% stall"
WARM_UP = 30
AT_ONCE = 3
_CELL = Cell("stall", VENDORS, stream=True)


class Stalls(msgspec.Struct, frozen=True):
    """`extra_calls` is a share of the calls that are needed at least."""

    sets: int
    p50: float
    p99: float
    complete: float
    extra_calls: float

    @property
    def ratio(self) -> float:
        return self.p99 / self.p50


async def measure_ours(lane: Lane, sets: int, scale: Scale) -> Stalls:
    """Many sets with one snapshot, which knows its vendors by then."""
    await lane.prepare((STALLS,) * VENDORS, scale.pace, 1)
    writer = ours.snapshot(lane, _CELL, 1, scale, KeptAttempts())
    return await _measure(lane, sets, ours.MINIMUM_CALLS, lambda: ours.timed(writer, scale))


async def measure_router(lane: Lane, sets: int, scale: Scale) -> Stalls:
    """The same with one Router."""
    await lane.prepare((STALLS,) * VENDORS, scale.pace, 1)
    asked = router.router(lane, _CELL, 1, scale)

    async def one() -> tuple[float, bool]:
        seconds, valid, _ = await router.timed(asked, scale, stream=True)
        return seconds, valid == ours.TOTAL

    return await _measure(lane, sets, 1, one)


async def _measure(
    lane: Lane, sets: int, calls_of_set: int, one: Callable[[], Awaitable[tuple[float, bool]]]
) -> Stalls:
    await _many(range(WARM_UP), one)
    before = await lane.calls()
    found = await _many(range(WARM_UP, WARM_UP + sets), one)
    needed = sets * calls_of_set
    seconds = [taken for taken, _ in found]
    return Stalls(
        sets=sets,
        p50=percentile(seconds, 0.5),
        p99=percentile(seconds, 0.99),
        complete=sum(is_complete for _, is_complete in found) / sets,
        extra_calls=(await lane.calls() - before - needed) / needed,
    )


async def _many(sets: range, one: Callable[[], Awaitable[tuple[float, bool]]]) -> list[tuple[float, bool]]:
    waiting, found = iter(sets), list[tuple[float, bool]]()

    async def work() -> None:
        for _ in waiting:
            found.append(await one())

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work())
    return found
