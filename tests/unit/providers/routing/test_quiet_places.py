"""Calls that nobody waits for take a share of a vendor's places, and never one that somebody waits for."""

import asyncio

from assessment.deadline import Deadline
from assessment.quiet import Quiet
from providers.routing.places import Places
from tests.unit.providers.fake_clock import FakeClock


class Calls:
    """Calls that hold their places until they are told to end."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.begun: list[str] = []
        self.ends: dict[str, asyncio.Event] = {}
        self.tasks: list[asyncio.Task[None]] = []

    def start(self, name: str, quiet: Quiet | None = None) -> None:
        self.ends[name] = asyncio.Event()
        self.tasks.append(asyncio.create_task(self._call(name, quiet)))

    async def _call(self, name: str, quiet: Quiet | None) -> None:
        async with self.places.place(quiet):
            self.begun.append(name)
            await self.ends[name].wait()

    async def end(self, name: str) -> None:
        self.ends[name].set()
        await rest()


async def rest() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def quiet() -> Quiet:
    return Quiet(Deadline(FakeClock(), 60.0))


async def test_quiet_calls_take_no_more_than_their_share() -> None:
    calls = Calls(Places(4, quiet_share=0.5))
    for name in ("q1", "q2", "q3"):
        calls.start(name, quiet())
    await rest()
    assert calls.begun == ["q1", "q2"]
    calls.start("student")
    await rest()
    assert calls.begun == ["q1", "q2", "student"]
    await calls.end("q1")
    assert calls.begun[-1] == "q3"


async def test_a_share_of_few_places_is_one() -> None:
    calls = Calls(Places(1, quiet_share=0.1))
    calls.start("q1", quiet())
    await rest()
    assert calls.begun == ["q1"]


async def test_a_student_who_came_later_gets_the_place_before_a_quiet_call() -> None:
    calls = Calls(Places(1))
    calls.start("first")
    await rest()
    calls.start("q1", quiet())
    calls.start("student")
    await rest()
    await calls.end("first")
    assert calls.begun == ["first", "student"]
    await calls.end("student")
    assert calls.begun == ["first", "student", "q1"]


async def test_a_quiet_call_that_somebody_waits_for_waits_for_its_share_no_longer() -> None:
    calls = Calls(Places(4, quiet_share=0.25))
    wanted = quiet()
    calls.start("q1", quiet())
    calls.start("q2", wanted)
    await rest()
    assert calls.begun == ["q1"]
    wanted.end(30.0)
    await rest()
    assert calls.begun == ["q1", "q2"]


async def test_one_that_is_given_up_while_it_waits_takes_no_place_with_it() -> None:
    calls = Calls(Places(2, quiet_share=0.5))
    calls.start("q1", quiet())
    calls.start("q2", quiet())
    await rest()
    calls.tasks[1].cancel()
    await rest()
    await calls.end("q1")
    calls.start("q3", quiet())
    await rest()
    assert calls.begun == ["q1", "q3"]
