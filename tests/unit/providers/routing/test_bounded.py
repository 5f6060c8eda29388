import asyncio
import gc
from typing import Any

import pytest

from assessment.deadline import Deadline, SystemClock
from providers.routing import bounded as module
from providers.routing.bounded import bounded
from tests.unit.providers.fake_clock import FakeClock
from tests.unit.providers.fakes import StubbornVendor, order


async def test_work_that_ends_in_time_gives_its_result() -> None:
    clock = FakeClock()

    async def work() -> str:
        await clock.sleep(2)
        return "done"

    assert await bounded(work(), Deadline(clock, 3)) == "done"
    assert clock.time == 1002


async def test_work_that_fails_in_time_raises_its_own_exception() -> None:
    async def work() -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError):
        await bounded(work(), Deadline(FakeClock(), 3))


async def test_work_that_hangs_is_left_at_the_deadline() -> None:
    clock = FakeClock()
    with pytest.raises(TimeoutError):
        await bounded(asyncio.Event().wait(), Deadline(clock, 3))
    assert clock.time == 1003


async def test_work_that_cancels_itself_looks_like_a_timeout_and_not_like_the_callers_cancellation() -> None:
    async def work() -> None:
        raise asyncio.CancelledError

    with pytest.raises(TimeoutError):
        await bounded(work(), Deadline(FakeClock(), 3))


async def test_work_that_swallows_cancellation_is_left_at_the_deadline_too_and_held_until_it_ends() -> None:
    vendor, deadline = StubbornVendor(), Deadline(FakeClock(), 3)
    with pytest.raises(TimeoutError):
        await bounded(vendor.write(order(), deadline, print), deadline)
    assert deadline.elapsed == 3
    assert len(_abandoned_here()) == 1
    vendor.released.set()
    await _settle()
    assert not _abandoned_here()


async def test_an_abandoned_task_that_fails_later_warns_nobody(caplog: pytest.LogCaptureFixture) -> None:
    vendor, deadline = StubbornVendor(), Deadline(FakeClock(), 1)
    with pytest.raises(TimeoutError):
        await bounded(vendor.write(order(), deadline, print), deadline)
    await _settle()
    vendor.released.set()
    await _settle()
    gc.collect()
    assert vendor.cancellations == 1
    assert not [record for record in caplog.records if record.name == "asyncio"]
    assert not _abandoned_here()


async def test_a_cancelled_caller_cancels_the_work() -> None:
    vendor = StubbornVendor()
    caller = asyncio.ensure_future(bounded(vendor.write(order(), _hour(), print), _hour()))
    await _settle()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    await _settle()
    assert vendor.cancellations == 1
    vendor.released.set()
    await _settle()


def _abandoned_here() -> list[asyncio.Task[Any]]:
    return [task for task in module._abandoned if task.get_loop() is asyncio.get_running_loop()]


def _hour() -> Deadline:
    return Deadline(SystemClock(), 3600)


async def _settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)
