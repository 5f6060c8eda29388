"""How sure a figure is: 95% intervals.

Wilson's interval (1927) for shares of units that are independent. Items of one student are not: they share a profile, a
prompt and often a call, so everything else is resampled by whole profiles (Efron's bootstrap, percentile interval).
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from assessment.scoring import statistics
from bench.models.figures import Measured

RESAMPLES = 2000
TAILS = (2.5, 97.5)

FloatArray = npt.NDArray[np.float64]
Statistic = Callable[[Sequence[FloatArray], FloatArray], FloatArray]
"""From the rows of each cluster, and how often each resample (a line) drew each cluster (a column), to a value for
each resample; NaN where a resample leaves it undefined."""


class Resampled(NamedTuple):
    """A value as observed, the values of its resamples (none when there is nothing to resample), the rows it rests on.

    `value` is NaN when nothing is known.
    """

    value: float
    values: FloatArray
    n: int

    def estimate(self) -> Measured:
        """The percentile interval, widened to hold the value, which a skewed statistic can leave outside."""
        if np.isnan(self.value):
            return Measured(None)
        if not self.values.size:
            return Measured(self.value, n=self.n)
        low, high = np.percentile(self.values, TAILS)
        return holding(self.value, float(low), float(high), self.n)


def holding(value: float, low: float, high: float, n: int) -> Measured:
    """An estimate whose interval holds its value: rounding of floats and skew can leave it just outside."""
    return Measured(value, min(low, value), max(high, value), n)


def wilson(successes: int, n: int) -> Measured:
    """A share of independent units; of none, nothing is known."""
    if not n:
        return Measured(None)
    found = statistics.wilson(successes, n)
    return Measured(found.value, found.low, found.high, n)


def cluster_bootstrap(
    clusters: Sequence[FloatArray], statistic: Statistic, rng: np.random.Generator, resamples: int = RESAMPLES
) -> Measured:
    """A statistic of clustered observations; a cluster is an array of observations by columns.

    With fewer than two clusters single observations are resampled instead, as if they were independent: the interval
    then says nothing about other profiles. A single observation has no interval.
    """
    return resample(clusters, statistic, rng, resamples).estimate()


def resample(
    clusters: Sequence[FloatArray], statistic: Statistic, rng: np.random.Generator, resamples: int = RESAMPLES
) -> Resampled:
    """Draw as many clusters as there are, with replacement, again and again (see `cluster_bootstrap`)."""
    filled = [cluster for cluster in clusters if len(cluster)]
    rows = sum(len(cluster) for cluster in filled)
    units = filled if len(filled) > 1 else [row[np.newaxis] for cluster in filled for row in cluster]
    count = len(units)
    if not count:
        return Resampled(np.nan, np.empty(0), 0)
    value = float(statistic(units, np.ones((1, count)))[0])
    if count == 1:
        return Resampled(value, np.empty(0), rows)
    drawn = rng.multinomial(count, np.full(count, 1 / count), size=resamples).astype(np.float64)
    values = statistic(units, drawn)
    return Resampled(value, values[~np.isnan(values)], rows)


def ratio(units: Sequence[FloatArray], weights: FloatArray) -> FloatArray:
    """The first column's sum over the second's."""
    return _quotient(_totals(units, weights), 0, 1)


def difference_of_ratios(units: Sequence[FloatArray], weights: FloatArray) -> FloatArray:
    """The first column's sum over the second's, minus the third's over the fourth's."""
    totals = _totals(units, weights)
    return _quotient(totals, 0, 1) - _quotient(totals, 2, 3)


def unevenness(units: Sequence[FloatArray], weights: FloatArray) -> FloatArray:
    """Half the sum of |share - 1/k| over k columns of counts: the share that would have to move to make them even."""
    totals = _totals(units, weights)
    shares = _divided(totals, np.broadcast_to(totals.sum(axis=1, keepdims=True), totals.shape))
    distances: FloatArray = np.abs(shares - 1 / totals.shape[1]).sum(axis=1) / 2
    return distances


def quantile(share: float) -> Statistic:
    """The value of the first column that this share of observations stays within (nearest rank)."""
    return lambda units, weights: _quantiles(units, weights, 0, share)


def difference_of_quantiles(share: float) -> Statistic:
    """The first column's quantile minus the second's."""
    return lambda units, weights: _quantiles(units, weights, 0, share) - _quantiles(units, weights, 1, share)


def _totals(units: Sequence[FloatArray], weights: FloatArray) -> FloatArray:
    totals: FloatArray = weights @ np.array([unit.sum(axis=0) for unit in units])
    return totals


def _quotient(totals: FloatArray, over: int, under: int) -> FloatArray:
    return _divided(totals[:, over], totals[:, under])


def _divided(over: FloatArray, under: FloatArray) -> FloatArray:
    quotients: FloatArray = np.divide(over, under, out=np.full(over.shape, np.nan), where=under != 0)
    return quotients


def _quantiles(units: Sequence[FloatArray], weights: FloatArray, column: int, share: float) -> FloatArray:
    """Sorted once; then line by line, so that many observations do not fill the memory with resamples."""
    values = np.concatenate([unit[:, column] for unit in units])
    owners = np.repeat(np.arange(len(units)), [len(unit) for unit in units])
    order = np.argsort(values, kind="stable")
    values, owners = values[order], owners[order]
    return np.array([_weighted_quantile(values, line[owners], share) for line in weights])


def _weighted_quantile(values: FloatArray, weights: FloatArray, share: float) -> float:
    reached = np.cumsum(weights)
    rank = max(1.0, np.ceil(share * reached[-1] - 1e-9))  # 0.95 x 20 is a hair over 19 in floats
    return float(values[np.searchsorted(reached, rank)])
