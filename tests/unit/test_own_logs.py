"""The capture that tells a test's own log lines from those of the app beside it."""

import asyncio

import structlog

from tests.own_logs import own_logs

log = structlog.get_logger(__name__)


async def test_lines_of_a_test_and_of_its_tasks_are_captured_and_those_of_a_task_beside_it_are_not() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def say(event: str) -> None:
        log.info(event)

    async def beside() -> None:
        await begun.wait()
        log.info("beside")
        ended.set()

    task = asyncio.create_task(beside())
    with own_logs() as lines:
        log.info("here")
        await asyncio.create_task(say("in a task"))
        begun.set()
        await ended.wait()
    await task
    assert [line["event"] for line in lines] == ["here", "in a task"]
