"""Chains of an author who always breaks one rule and a sound one: the sets have to come all the same."""

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from random import Random

import msgspec

from assessment.deadline import Deadline, SystemClock
from assessment.errors import GenerationFailed
from assessment.models import Brief, FormPlan, Item, Mode, SourceItem, SourceKind
from assessment.sets.blueprint import plan
from bench.kept_attempts import KeptAttempts
from bench.quality.habits import Draft, Habit, HabitAuthor, plain
from bench.quality.sets import BUDGET_SECONDS, skills_of
from fakes.golden.mutants import MUTANTS, Mutation
from providers.config import Questions
from providers.protocol import Order, Wanted
from providers.routing.chain import Chain
from providers.routing.upstream import FREE, Upstream
from providers.writing.writer import Writer

CHAIN_SETS = 50
HABITUAL, SOUND = "habitual", "sound"

_OWN_TEXT = "Planned the move of nine exhibitions in stages and trained a team of fourteen volunteers."
SOURCES = (
    SourceItem("museum", SourceKind.PROJECT, "Relaunch of the harbour museum", (("description", _OWN_TEXT),)),
    SourceItem("work", SourceKind.EXPERIENCE, "Coordinator", (("organisation", "Brightwater Logistics"),)),
    SourceItem("course", SourceKind.CERTIFICATE, "Safety", (("issuer", "Northgate Academy"),)),
)


class ChainFigures(msgspec.Struct, frozen=True):
    """What became of sets whose first author has this habit; requests to both are those of all sets."""

    habit: str
    sets: int
    complete: int
    habitual_calls: int
    sound_calls: int
    habitual_items: int


def longest(draft: Draft, wanted: Wanted, order: Order, rng: Random) -> Draft:
    """The key says a bit more than the distractors."""
    return _with_key(draft, f"{_key(draft)} again")


def stem_overlap(draft: Draft, wanted: Wanted, order: Order, rng: Random) -> Draft:
    """What is asked repeats a word of the key."""
    return {**draft, "stem": f"{draft['stem'][:-1]}, given the {_key(draft).split()[-1]}?"}


def option_overlap(draft: Draft, wanted: Wanted, order: Order, rng: Random) -> Draft:
    """Every distractor takes a word over from the key."""
    taken = iter(_key(draft).split()[::-1] * 2)
    options = [it if it == _key(draft) else f"{it.rpartition(' ')[0]} {next(taken)}" for it in draft["options"]]
    return {**draft, "options": options}


def most_specific(draft: Draft, wanted: Wanted, order: Order, rng: Random) -> Draft:
    """The key alone has a figure."""
    return _with_key(draft, f"{_key(draft).rpartition(' ')[0]} {rng.randrange(10, 99)}")


def no_absolutes(draft: Draft, wanted: Wanted, order: Order, rng: Random) -> Draft:
    """The distractors alone are absolute."""
    return {**draft, "options": [it if it == _key(draft) else f"Always {it.lower()}" for it in draft["options"]]}


def one_source(draft: Draft, wanted: Wanted, order: Order, rng: Random) -> Draft:
    """All is set in the first source."""
    return {**draft, "source": "p1"}


def one_question(draft: Draft, wanted: Wanted, order: Order, rng: Random) -> Draft:
    """The same question again and again."""
    return {**draft, "stem": "A pump in the cellar runs hot after an hour of work: which part would you look at first?"}


def cross_cues() -> Habit:
    """Each stem repeats the key of the item before."""
    last = "the ordinary plan of work"

    def habit(draft: Draft, wanted: Wanted, order: Order, rng: Random) -> Draft:
        nonlocal last
        told, last = last, _key(draft)
        return {**draft, "stem": f"{draft['stem'][:-1]}, now that somebody did {told.lower()}?"}

    return habit


OF_SETS: Mapping[str, Callable[[], Habit]] = {
    "robots: longest": lambda: longest,
    "robots: stem_overlap": lambda: stem_overlap,
    "robots: option_overlap": lambda: option_overlap,
    "robots: most_specific": lambda: most_specific,
    "robots: no_absolutes": lambda: no_absolutes,
    "cross_cues": cross_cues,
    "coverage": lambda: one_source,
    "novelty": lambda: one_question,
}
HABITS_OF_RULES: tuple[str, ...] = (*MUTANTS, *OF_SETS)


async def measure(habit: str, sets: int = CHAIN_SETS) -> ChainFigures:
    """Have so many sets written by a chain whose first author breaks this rule in every item."""
    make = OF_SETS.get(habit, lambda: partial(_mutated, MUTANTS[habit]))
    authors = HabitAuthor(HABITUAL, make()), HabitAuthor(SOUND, plain, repairs=True)
    attempts, items, complete = KeptAttempts(), Counter[str](), 0
    for number in range(sets):
        writer = Writer(_chain(*authors), Questions(), "chains", ledger=attempts)
        brief = Brief(Mode.LIVE, plan(skills_of(number), SOURCES, FormPlan(), number))
        try:
            written = await writer.write(brief, Deadline(SystemClock(), BUDGET_SECONDS))
        except GenerationFailed:
            continue
        complete += 1
        items.update(item.author.vendor for item in written.items)
    calls = Counter(record.vendor for record in attempts.records)
    return ChainFigures(habit, sets, complete, calls[HABITUAL], calls[SOUND], items[HABITUAL])


def _chain(*authors: HabitAuthor) -> Chain:
    """Every set meets both as strangers, or the habit would be tried a few times in all."""
    return Chain([Upstream(author, 60, 64, price=FREE) for author in authors])


def _mutated(mutations: tuple[Mutation, ...], draft: Draft, wanted: Wanted, order: Order, rng: Random) -> Draft:
    item = Item(
        wanted.skill_ref, wanted.source_ref, draft["stem"], tuple(draft["options"]), draft["key"], draft["rationale"]
    )
    spoilt = rng.choice(mutations)(item)
    fields = {"stem": spoilt.stem, "options": list(spoilt.options), "key": spoilt.key, "rationale": spoilt.rationale}
    return {"skill": spoilt.skill_id, "source": spoilt.source_id, **fields}


def _key(draft: Draft) -> str:
    return str(draft["options"][draft["key"]])


def _with_key(draft: Draft, text: str) -> Draft:
    return {**draft, "options": [text if it == _key(draft) else it for it in draft["options"]]}
