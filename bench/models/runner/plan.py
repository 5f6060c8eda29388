"""What a run consists of: subjects, students, forms, retakes and variants."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from bench.models.runner.students import COUNTERPART, INJECTED, PLAIN, ExampleStudent
from providers.config import SANDBOX, ProvidersConfig

CHAIN = "chain"
MAX_SOLVERS = 2


class Unit(NamedTuple):
    """One simulated student of one subject: a first set and its retakes. A run goes on after whole units."""

    subject: str
    profile: str
    form: int
    variant: str


class Subject(msgspec.Struct, frozen=True):
    """Who is measured: the vendors that make its chain, and those that solve what it writes."""

    name: str
    chain: tuple[str, ...]
    solvers: tuple[str, ...]
    model: str
    label: str


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator asked for; `max_usd` is in US dollars, None without a bound."""

    subjects: tuple[Subject, ...]
    forms: int = 1
    retakes: int = 1
    seed: int = 1
    at_once: int = 4
    max_usd: float | None = None
    has_variants: bool = True


class UnknownVendor(ValueError):
    """A name that the configuration does not know."""


def subjects_of(
    config: ProvidersConfig, wanted: Sequence[str] = (), *, has_chain: bool = False, has_solvers: bool = True
) -> tuple[Subject, ...]:
    """Every vendor alone, or those that are wanted, and the whole chain if asked for. Raises UnknownVendor."""
    vendors = {vendor.name: vendor for vendor in config.settings.vendors}
    for name in wanted:
        if name not in vendors:
            raise UnknownVendor(f"no vendor is called {name!r}; there are {', '.join(vendors)}")
    found = [
        Subject(name, (name,), _solvers(config, (name,)) if has_solvers else (), vendor.model, _label(vendor.model))
        for name, vendor in vendors.items()
        if not wanted or name in wanted
    ]
    if has_chain:
        chain = config.settings.chain
        models = tuple(vendors[name].model for name in chain)
        label = "real" if any(_label(model) == "real" for model in models) else _label(models[0])
        solvers = _solvers(config, chain) if has_solvers else ()
        found.append(Subject(CHAIN, chain, solvers, " > ".join(models), label))
    return tuple(found)


def units(request: Request, subject: Subject, students: Sequence[ExampleStudent]) -> Iterator[Unit]:
    """All units of a subject; the variants are tried on the first form of every student."""
    for form in range(request.forms):
        for student in students:
            yield Unit(subject.name, student.name, form, PLAIN)
    if request.has_variants:
        for variant in (COUNTERPART, INJECTED):
            for student in students:
                yield Unit(subject.name, student.name, 0, variant)


def retakes_of(request: Request, unit: Unit) -> int:
    """Variants are not taken again."""
    return 0 if unit.variant else request.retakes


def _solvers(config: ProvidersConfig, writers: Sequence[str]) -> tuple[str, ...]:
    """Who answers blind: those named in `verify`, or else the first others of the file; never a writer."""
    named = config.settings.verify.solvers if config.settings.verify else ()
    others = [vendor.name for vendor in config.settings.vendors if vendor.model != SANDBOX]
    return tuple(name for name in (named or others) if name not in writers)[:MAX_SOLVERS]


def _label(model: str) -> str:
    if model == SANDBOX:
        return "sandbox"
    return "planted" if model.partition("/")[2].startswith("planted") else "real"
