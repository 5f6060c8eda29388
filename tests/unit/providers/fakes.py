"""Vendors that do as they are told, and briefs to give them."""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

from assessment.deadline import Deadline
from assessment.models import Brief, Mode, Skill, Slot, SourceItem, SourceKind
from providers.base import Order, Reply, Usage, VendorError
from providers.orders import Refs

Step = Callable[[Order], str] | Exception | float

SKILLS = (Skill("skill-a", "Astronomy"), Skill("skill-b", "Botany"))
SOURCES = (
    SourceItem("source-1", SourceKind.PROJECT, "Star map", (("description", "A printed map of the northern sky."),)),
    SourceItem("source-2", SourceKind.EXPERIENCE, "Gardener", (("description", "Kept the rose garden."),)),
)


def slots(count: int) -> tuple[Slot, ...]:
    """Slots that go round skills and sources."""
    return tuple(Slot(SKILLS[index % 2], SOURCES[(index // 2) % 2]) for index in range(count))


def brief(count: int = 10, **changes: Any) -> Brief:
    """A brief of `count` slots."""
    return Brief(**{"mode": Mode.LIVE, "slots": slots(count), "seed": "seed", **changes})


def order(count: int = 4, **changes: Any) -> Order:
    """An order of `count` items."""
    refs = Refs(brief(count))
    return Order(**{"wanted": tuple(refs.wanted(slot) for slot in slots(count)), "seed": "seed", **changes})


def item(skill: str = "s1", source: str = "p1", stem: object = "Which one is right?", **changes: Any) -> dict[str, Any]:
    """A good item as a vendor writes it."""
    fields = {"skill": skill, "source": source, "stem": stem, "options": ["One", "Two", "Three", "Four"], "key": 1}
    return {**fields, "rationale": "Two is right.", **changes}


def text_of(items: Sequence[Any]) -> str:
    """A vendor's answer."""
    return json.dumps({"items": items})


def good(order: Order) -> str:
    """All that was asked for; the stems differ by round, call and place."""
    return text_of(
        [
            item(wanted.skill_ref, wanted.source_ref, f"Which one in case {order.round_number}-{order.part}-{index}?")
            for index, wanted in enumerate(order.wanted)
        ]
    )


def first(count: int) -> Callable[[Order], str]:
    """Only the first `count` of the items asked for."""

    def answer(order: Order) -> str:
        return text_of(json.loads(good(order))["items"][:count])

    return answer


def always(text: str) -> Callable[[Order], str]:
    """The same text for every order."""

    def answer(_: Order) -> str:
        return text

    return answer


class ScriptedVendor:
    """Takes one step per call, the last one again and again: an answer, an exception, or seconds of silence."""

    def __init__(self, name: str, *steps: Step) -> None:
        self.name = name
        self.steps = steps or (good,)
        self.orders: list[Order] = []
        self.limits: list[float] = []

    async def write(self, order: Order, deadline: Deadline) -> Reply:
        step = self.steps[min(len(self.orders), len(self.steps) - 1)]
        self.orders.append(order)
        self.limits.append(deadline.remaining)
        if isinstance(step, float):
            await deadline.clock.sleep(step)
            step = good
        if isinstance(step, Exception):
            raise step
        return Reply(self.name, f"{self.name}-model", step(order), usage=Usage(10, 20))


class StubbornVendor:
    """Swallows every cancellation until it is released."""

    name = "stubborn"

    def __init__(self) -> None:
        self.released = asyncio.Event()
        self.cancellations = 0

    async def write(self, order: Order, deadline: Deadline) -> Reply:  # noqa: ARG002 - it listens to nobody
        while not self.released.is_set():
            try:
                await self.released.wait()
            except asyncio.CancelledError:
                self.cancellations += 1
        raise VendorError(self.name, "too late for anybody to see")
