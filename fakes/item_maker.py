"""Any number of items without a fault: no two alike, and no robot better off with them than by guessing.

Their options are all of one length and one build, and share no word with the stem or with each other.
"""

from random import Random
from typing import Any

_VERBS = (
    "Check Close Clean Mount Paint Print Scale Sweep Label Count Weigh Build Carry Store Split Shift "
    "Grind Stack Level Press"
)
_NOUNS = (
    "valve table paper frame crate plant motor brick panel wheel glass spoon chair cable fence shelf "
    "torch brush clock drain"
)
_KINDS = "upper lower outer inner small heavy brown white spare older fresh rough blunt sharp large empty"
_ACTORS = (
    "apprentice supervisor technician librarian gardener accountant translator surveyor inspector "
    "organiser curator dispatcher"
)
_EVENTS = (
    "delivery inspection rehearsal migration harvest audit exhibition handover excavation "
    "translation renovation broadcast"
)
_TROUBLES = (
    "overheats stumbles diverges rusts evaporates escalates freezes oscillates dissolves collapses misfires stagnates"
)
_PLACES = "warehouse laboratory theatre orchard harbour museum bakery clinic workshop observatory quarry greenhouse"
_AIMS = (
    "safety accuracy throughput hygiene fairness legibility stability capacity comfort durability secrecy punctuality"
)
_THINGS = (
    "prototype spreadsheet manuscript turbine vaccine timetable recipe sculpture contract pipeline compass orchestra"
)


_QUALITIES = (
    "portable digital wooden annual regional historic modular foreign borrowed experimental seasonal municipal "
    "floating underground handmade certified leased restored military academic"
)
_PLACE_QUALITIES = (
    "northern eastern coastal alpine suburban crowded private provincial refurbished neighbouring temporary central "
    "remote flooded official rented"
)


def make(serial: object, case: str = "") -> dict[str, Any]:
    """Stem, options, key and rationale; the same for the same serial. `case` goes into the stem as it is."""
    rng = Random(str(serial))  # noqa: S311 - repeatable on purpose
    verbs, kinds, nouns = (rng.sample(words.split(), 4) for words in (_VERBS, _KINDS, _NOUNS))
    return {
        "stem": _stem(rng, case),
        "options": [" ".join((verb, "the", kind, noun)) for verb, kind, noun in zip(verbs, kinds, nouns, strict=True)],
        "key": rng.randrange(4),
        "rationale": "It shows where the trouble begins before anything else is changed.",
    }


def distractors_for(key: str, serial: str) -> list[str]:
    """Three options beside a key that is there: other ones, and as long."""
    padding = " in time" * (1 + len(key) // len(" in time"))
    found = [option for option in make(serial)["options"] if option != key][:3]
    return [
        option if len(option) >= len(key) else f"{option}{padding[: len(key) - len(option) + 3]}".rstrip()
        for option in found
    ]


def _stem(rng: Random, case: str) -> str:
    groups = (_ACTORS, _EVENTS, _TROUBLES, _PLACE_QUALITIES, _PLACES, _AIMS, _QUALITIES, _THINGS)
    actor, event, trouble, where, place, aim, which, thing = (rng.choice(words.split()) for words in groups)
    scene = f"In case {case}, the" if case else "The"
    told = (
        (
            f"{scene} {actor} sees that the {which} {thing} {trouble} at the {where} {place} during the {event}: "
            f"which step serves {aim} best?"
        ),
        (
            f"{scene} {which} {thing} {trouble} while a {actor} prepares the {event} of the {where} {place}: "
            f"what protects {aim}?"
        ),
        (
            f"{scene} {where} {place} learns from its {actor} that a {which} {thing} {trouble} before the {event}: "
            f"how can {aim} be kept up?"
        ),
    )
    return rng.choice(told)


def concepts_for(count: int, seed: object) -> list[dict[str, str]]:
    """So many concepts of one trade, hardly any two alike; the same for the same seed."""
    rng = Random(f"concepts-{seed}")  # noqa: S311 - repeatable on purpose
    pairs = [(kind, noun) for kind in _KINDS.split() for noun in _NOUNS.split()]
    return [_concept(kind, noun, rng) for kind, noun in rng.sample(pairs, min(count, len(pairs)))]


def _concept(kind: str, noun: str, rng: Random) -> dict[str, str]:
    verb, aim = rng.choice(_VERBS.split()).lower(), rng.choice(_AIMS.split())
    return {
        "name": f"{kind.capitalize()} {noun}",
        "tests": f"What to {verb} for the {aim} of the {kind} {noun}",
        "level": rng.choice(("easy", "medium", "medium", "hard")),
    }
