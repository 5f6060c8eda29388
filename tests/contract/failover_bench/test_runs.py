"""Both contestants at the wall, in scenarios that take no time to speak of."""

from collections.abc import AsyncIterator, Iterator

import litellm
import pytest

from bench.failover import report
from bench.failover.__main__ import ENTRANTS
from bench.failover.catalogue import CATALOGUE
from bench.failover.faults import SOUND
from bench.failover.runs import Result, run
from bench.failover.scoring import Ended, Verdict
from bench.failover.wall import Wall

BY_NAME = {scenario.name: scenario for scenario in CATALOGUE}


@pytest.fixture(scope="module", autouse=True)
def _no_callbacks_left() -> Iterator[None]:
    """A Router hangs callbacks into LiteLLM, for every other user of it in this process."""
    names = [name for name, value in vars(litellm).items() if "callback" in name and isinstance(value, list)]
    before = {name: [*getattr(litellm, name)] for name in names}
    yield
    for name, callbacks in before.items():
        getattr(litellm, name)[:] = callbacks


@pytest.fixture(scope="module")
async def wall() -> AsyncIterator[str]:
    async with Wall() as wall:
        yield wall.root_url


async def run_one(name: str, who: str, wall: str) -> Result:
    (entrant,) = (it for it in ENTRANTS if it.name == who)
    return await run(BY_NAME[name], entrant, wall)


async def test_retake_goes_to_the_fallback_and_says_so(wall: str) -> None:
    result = await run_one("S16", report.OURS, wall)
    assert (result.seen.ended, result.seen.is_complete, result.seen.is_alive_after) == (Ended.SUCCESS, True, True)
    assert result.seen.models == (f"openai/{SOUND}",)
    assert len(result.seen.primary) == len(result.seen.fallback) == 1
    assert result.verdict in {Verdict.PASS, Verdict.PARTIAL}


async def test_the_router_asks_the_same_provider_again(wall: str) -> None:
    result = await run_one("S03", report.ROUTER, wall)
    assert (result.verdict, len(result.seen.primary), len(result.seen.fallback)) == (Verdict.PASS, 2, 0)


async def test_the_router_has_no_answer_when_its_stream_is_cut(wall: str) -> None:
    result = await run_one("S08", report.ROUTER, wall)
    assert (result.verdict, result.seen.ended) == (Verdict.SAFE, Ended.ERROR)


async def test_retake_alone_is_not_asked_what_needs_a_fallback(wall: str) -> None:
    result = await run_one("S12", report.ALONE, wall)
    assert (result.verdict, len(result.seen.primary), len(result.seen.fallback)) == (Verdict.SAFE, 1, 0)
