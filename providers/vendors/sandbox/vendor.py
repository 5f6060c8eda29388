"""The offline vendor: test mode, demo and tests run on it, without a key and without a network.

It answers in the same JSON text as any vendor, so that its items go through the same checks.
"""

from enum import StrEnum
from random import Random

import msgspec

from assessment.deadline import Deadline
from assessment.models import Skill
from providers.protocol import (
    Ending,
    Listener,
    Order,
    Quiz,
    Request,
    RequestRejected,
    ResponseFormat,
    VendorBroken,
    Wanted,
)
from providers.vendors.decode import Draft
from providers.vendors.sandbox.bank import BankItem, bank_for
from providers.vendors.sandbox.samples import SAMPLES
from providers.vendors.sandbox.stems import SeenStems, again, fill

SLOW_SECONDS = 5.0
MAX_LAPS = 1000


class Scenario(StrEnum):
    """What a test-mode client can rehearse."""

    SLOW = "slow"
    FAIL = "fail"
    PARTIAL = "partial"
    MARKED = "marked"


SCENARIOS = frozenset(scenario.value for scenario in Scenario)


class SandboxVendor:
    """Repeatable for a seed: the same order gets the same answer."""

    model = "sandbox"
    response_format: ResponseFormat | None = None

    def __init__(self, name: str = "sandbox") -> None:
        self.name = name

    async def write(self, order: Request, deadline: Deadline, hear: Listener) -> Ending:
        """Answer from the item banks. Raises VendorBroken in the scenario `fail`, RequestRejected for a quiz."""
        if isinstance(order, Quiz):
            raise RequestRejected(self.name, "the sandbox solves nothing")
        if order.scenario == Scenario.FAIL:
            raise VendorBroken(self.name, "scenario fail")
        if order.scenario == Scenario.SLOW:
            await deadline.clock.sleep(SLOW_SECONDS)
        hear(msgspec.json.encode({"items": _drafts(order)}).decode())
        return Ending()


def _drafts(order: Order) -> list[Draft]:
    seen = SeenStems(item.stem for item in order.seen)
    stocks: dict[str, list[BankItem]] = {}
    drafts = []
    for wanted in order.wanted[: _how_many(order)]:
        stock = stocks.setdefault(wanted.skill_ref, _stock(wanted.slot.skill, order, seen))
        if draft := _next_draft(stock, wanted, order, seen):
            drafts.append(draft)
    return drafts


def _how_many(order: Order) -> int:
    wanted = len(order.wanted)
    if order.scenario == Scenario.PARTIAL and order.round_number == 1:
        return (wanted + 1) // 2
    return wanted


def _stock(skill: Skill, order: Order, seen: SeenStems) -> list[BankItem]:
    """All items for a skill in this call's order: bank before samples, new before known from another setting.

    A later round has another order, since what the first one offered was not enough. Parallel calls of a round divide
    the stock among themselves, so that none repeats another.
    """
    rng = Random(f"{order.seed}:{order.round_number}:{skill.skill_id}")  # noqa: S311 - repeatable on purpose, nothing secret
    stock = []
    for items in (bank_for(skill), SAMPLES):
        stock.extend(rng.sample(items, len(items)))
    stock.sort(key=lambda item: seen.in_any_setting(item.stem, skill))
    return stock[order.part :: order.parts]


def _next_draft(stock: list[BankItem], wanted: Wanted, order: Order, seen: SeenStems) -> Draft | None:
    """Take the next item that is new; one that was shown before, in whatever setting, comes again marked as such.

    A client that rehearses with one student for long would otherwise run out of questions.
    """
    for lap in range(1, MAX_LAPS):
        for position, item in enumerate(stock):
            stem = again(fill(item.stem, wanted.slot), lap)
            is_known = lap == 1 and seen.in_any_setting(item.stem, wanted.slot.skill)
            if not is_known and stem not in seen:
                del stock[position]
                return _draft(item, stem, wanted, order)
    return None


def _draft(item: BankItem, stem: str, wanted: Wanted, order: Order) -> Draft:
    options = [item.key, *item.distractors]
    Random(f"{order.seed}:{item.id}").shuffle(options)  # noqa: S311 - repeatable on purpose, nothing secret
    return Draft(
        skill=wanted.skill_ref,
        source=wanted.source_ref,
        stem=stem,
        options=tuple(options),
        key=options.index(item.key),
        rationale=item.rationale,
    )
