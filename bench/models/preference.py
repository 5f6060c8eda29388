"""Which subject to prefer, and the chain that follows from it.

A subject is *reliable* when the interval of its complete sets reaches 95%; reliable ones come first. Among them a
suspicion of wrong keys decides first, since no rule can mend those; then what a complete set costs, since that price
already holds every rejected item and every lost call; then the robots, the share of accepted items, and the 95th
percentile of a set's seconds. A difference that the run does not show decides nothing:
at each criterion all subjects stay in whose interval reaches that of the best, and the next criterion chooses among
those. Of unreliable subjects the share of complete sets is asked first.
"""

import math
from collections.abc import Collection, Mapping, Sequence

from bench.models.figures import Measured, SubjectFigures
from bench.models.metrics import METRICS

RELIABLE = 0.95
CRITERIA = ("key_suspicion", "valid_per_usd", "worst_robot", "accepted_rate", "form_p95")
SANDBOX = "sandbox"
UNKNOWN = Measured(None)


def in_order(subjects: Collection[SubjectFigures]) -> tuple[SubjectFigures, ...]:
    """The subjects, the one to prefer first."""
    reliable = [subject for subject in subjects if is_reliable(subject)]
    others = [subject for subject in subjects if not is_reliable(subject)]
    return (*_ranked(reliable, CRITERIA), *_ranked(others, ("complete_rate", *CRITERIA)))


def is_reliable(subject: SubjectFigures) -> bool:
    """Tell whether 95% complete sets are within what the run leaves possible."""
    high = _figure(subject, "complete_rate").high
    return high is not None and high >= RELIABLE


def recommend(
    subjects: Sequence[SubjectFigures], vendors: Mapping[str, Collection[str]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A chain of at most two vendors, and a sentence for each; empty when none completed a set.

    `subjects` are in order of preference, `vendors` those each subject called. Subjects that are chains themselves are
    passed over: they say how vendors do together.
    """
    single = [subject for subject in subjects if _is_single(subject, subjects, vendors) and _completed(subject)]
    single = [subject for subject in single if subject.label != SANDBOX] or single
    if not single:
        return (), ()
    first = single[0]
    second = _stand_in(first, single[1:])
    if second is None:
        return _vendor(first, vendors), (_first_reason(first),)
    chain = _vendor(first, vendors) + _vendor(second, vendors)
    return chain, (_first_reason(first), _second_reason(first, second))


def _ranked(subjects: Collection[SubjectFigures], criteria: Sequence[str]) -> list[SubjectFigures]:
    remaining = sorted(subjects, key=lambda subject: subject.subject)
    ranked = []
    while remaining:
        candidates = remaining
        for name in criteria:
            candidates = _as_good_as_the_best(candidates, name)
        best = max(candidates, key=lambda subject: _bounds(subject, criteria[-1])[1])
        ranked.append(best)
        remaining = [subject for subject in remaining if subject is not best]
    return ranked


def _as_good_as_the_best(subjects: list[SubjectFigures], name: str) -> list[SubjectFigures]:
    """Those whose interval reaches that of the best; of whom nothing is known only where it is so of all."""
    bounds = [_bounds(subject, name) for subject in subjects]
    low, value, _ = max(bounds, key=lambda each: each[1])
    if value == -math.inf:
        return subjects
    return [subject for subject, each in zip(subjects, bounds, strict=True) if each[2] >= low]


def _bounds(subject: SubjectFigures, name: str) -> tuple[float, float, float]:
    """The low end, the value and the high end, turned so that more is better; sets for nothing have no end."""
    if name == "valid_per_usd" and _figure(subject, "usd_per_accepted").value == 0:
        return math.inf, math.inf, math.inf
    figure = _figure(subject, name)
    if figure.value is None:
        return -math.inf, -math.inf, -math.inf
    low = figure.value if figure.low is None else figure.low
    high = figure.value if figure.high is None else figure.high
    return (low, figure.value, high) if METRICS[name].better == "higher" else (-high, -figure.value, -low)


def _figure(subject: SubjectFigures, name: str) -> Measured:
    return subject.figures.get(name, UNKNOWN)


def _completed(subject: SubjectFigures) -> bool:
    return bool(_figure(subject, "complete_rate").value)


def _is_single(
    subject: SubjectFigures, subjects: Sequence[SubjectFigures], vendors: Mapping[str, Collection[str]]
) -> bool:
    """One vendor was called, and not by a chain that only ever needed its first while that was measured alone too."""
    called = set(vendors.get(subject.subject, ()))
    alone = {each.subject for each in subjects}
    return called == {subject.subject} or (len(called) == 1 and not called & alone)


def _vendor(subject: SubjectFigures, vendors: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    return tuple(vendors[subject.subject])


def _stand_in(first: SubjectFigures, others: Sequence[SubjectFigures]) -> SubjectFigures | None:
    """The best of another house, or else of another model, or else the next one."""
    elsewhere = [subject for subject in others if _house(subject) != _house(first)]
    another_model = [subject for subject in others if subject.model != first.model]
    return next(iter([*elsewhere, *another_model, *others]), None)


def _house(subject: SubjectFigures) -> str:
    """Who serves the model, as LiteLLM names it: `openai` of `openai/gpt-4o-mini`."""
    return subject.model.partition("/")[0]


def _first_reason(subject: SubjectFigures) -> str:
    return f"{subject.subject} goes first: {_record(subject)}."


def _second_reason(first: SubjectFigures, second: SubjectFigures) -> str:
    if _house(second) != _house(first):
        why = f"{_house(second)} does not fail when {_house(first)} does"
    elif second.model != first.model:
        why = f"{second.model} is another model, though of the same house"
    else:
        why = "it is the same model of the same house, which helps only where the two accounts fail apart"
    return f"{second.subject} stands in: {why}; {_record(second)}."


def _record(subject: SubjectFigures) -> str:
    complete, accepted = _figure(subject, "complete_rate"), _figure(subject, "accepted_rate")
    parts = [f"{_percent(complete)} of its {complete.n} sets were complete{_percent_interval(complete)}"]
    if accepted.value is not None:
        parts.append(f"{_percent(accepted)} of its items passed every hard rule")
    parts.append(_price(subject))
    seconds = _figure(subject, "form_p95").value
    if seconds is not None:
        parts.append(f"95% of its complete sets took {seconds:.1f} s at most")
    return ", ".join(parts)


def _price(subject: SubjectFigures) -> str:
    if _figure(subject, "usd_per_accepted").value == 0:
        return "its calls cost nothing"
    sets = _figure(subject, "valid_per_usd").value
    return "its price is not known" if sets is None else f"a US dollar buys {sets:.3g} complete sets"


def _percent(figure: Measured) -> str:
    return "none" if figure.value is None else f"{100 * figure.value:.1f}%"


def _percent_interval(figure: Measured) -> str:
    if figure.low is None or figure.high is None:
        return ""
    return f" (95% interval {100 * figure.low:.1f}% to {100 * figure.high:.1f}%)"
