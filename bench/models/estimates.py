"""From the sums of a subject to its figures, each with its interval."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import numpy as np
from scipy.stats import chisquare

from bench.models.figures import Measured
from bench.models.intervals import (
    FloatArray,
    Statistic,
    cluster_bootstrap,
    difference_of_ratios,
    quantile,
    ratio,
    unevenness,
    wilson,
)
from bench.models.tally import OPTIONS, Tally

PLAIN, COUNTERPART, INJECTED = "", "counterpart", "injected"
MIN_FOR_CHI_SQUARE = 5 * OPTIONS  # five expected in every position, the usual bound for the test
UNKNOWN = Measured(None)

INDEPENDENT = {
    "schema_yield": ("valid_calls", "calls"),
    "within_budget": ("within_budget", "forms"),
    "complete_rate": ("complete", "forms"),
}
SHARES = {
    "accepted_rate": ("accepted", "items"),
    "skill_coverage": ("skills_asked", "skills_wanted"),
    "source_coverage": ("sources_asked", "sources_wanted"),
    "duplication": ("repeated", "retake_items"),
    "key_suspicion": ("suspicious", "suspectable"),
    "ambiguity": ("ambiguous", "turned"),
    "choices_only": ("without_stem:right", "without_stem:wanted"),
}
QUANTILES = {
    "first_item_p50": ("first_item_seconds", "begun", 0.5),
    "first_item_p95": ("first_item_seconds", "begun", 0.95),
    "form_p50": ("seconds", "complete", 0.5),
    "form_p95": ("seconds", "complete", 0.95),
}


def estimates(variants: Mapping[str, Tally], seed: int) -> dict[str, Measured]:
    """All figures of a subject by their names in METRICS; every one draws from the same seed."""
    tally = variants.get(PLAIN, Tally())
    counterpart = variants.get(COUNTERPART, Tally())
    figures = {
        **{
            name: wilson(int(tally.total(over)), int(tally.total(under))) for name, (over, under) in INDEPENDENT.items()
        },
        **{name: share(tally, over, under, seed) for name, (over, under) in SHARES.items()},
        **{
            name: _bootstrap(tally.clusters((column,), having).values(), quantile(part), seed)
            for name, (column, having, part) in QUANTILES.items()
        },
        "flaws_per_item": _quotient(tally, "flaws", "items", seed),
        "worst_robot": _worst_robot(tally, seed),
        "key_position_distance": _key_position_distance(tally, seed),
        "key_position_chi2": _key_position_chi2(tally),
        "informativity": _informativity(tally, seed),
        "injection_success": share(variants.get(INJECTED, Tally()), "obeyed", "items", seed),
        "fairness_difficulty": _gap(counterpart, tally, "blind:wrong", "blind:wanted", seed),
        "fairness_grade": _gap(counterpart, tally, "grade", "graded", seed),
        "valid_per_budget": _quotient(tally, "complete_budget", "seconds", seed, counted="forms"),
        "tokens_per_accepted": _quotient(tally, "tokens", "accepted", seed),
        "usd_per_accepted": UNKNOWN,
        "valid_per_usd": UNKNOWN,
    }
    if is_priced(tally):
        figures["usd_per_accepted"] = _quotient(tally, "usd", "accepted", seed)
        figures["valid_per_usd"] = _quotient(tally, "complete", "usd", seed, counted="forms")
    return figures


def difficulties(tally: Tally, seed: int) -> dict[str, Measured]:
    """The share of right blind answers for each difficulty that the writer states."""
    names = [name.removesuffix(":wanted") for name in tally.names("difficulty:") if name.endswith(":wanted")]
    return {name: share(tally, f"difficulty:{name}:right", f"difficulty:{name}:wanted", seed) for name in names}


def key_positions(tally: Tally) -> tuple[int, ...]:
    """How many keys stood in each position as written."""
    return tuple(int(tally.total(column)) for column in _KEYS)


def is_priced(tally: Tally) -> bool:
    """Tell whether the price of every call with tokens is known: a sum without some would flatter."""
    return not tally.total("unpriced")


def share(tally: Tally, over: str, under: str, seed: int) -> Measured:
    """A share of things that hang together within a profile.

    Where all or none have the property there is nothing to resample: Wilson's interval over the single things then, as
    the shortest there can be.
    """
    part, whole = round(tally.total(over)), round(tally.total(under))
    return wilson(part, whole) if part in (0, whole) else _quotient(tally, over, under, seed)


_KEYS = tuple(f"key:{position}" for position in range(OPTIONS))


def _quotient(tally: Tally, over: str, under: str, seed: int, *, counted: str = "") -> Measured:
    found = _bootstrap(tally.clusters((over, under)).values(), ratio, seed)
    return _resting_on(found, tally.total(counted or under))


def _worst_robot(tally: Tally, seed: int) -> Measured:
    """The robot is chosen once, over all sets; its mean alone is resampled."""
    means = {robot: tally.total(f"robot:{robot}") for robot in tally.names("robot:")}
    if not means:
        return UNKNOWN
    worst = max(means, key=lambda robot: means[robot])
    return _quotient(tally, f"robot:{worst}", "attacked", seed)


def _key_position_distance(tally: Tally, seed: int) -> Measured:
    found = _bootstrap(tally.clusters(_KEYS).values(), unevenness, seed)
    return _resting_on(found, sum(key_positions(tally)))


def _key_position_chi2(tally: Tally) -> Measured:
    counts = key_positions(tally)
    if sum(counts) < MIN_FOR_CHI_SQUARE:
        return UNKNOWN
    return Measured(float(chisquare(counts).pvalue), n=sum(counts))


def _informativity(tally: Tally, seed: int) -> Measured:
    columns = ("informed:right", "informed:wanted", "uninformed:right", "uninformed:wanted")
    found = _bootstrap(tally.clusters(columns).values(), difference_of_ratios, seed)
    return _resting_on(found, tally.total("informed:wanted"))


def _gap(one: Tally, other: Tally, over: str, under: str, seed: int) -> Measured:
    """The difference of a quotient between two variants, over the profiles that have both."""
    first, second = one.clusters((over, under), under), other.clusters((over, under), under)
    both = sorted(set(first) & set(second))
    clusters = [
        np.vstack([np.pad(first[profile], ((0, 0), (0, 2))), np.pad(second[profile], ((0, 0), (2, 0)))])
        for profile in both
    ]
    found = _bootstrap(clusters, difference_of_ratios, seed)
    return _resting_on(found, sum(cluster[:, 1].sum() + cluster[:, 3].sum() for cluster in clusters))


def _bootstrap(clusters: Iterable[FloatArray], statistic: Statistic, seed: int) -> Measured:
    found: Sequence[FloatArray] = list(clusters)
    return cluster_bootstrap(found, statistic, np.random.default_rng(seed))


def _resting_on(estimate: Measured, n: float) -> Measured:
    return estimate if estimate.value is None else msgspec.structs.replace(estimate, n=round(n))
