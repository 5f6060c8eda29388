"""The offline vendor: test mode, demo and tests run on it, without a key and without a network.

It answers in the same JSON text as any vendor, so that its items go through the same checks.
"""

from functools import partial
from random import Random

import msgspec

from assessment.deadline import Deadline
from assessment.models import Skill, Slot
from providers.protocol import (
    Ending,
    Listener,
    MapRequest,
    Order,
    Request,
    RequestRejected,
    ResponseFormat,
    Wanted,
)
from providers.vendors.decode import Draft
from providers.vendors.sandbox.bank import BankItem, bank_for, concepts_for, goes_with, item_about, items_about
from providers.vendors.sandbox.samples import SAMPLES
from providers.vendors.sandbox.stems import SeenStems, again, fill, may_repeat

MAX_LAPS = 1000
SAMPLE_IDS = frozenset(item.id for item in SAMPLES)


class SandboxVendor:
    """Repeatable: the same order gets the same answer from a vendor with the same seed."""

    model = "sandbox"
    response_format: ResponseFormat | None = None

    def __init__(self, name: str = "sandbox", *, seed: str = "") -> None:
        self.name = name
        self._seed = seed

    async def write(self, order: Request, deadline: Deadline, hear: Listener) -> Ending:  # noqa: ARG002 - it answers at once
        """Answer from the item banks and their maps. Raises RequestRejected for all but orders and maps."""
        if isinstance(order, MapRequest):
            about = items_about(order.skill)
            concepts = [concept for concept in concepts_for(order.skill) if concept.id in about]
            hear(msgspec.json.encode({"concepts": concepts[: order.count]}).decode())
            return Ending()
        if not isinstance(order, Order):
            raise RequestRejected(self.name, "the sandbox solves and repairs nothing")
        hear(msgspec.json.encode({"items": self._drafts(order)}).decode())
        return Ending()

    def _drafts(self, order: Order) -> list[Draft]:
        seen = SeenStems(item.stem for item in order.seen)
        stocks: dict[str, list[BankItem]] = {}
        drafts = []
        for wanted in order.wanted:
            stock = stocks.setdefault(wanted.skill_ref, _stock(wanted.slot.skill, order, seen, self._seed))
            if chosen := _asked_for(wanted, seen) or _next_item(stock, wanted, seen):
                stock[:] = [item for item in stock if item is not chosen[0]]
                drafts.append(_draft(*chosen, wanted, self._seed))
        return drafts


def _stock(skill: Skill, order: Order, seen: SeenStems, seed: str) -> list[BankItem]:
    """All items for a skill in this call's order: bank before samples, new before known from another setting.

    A later round has another order, since what the first one offered was not enough. Parallel calls of a round divide
    the stock among themselves, so that none repeats another.
    """
    rng = Random(f"{seed}:{order.round_number}:{skill.skill_id}")  # noqa: S311 - repeatable on purpose, nothing secret
    stock = []
    for items in (bank_for(skill), SAMPLES):
        stock.extend(rng.sample(items, len(items)))
    stock.sort(key=lambda item: seen.in_any_setting(item, skill))
    return stock[order.part :: order.parts]


def _asked_for(wanted: Wanted, seen: SeenStems) -> tuple[BankItem, str] | None:
    """The item about the concept that a slot names, with its stem; none where the bank has none that is new.

    What is asked again comes marked as such: the bank has one side of it.
    """
    slot = wanted.slot
    item = item_about(slot.skill, slot.concept) if slot.concept else None
    if item is None or (seen.in_any_setting(item, slot.skill) and not slot.is_again):
        return None
    stems = (again(fill(item, slot), lap) for lap in range(2 if slot.is_again else 1, MAX_LAPS))
    return next(((item, stem) for stem in stems if stem not in seen), None)


def _concept(item: BankItem, stem: str, wanted: Wanted) -> str | None:
    """What an item tests: by the plan's short id, or else by its name; what comes again tests nothing new."""
    asked = wanted.slot.concept and item_about(wanted.slot.skill, wanted.slot.concept)
    if asked and asked.id == item.id:
        return wanted.concept_ref
    names = {concept.id: concept.name for concept in concepts_for(wanted.slot.skill)}
    return None if may_repeat(stem) else names.get(item.concept)


def _next_item(stock: list[BankItem], wanted: Wanted, seen: SeenStems) -> tuple[BankItem, str] | None:
    """Take the next new item, with its stem: of the bank before the samples.

    First come those that go with the source, and of these such as are as hard as is wanted. One that was shown before,
    in whatever setting, comes again marked as such: a client that rehearses with one student for long would otherwise
    run out of questions.
    """
    for lap in range(1, MAX_LAPS):
        for item in sorted(stock, key=partial(_misfit, wanted.slot)):
            stem = again(fill(item, wanted.slot), lap)
            is_known = lap == 1 and seen.in_any_setting(item, wanted.slot.skill)
            if not is_known and stem not in seen:
                return item, stem
    return None


def _misfit(slot: Slot, item: BankItem) -> tuple[bool, bool, bool]:
    return item.id in SAMPLE_IDS, not goes_with(item, slot.source), item.difficulty != slot.difficulty


def _draft(item: BankItem, stem: str, wanted: Wanted, seed: str) -> Draft:
    options = [item.key, *item.distractors]
    Random(f"{seed}:{item.id}").shuffle(options)  # noqa: S311 - repeatable on purpose, nothing secret
    return Draft(
        skill=wanted.skill_ref,
        source=wanted.source_ref,
        stem=stem,
        options=tuple(options),
        key=options.index(item.key),
        rationale=item.rationale,
        difficulty=item.difficulty,
        concept=_concept(item, stem, wanted),
    )
