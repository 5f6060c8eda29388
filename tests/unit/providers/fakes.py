"""Vendors that do as they are told, and briefs to give them."""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

from assessment.deadline import Deadline
from assessment.models import Brief, Mode, Skill, Slot, SourceItem, SourceKind
from fakes.item_maker import make
from providers.config import HedgeLimits
from providers.ledger import VendorCallRecord
from providers.protocol import (
    Ending,
    Listener,
    Order,
    Repair,
    Request,
    RequestRejected,
    ResponseFormat,
    Usage,
    Vendor,
    VendorError,
)
from providers.routing.chain import Chain
from providers.routing.hedge import HedgePolicy
from providers.routing.upstream import Upstream
from providers.writing.orders import Refs

Text = Callable[[Order], str]


class Stream:
    """An answer that comes piece by piece: text, seconds of silence, or an exception that breaks it off."""

    def __init__(self, *parts: Text | str | float | Exception, finish_reason: str = "stop") -> None:
        self.parts = parts
        self.finish_reason = finish_reason


Step = Text | Exception | float | Stream

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
    return Brief(**{"mode": Mode.LIVE, "slots": slots(count), **changes})


def order(count: int = 4, **changes: Any) -> Order:
    """An order of `count` items."""
    refs = Refs(brief(count))
    return Order(**{"wanted": tuple(refs.wanted(slot) for slot in slots(count)), **changes})


def item(
    skill: str = "s1",
    source: str = "p1",
    stem: object = "Which of these steps comes first in such a case?",
    **changes: Any,
) -> dict[str, Any]:
    """A good item as a vendor writes it."""
    return {"skill": skill, "source": source, **make(repr(stem)), "stem": stem, **changes}


def text_of(items: Sequence[Any]) -> str:
    """A vendor's answer."""
    return json.dumps({"items": items})


def cases(order: Order) -> list[str]:
    """What stands in the stems of a good answer, item by item."""
    return [f"{order.round_number}-{order.part}-{index}" for index in range(len(order.wanted))]


def good(order: Order) -> str:
    """All that was asked for; the stems differ by round, call and place."""
    return text_of(
        [
            {"skill": wanted.skill_ref, "source": wanted.source_ref, **make(case, case)}
            for wanted, case in zip(order.wanted, cases(order), strict=True)
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


def opening(count: int) -> Callable[[Order], str]:
    """The beginning of a good answer, up to and including its first `count` items, and a bit of the next one."""

    def answer(order: Order) -> str:
        items = json.loads(good(order))["items"]
        whole = text_of(items[:count])[:-2]
        return whole + (", " if count else "") + json.dumps(items[-1])[:30]

    return answer


async def answer_of(vendor: Vendor, order: Request, deadline: Deadline) -> tuple[str, Ending]:
    """All that a vendor says, and how it ended."""
    pieces: list[str] = []
    ending = await vendor.write(order, deadline, pieces.append)
    return "".join(pieces), ending


class ScriptedVendor:
    """Takes one step per call, the last one again and again: an answer, an exception, or seconds of silence before."""

    response_format: ResponseFormat | None = None

    def __init__(self, name: str, *steps: Step) -> None:
        self.name = name
        self.model = f"{name}-model"
        self.steps = steps or (good,)
        self.repair: Callable[[Repair], str] | float | None = None
        self.repairs: list[Repair] = []
        self.orders: list[Order] = []
        self.limits: list[float] = []
        self.asked_at: list[float] = []
        self.cancelled = 0

    async def write(self, order: Request, deadline: Deadline, hear: Listener) -> Ending:
        if isinstance(order, Repair):
            return await self._mend(order, deadline, hear)
        assert isinstance(order, Order)
        step = self.steps[min(len(self.orders), len(self.steps) - 1)]
        self.orders.append(order)
        self.limits.append(deadline.remaining)
        self.asked_at.append(deadline.clock.monotonic() - 1000)
        try:
            return await self._answer(step, order, deadline, hear)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise

    async def _mend(self, repair: Repair, deadline: Deadline, hear: Listener) -> Ending:
        """Answer with a text, not at all for so many seconds, or not willingly."""
        if self.repair is None:
            raise RequestRejected(self.name)
        self.repairs.append(repair)
        if isinstance(self.repair, float):
            await deadline.clock.sleep(self.repair)
        else:
            hear(self.repair(repair))
        return Ending("stop", Usage(5, 7))

    async def _answer(self, step: Step, order: Order, deadline: Deadline, hear: Listener) -> Ending:
        if isinstance(step, float):
            step = Stream(step, good)
        if not isinstance(step, Stream):
            step = Stream(step)
        for part in step.parts:
            if isinstance(part, Exception):
                raise part
            if isinstance(part, float):
                await deadline.clock.sleep(part)
            else:
                hear(part if isinstance(part, str) else part(order))
        return Ending(step.finish_reason, Usage(10, 20))


class BrokenVendor(ScriptedVendor):
    """Fails in one way for so many seconds from its first call on, and is sound from then on."""

    def __init__(self, name: str, failure: Exception, *, seconds: float) -> None:
        super().__init__(name)
        self._failure, self._seconds = failure, seconds

    async def _answer(self, step: Step, order: Order, deadline: Deadline, hear: Listener) -> Ending:
        is_back = self.asked_at[-1] - self.asked_at[0] >= self._seconds
        return await super()._answer(step if is_back else self._failure, order, deadline, hear)


class StubbornVendor:
    """Swallows every cancellation until it is released."""

    name = "stubborn"
    model = "stubborn-model"
    response_format: ResponseFormat | None = None

    def __init__(self) -> None:
        self.released = asyncio.Event()
        self.cancellations = 0

    async def write(self, order: Request, deadline: Deadline, hear: Listener) -> Ending:  # noqa: ARG002 - it listens to nobody
        while not self.released.is_set():
            try:
                await self.released.wait()
            except asyncio.CancelledError:
                self.cancellations += 1
        hear("too late for anybody to hear")
        raise VendorError(self.name, "too late for anybody to see")


class ListLedger:
    """Keeps its records in a list."""

    def __init__(self) -> None:
        self.records: list[VendorCallRecord] = []

    def record(self, record: VendorCallRecord) -> None:
        self.records.append(record)

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        return [(record.vendor, record.outcome.value) for record in self.records]


NO_HEDGE = HedgeLimits(max_extra_share=0.0)


def chain_of(
    *vendors: ScriptedVendor | StubbornVendor,
    attempt_seconds: float = 30.0,
    max_concurrency: int = 64,
    hedge: HedgeLimits = NO_HEDGE,
) -> Chain:
    """A chain of these vendors, in this order; without hedging unless the test is about it."""
    upstreams = [Upstream(vendor, attempt_seconds, max_concurrency) for vendor in vendors]
    return Chain(upstreams, HedgePolicy(hedge))
