"""Work on the vendors' own loop: what it gives, what it raises, and that nothing of it is left behind."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest
import structlog

from assessment.errors import GenerationFailed
from providers.writing.own_loop import OwnLoop
from tests.own_logs import own_logs


@pytest.fixture
async def loop() -> AsyncIterator[OwnLoop]:
    loop = OwnLoop()
    loop.start()
    yield loop
    await loop.close()


async def test_work_is_done_on_another_thread_and_its_result_comes_back(loop: OwnLoop) -> None:
    async def work() -> int:
        return threading.get_ident()

    assert await loop.run(work()) != threading.get_ident()


async def test_what_the_work_raises_is_raised_here(loop: OwnLoop) -> None:
    async def work() -> None:
        raise GenerationFailed

    with pytest.raises(GenerationFailed):
        await loop.run(work())


async def test_the_work_knows_whose_it_is(loop: OwnLoop) -> None:
    async def work() -> str:
        await asyncio.sleep(0)
        return str(structlog.contextvars.get_contextvars().get("verification_id"))

    async def ask(verification_id: str) -> str:
        structlog.contextvars.bind_contextvars(verification_id=verification_id)
        return await loop.run(work())

    asked = [f"ver_test_{number}" for number in range(5)]
    assert await asyncio.gather(*map(ask, asked)) == asked


async def test_cancelling_the_waiting_cancels_the_work(loop: OwnLoop) -> None:
    begun, ended = threading.Event(), threading.Event()

    async def work() -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            ended.set()

    waiting = asyncio.create_task(loop.run(work()))
    assert await asyncio.to_thread(begun.wait, 5)
    waiting.cancel()
    await asyncio.wait({waiting})
    assert await asyncio.to_thread(ended.wait, 5)


async def test_closing_ends_what_still_runs_and_the_thread() -> None:
    others = _vendor_threads()
    loop, begun = OwnLoop(), threading.Event()
    loop.start()

    async def work() -> None:
        begun.set()
        await asyncio.Event().wait()

    waiting = asyncio.create_task(loop.run(work()))
    assert await asyncio.to_thread(begun.wait, 5)
    await loop.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert _vendor_threads() == others


async def test_a_loop_that_something_blocks_does_not_keep_the_rest_from_being_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("providers.writing.own_loop.CLOSING_SECONDS", 0.01)
    loop, begun, release = OwnLoop(), threading.Event(), threading.Event()
    loop.start()

    async def block() -> None:
        begun.set()
        release.wait()  # as a library does that asks the network in the event loop

    blocking = asyncio.create_task(loop.run(block()))
    assert await asyncio.to_thread(begun.wait, 5)
    with own_logs() as logs:
        await loop.close()
    assert [it["event"] for it in logs] == ["vendors_loop_does_not_end"]
    monkeypatch.undo()
    release.set()
    await blocking
    await loop.close()


def _vendor_threads() -> set[int | None]:
    return {thread.ident for thread in threading.enumerate() if thread.name == "vendors"}
