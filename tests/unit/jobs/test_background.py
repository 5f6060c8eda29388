"""Background work goes on whatever goes wrong in it, and what went wrong is told without what it was about."""

import asyncio

import httpx
import pytest
from prometheus_client import REGISTRY

from assessment.errors import ServiceUnavailable
from assessment.places import place_of
from jobs.background import attempted, for_ever
from tests.own_logs import own_logs


def _failures(job: str) -> float:
    return REGISTRY.get_sample_value("retake_background_failures_total", {"job": job}) or 0.0


@pytest.mark.parametrize("error", [ServiceUnavailable(), KeyError("ada@example.org"), RuntimeError()])
async def test_a_job_that_fails_is_done_again(error: Exception) -> None:
    stop, done = asyncio.Event(), list[int]()

    async def job() -> None:
        done.append(len(done))
        if len(done) < 3:
            raise error
        stop.set()

    await for_ever("again", job, 0.0, stop)
    assert done == [0, 1, 2]


async def test_a_failure_is_logged_with_its_place_counted_and_never_quoted() -> None:
    async def job() -> None:
        raise KeyError("ada@example.org")

    before = _failures("quoting")
    with own_logs() as lines:
        await attempted("quoting", job)
    (line,) = lines
    assert (line["event"], line["job"], line["error"]) == ("background_failure", "quoting", "KeyError")
    assert line["at"].startswith(f"{__file__}:")
    assert "ada" not in str(lines)
    assert _failures("quoting") == before + 1


async def test_a_stop_ends_the_pause() -> None:
    stop, done = asyncio.Event(), asyncio.Event()

    async def job() -> None:
        done.set()

    task = asyncio.create_task(for_ever("once", job, 3600.0, stop))
    await done.wait()
    for _ in range(5):  # until it pauses
        await asyncio.sleep(0)
    stop.set()
    await asyncio.wait_for(task, 5)


async def test_cancelling_ends_it() -> None:
    started = asyncio.Event()

    async def job() -> None:
        started.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(for_ever("waiting", job, 0.0, asyncio.Event()))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_the_place_of_an_error_is_in_our_own_code_where_it_passed_through_it() -> None:
    with pytest.raises(httpx.InvalidURL) as caught:
        httpx.URL("http://retake.test:port")  # raised inside of the library
    assert place_of(caught.value).startswith(f"{__file__}:")


def test_the_place_of_an_error_that_was_never_raised_is_unknown() -> None:
    assert place_of(KeyError()) == "unknown"
