"""Authors with one bad habit each, whose rate is known: what models do, in a form that can be counted."""

import json
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from assessment.deadline import Deadline
from fakes.item_maker import distractors_for, make
from providers.protocol import Ending, Flawed, Listener, Order, Repair, Request, RequestRejected, ResponseFormat, Wanted

Draft = dict[str, Any]
Habit = Callable[[Draft, Wanted, Order, Random], Draft]

LONGEST_SHARE = 0.6  # so often the key is longer than every distractor, as is seen in public sets of AI items
AT_B_SHARE = 0.615  # so often the key stands at B, likewise
REWORDED_SHARE = 0.2  # so many items of a retake are old ones in other words
TRIVIA_SHARE = 0.3  # so many items ask back what the profile tells

_CLOSINGS = ("today", "soon", "again", "first", "twice")
_ADJECTIVES = ("quiet", "recent", "second", "useful", "ordinary", "local")


class HabitAuthor:
    """A vendor in this process. `origins` tells what each stem goes back to: a reworded item is no new one."""

    response_format: ResponseFormat | None = None

    def __init__(self, name: str, habit: Habit, *, repairs: bool = False) -> None:
        self._repairs = repairs
        self.name = self.model = name
        self.origins: dict[str, str] = {}
        self._drafts: dict[str, Draft] = {}
        self._habit = habit
        self._written = 0

    async def write(self, order: Request, deadline: Deadline, hear: Listener) -> Ending:  # noqa: ARG002 - it answers at once
        """Answer at once. Raises RequestRejected for a quiz, and for a repair by one who does none."""
        if isinstance(order, Repair) and self._repairs:
            hear(json.dumps({"repairs": [self._mended(*entry) for entry in enumerate(order.entries, 1)]}))
            return Ending()
        if not isinstance(order, Order):
            raise RequestRejected(self.name)
        hear(json.dumps({"items": [self._item(wanted, order) for wanted in order.wanted]}))
        return Ending()

    def _item(self, wanted: Wanted, order: Order) -> Draft:
        self._written += 1
        rng = Random(f"{self.name}:{self._written}")  # noqa: S311 - repeatable on purpose
        draft = self._from_before(order, rng) if self._habit is reworded else None
        if draft is None:
            draft = self._habit(make(f"{self.name}-{self._written}"), wanted, order, rng)
        self.origins.setdefault(draft["stem"], draft["stem"])
        self._drafts[draft["stem"]] = draft
        return {"skill": wanted.skill_ref, "source": wanted.source_ref, **draft}

    def _mended(self, number: int, entry: Flawed) -> Draft:
        self._written += 1
        return {"question": number, "distractors": distractors_for(entry.key, f"{self.name}-{self._written}")}

    def _from_before(self, order: Order, rng: Random) -> Draft | None:
        """An item of an earlier set with two words exchanged; every second one has other options too."""
        known = [item.stem for item in order.seen if item.signature and item.stem in self._drafts]
        if not known or rng.random() >= REWORDED_SHARE:
            return None
        old = rng.choice(known)
        words = old.split()
        for place in rng.sample(range(2, len(words) - 2), 2):
            words[place] = rng.choice(_ADJECTIVES)
        stem = " ".join(words)
        self.origins[stem] = self.origins[old]
        draft = {**self._drafts[old], "stem": stem}
        if rng.random() < 0.5:
            fresh = make(f"{self.name}-{self._written}-other")
            draft |= {"options": fresh["options"], "key": fresh["key"]}
        return draft


def plain(draft: Draft, wanted: Wanted, order: Order, rng: Random) -> Draft:
    """No habit at all."""
    return draft


def longest_key(draft: Draft, wanted: Wanted, order: Order, rng: Random) -> Draft:
    """The key says a bit more than the distractors."""
    if rng.random() >= LONGEST_SHARE:
        return draft
    options = list(draft["options"])
    options[draft["key"]] += f" {rng.choice(_CLOSINGS)}"
    return {**draft, "options": options}


def key_at_b(draft: Draft, wanted: Wanted, order: Order, rng: Random) -> Draft:
    """The key stands in the second place."""
    if rng.random() >= AT_B_SHARE:
        return draft
    options = [option for index, option in enumerate(draft["options"]) if index != draft["key"]]
    options.insert(1, draft["options"][draft["key"]])
    return {**draft, "options": options, "key": 1}


def reworded(draft: Draft, wanted: Wanted, order: Order, rng: Random) -> Draft:
    """Old items in other words; where there are none yet, new ones."""
    return draft


def biography(draft: Draft, wanted: Wanted, order: Order, rng: Random) -> Draft:
    """What the profile says is asked back."""
    facts = dict(wanted.slot.source.facts)
    if "organisation" not in facts or rng.random() >= TRIVIA_SHARE:
        return draft
    others = rng.sample(
        ("Brightwater Foods", "Kestrel Freight", "Oakline Press", "Silverfern Labs", "Tidewell Bank"), 3
    )
    options = [facts["organisation"], *others]
    rng.shuffle(options)
    title = wanted.slot.source.title
    return {
        **draft,
        "stem": f"For which organisation did you do the work that you describe as “{title}” number {rng.random():.6f}?",
        "options": options,
        "key": options.index(facts["organisation"]),
    }


HABITS: Mapping[str, Habit] = {
    "plain": plain,
    "longest key": longest_key,
    "key at B": key_at_b,
    "reworded retakes": reworded,
    "biography trivia": biography,
}
