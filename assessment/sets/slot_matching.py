"""Which slot an item is for: better one with its concept and its source than one that only asks about its skill."""

from collections.abc import Callable, Iterable, Sequence

from assessment.models import Item, Slot

Fit = Callable[[Item, Slot], bool]


def is_of_skill(item: Item, slot: Slot) -> bool:
    return item.skill_id == slot.skill.skill_id


def is_about(item: Item, slot: Slot) -> bool:
    """Tell whether an item is of the slot's skill, and of its concept where both have one."""
    has_other = slot.concept and item.concept and item.concept.concept_id != slot.concept.concept_id
    return is_of_skill(item, slot) and not has_other


def is_exact(item: Item, slot: Slot) -> bool:
    return is_about(item, slot) and item.source_id == slot.source.source_id


def is_as_asked(item: Item, slot: Slot) -> bool:
    return is_exact(item, slot) and item.difficulty == slot.difficulty.value


def slot_for(item: Item, slots: Sequence[Slot], among: Iterable[int], fits: Fit) -> int | None:
    """The first of some slots that an item fits; they are named by their numbers."""
    return min((index for index in among if fits(item, slots[index])), default=None)


def placed(items: Iterable[Item], slots: Sequence[Slot]) -> dict[int, Item]:
    """Give every item a slot as far as there are some: as hard as it asks, in its source, its concept, its skill."""
    left, found = list(items), dict[int, Item]()
    for fits in (is_as_asked, is_exact, is_about, is_of_skill):
        for item in tuple(left):
            index = slot_for(item, slots, (it for it in range(len(slots)) if it not in found), fits)
            if index is not None:
                left.remove(item)
                found[index] = item
    return found
