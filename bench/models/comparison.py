"""Which of two subjects is better at something, where the run can tell.

Subjects meet the same profiles with the same seeds, so they are compared set by set: what a hard profile does to both
cancels out. Over all pairs of subjects of one metric, p values are adjusted by Holm (1979).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from scipy.stats import binomtest

from bench.models.estimates import is_priced
from bench.models.figures import Comparison, Measured
from bench.models.intervals import (
    FloatArray,
    Resampled,
    Statistic,
    difference_of_quantiles,
    difference_of_ratios,
    holding,
    resample,
    wilson,
)
from bench.models.metrics import METRICS
from bench.models.tally import Tally, shared

LEVEL = 0.05


class Difference(NamedTuple):
    """First minus second, and the chance of such a difference, or a larger one, if there were none."""

    estimate: Measured
    p: float


class Pairs(NamedTuple):
    """How often both, only the first, only the second and neither of a pair succeeded."""

    both: int
    first: int
    second: int
    neither: int


def compare(tallies: Mapping[str, Tally], seed: int) -> tuple[Comparison, ...]:
    """Every pair of subjects on every metric tested, over the sets both wrote; a pair without any is out."""
    return tuple(comparison for metric in _DIFFERENCES for comparison in _compared(metric, tallies, seed))


def mcnemar(first: int, second: int) -> float:
    """The exact McNemar test: p of so many pairs in which only the first, and only the second, succeeded."""
    return float(binomtest(first, first + second).pvalue) if first + second else 1.0


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p values, in the order given: the chance that any of them is a false alarm stays at the level."""
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda index: p_values[index])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted


def paired_difference(pairs: Pairs) -> Measured:
    """The difference of two paired shares with Newcombe's interval (1998, method 10), built from Wilson's.

    It does not shrink to a point when no pair is discordant.
    """
    n = sum(pairs)
    one, other = wilson(pairs.both + pairs.first, n), wilson(pairs.both + pairs.second, n)
    if one.value is None or other.value is None:
        return Measured(None)
    difference = (pairs.first - pairs.second) / n
    phi = _correlation(pairs, n)
    low = _reach(one.value - (one.low or 0.0), (other.high or 0.0) - other.value, phi)
    high = _reach((one.high or 0.0) - one.value, other.value - (other.low or 0.0), phi)
    return holding(difference, difference - low, difference + high, n)


def _compared(metric: str, tallies: Mapping[str, Tally], seed: int) -> list[Comparison]:
    found = {
        (first, second): difference
        for first, second in combinations(tallies, 2)
        if (difference := _DIFFERENCES[metric](tallies[first], tallies[second], seed)) is not None
    }
    adjusted = holm([difference.p for difference in found.values()])
    return [
        Comparison(
            metric=metric,
            first=first,
            second=second,
            difference=difference.estimate,
            p=p,
            verdict=_verdict(metric, first, second, difference.estimate, p),
        )
        for ((first, second), difference), p in zip(found.items(), adjusted, strict=True)
    ]


def _verdict(metric: str, first: str, second: str, difference: Measured, p: float) -> str:
    if difference.value is None or difference.low is None or difference.high is None:
        return ""
    if p >= LEVEL or difference.low <= 0 <= difference.high:
        return ""
    is_first_higher = difference.value > 0
    return first if is_first_higher == (METRICS[metric].better == "higher") else second


def _completeness(one: Tally, other: Tally, seed: int) -> Difference | None:
    """Pass or fail, set by set: complete inside the budget."""
    outcomes = [
        (bool(one.get(cell, "within_budget")), bool(other.get(cell, "within_budget")))
        for cell in shared(one, other, "forms")
    ]
    if not outcomes:
        return None
    pairs = Pairs(*(outcomes.count(each) for each in ((True, True), (True, False), (False, True), (False, False))))
    return Difference(paired_difference(pairs), mcnemar(pairs.first, pairs.second))


def _accepted_rate(one: Tally, other: Tally, seed: int) -> Difference | None:
    return _resampled(one, other, ("accepted", "items"), "items", difference_of_ratios, seed)


def _flaws_per_item(one: Tally, other: Tally, seed: int) -> Difference | None:
    return _resampled(one, other, ("flaws", "items"), "items", difference_of_ratios, seed)


def _form_seconds(one: Tally, other: Tally, seed: int) -> Difference | None:
    return _resampled(one, other, ("seconds",), "complete", difference_of_quantiles(0.5), seed)


def _usd_per_accepted(one: Tally, other: Tally, seed: int) -> Difference | None:
    if not (is_priced(one) and is_priced(other)):
        return None
    return _resampled(one, other, ("usd", "accepted"), "forms", difference_of_ratios, seed)


def _resampled(
    one: Tally, other: Tally, columns: Sequence[str], having: str, statistic: Statistic, seed: int
) -> Difference | None:
    """Whole profiles are drawn, each with the sets of both subjects."""
    by_profile: dict[str, list[list[float]]] = {}
    for cell in shared(one, other, having):
        row = [tally.get(cell, column) for tally in (one, other) for column in columns]
        by_profile.setdefault(cell[0], []).append(row)
    clusters: list[FloatArray] = [np.array(rows) for rows in by_profile.values()]
    found = resample(clusters, statistic, np.random.default_rng(seed))
    return None if np.isnan(found.value) else Difference(found.estimate(), _two_sided(found))


def _two_sided(found: Resampled) -> float:
    """Twice the share of resamples on the rarer side of nought, never quite 0 (Davison and Hinkley, 1997)."""
    rarer = min(np.count_nonzero(found.values <= 0), np.count_nonzero(found.values >= 0))
    return min(1.0, 2 * (rarer + 1) / (found.values.size + 1))


def _correlation(pairs: Pairs, n: int) -> float:
    """Phi of the two outcomes, a positive one corrected for continuity."""
    both, first, second, neither = pairs
    product = math.prod((both + first, second + neither, both + second, first + neither))
    covariance = both * neither - first * second
    if covariance > 0:
        return max(covariance - n / 2, 0.0) / math.sqrt(product)
    return covariance / math.sqrt(product) if product else 0.0


def _reach(one: float, other: float, phi: float) -> float:
    return math.sqrt(max(0.0, one**2 - 2 * phi * one * other + other**2))


_DIFFERENCES: dict[str, Callable[[Tally, Tally, int], Difference | None]] = {
    "within_budget": _completeness,
    "accepted_rate": _accepted_rate,
    "flaws_per_item": _flaws_per_item,
    "form_p50": _form_seconds,
    "usd_per_accepted": _usd_per_accepted,
}
