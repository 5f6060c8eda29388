import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessment.scoring import statistics
from bench.models.figures import Measured
from bench.models.intervals import (
    FloatArray,
    cluster_bootstrap,
    difference_of_quantiles,
    difference_of_ratios,
    quantile,
    ratio,
    unevenness,
    wilson,
)

ONCE = np.ones((1, 2))
COUNTS = st.lists(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=3), min_size=0, max_size=5
)


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def shares(*clusters: list[tuple[int, int]]) -> list[FloatArray]:
    """Clusters of (part, whole)."""
    return [np.array(cluster, dtype=np.float64) for cluster in clusters]


def test_wilson_of_eight_in_ten_is_the_interval_of_the_textbook() -> None:
    # (0.8 + z²/20 ± z·sqrt(0.8·0.2/10 + z²/400)) / (1 + z²/10) with z = 1.96
    found = wilson(8, 10)
    assert (found.value, found.n) == (0.8, 10)
    assert found.low == pytest.approx(0.4902, abs=1e-4)
    assert found.high == pytest.approx(0.9433, abs=1e-4)


def test_wilson_of_none_in_ten_still_leaves_room_above() -> None:
    found = wilson(0, 10)
    assert (found.value, found.low) == (0, 0)
    assert found.high == pytest.approx(3.8415 / 13.8415, abs=1e-4)  # z² / (n + z²)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_share_has_the_same_interval_as_in_the_statistics_of_items(tried: tuple[int, int]) -> None:
    found, expected = wilson(*tried), statistics.wilson(*tried)
    assert (found.value, found.low, found.high, found.n) == (expected.value, expected.low, expected.high, tried[1])


def test_of_nothing_nothing_is_known() -> None:
    assert wilson(0, 0) == Measured(None)
    assert cluster_bootstrap([], ratio, rng()) == Measured(None)
    assert cluster_bootstrap(shares([(0, 0)], [(0, 0)]), ratio, rng()) == Measured(None)


@given(st.integers(0, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_its_value_and_stays_between_0_and_1(tried: tuple[int, int]) -> None:
    found = wilson(*tried)
    if found.value is None:
        assert tried[1] == 0
    else:
        assert found.low is not None
        assert found.high is not None
        assert 0 <= found.low <= found.value <= found.high <= 1


@given(COUNTS)
def test_a_bootstrap_of_shares_holds_its_value_and_stays_between_0_and_1(counts: list[list[tuple[int, int]]]) -> None:
    clusters = shares(*[[(min(pair), max(pair)) for pair in cluster] for cluster in counts])
    found = cluster_bootstrap(clusters, ratio, rng(), resamples=50)
    if found.value is not None and found.low is not None and found.high is not None:
        assert 0 <= found.low <= found.value <= found.high <= 1
    else:
        assert sum(len(cluster) for cluster in clusters) <= 1 or found.value is None


@given(COUNTS)
def test_the_interval_of_a_skewed_statistic_holds_its_value(counts: list[list[tuple[int, int]]]) -> None:
    found = cluster_bootstrap(shares(*counts), unevenness, rng(), resamples=50)
    if found.value is not None and found.low is not None and found.high is not None:
        assert 0 <= found.low <= found.value <= found.high <= 1


@pytest.mark.parametrize("profiles", [15, 40])
def test_the_bootstrap_covers_a_planted_rate_about_as_often_as_it_says(profiles: int) -> None:
    source = np.random.default_rng(11)
    covered = 0
    for _ in range(200):
        rates = source.beta(8, 2, size=profiles)  # 80% on average, and different for every profile
        clusters = [np.array([[float(hits), 30.0]]) for hits in source.binomial(30, rates)]
        found = cluster_bootstrap(clusters, ratio, source, resamples=500)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0.8 <= found.high
    assert 0.88 <= covered / 200 <= 0.99


def test_items_of_one_profile_are_not_taken_for_independent() -> None:
    alike = shares(*[[(20, 20)], [(0, 20)]] * 5)
    clustered, single = cluster_bootstrap(alike, ratio, rng()), wilson(100, 200)
    assert clustered.value == single.value == 0.5
    assert _width(clustered) > 3 * _width(single)


def test_a_single_cluster_is_resampled_by_its_rows() -> None:
    alone = cluster_bootstrap(shares([(1, 2), (2, 2), (0, 2), (1, 2)]), ratio, rng())
    apart = cluster_bootstrap(shares([(1, 2)], [(2, 2)], [(0, 2)], [(1, 2)]), ratio, rng())
    assert alone == apart
    assert _width(alone) > 0


def test_a_single_row_has_no_interval() -> None:
    assert cluster_bootstrap(shares([(1, 2)]), ratio, rng()) == Measured(0.5, n=1)


def test_the_same_seed_gives_the_same_interval_and_another_one_another() -> None:
    clusters = shares([(1, 9)], [(5, 9)], [(3, 7)], [(2, 8)], [(8, 9)])
    first, again, other = (cluster_bootstrap(clusters, ratio, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_a_ratio_divides_sums_and_does_not_average_shares() -> None:
    assert ratio(shares([(1, 1)], [(0, 3)]), ONCE).tolist() == [0.25]


def test_a_cluster_drawn_twice_counts_twice_and_one_not_drawn_not_at_all() -> None:
    assert ratio(shares([(1, 2)], [(0, 2)]), np.array([[2.0, 0.0], [1.0, 1.0], [0.0, 2.0]])).tolist() == [0.5, 0.25, 0]


def test_a_difference_of_ratios_is_first_minus_second() -> None:
    units = [np.array([[1.0, 2.0, 0.0, 0.0]]), np.array([[2.0, 2.0, 1.0, 4.0]])]
    assert difference_of_ratios(units, ONCE).tolist() == [0.5]


def test_quantiles_are_nearest_rank() -> None:
    units = [np.arange(1.0, 11.0)[:, np.newaxis], np.arange(11.0, 21.0)[:, np.newaxis]]
    assert [quantile(share)(units, ONCE).tolist() for share in (0.5, 0.95, 1.0)] == [[10.0], [19.0], [20.0]]


@given(st.lists(st.integers(0, 3), min_size=3, max_size=3).filter(any), st.floats(0.01, 1))
def test_a_weighted_quantile_is_that_of_the_clusters_written_out(weights: list[int], share: float) -> None:
    units = [np.array([[5.0], [1.0]]), np.array([[3.0]]), np.array([[2.0], [9.0], [4.0]])]
    written_out = sorted(
        value for unit, times in zip(units, weights, strict=True) for value in unit[:, 0].tolist() * times
    )
    rank = max(1, int(np.ceil(share * len(written_out) - 1e-9)))
    assert quantile(share)(units, np.array([weights], dtype=np.float64)).tolist() == [written_out[rank - 1]]


def test_a_difference_of_quantiles_is_first_minus_second() -> None:
    units = [np.array([[9.0, 2.0]]), np.array([[9.0, 3.0]])]
    assert difference_of_quantiles(1.0)(units, ONCE).tolist() == [6.0]


@pytest.mark.parametrize(
    ("counts", "distance"), [((5, 5, 5, 5), 0.0), ((20, 0, 0, 0), 0.75), ((10, 10, 0, 0), 0.5), ((7, 5, 5, 3), 0.1)]
)
def test_unevenness_is_the_share_that_would_have_to_move(counts: tuple[int, ...], distance: float) -> None:
    assert unevenness([np.array([counts], dtype=np.float64)], np.ones((1, 1)))[0] == pytest.approx(distance)


def _width(estimate: Measured) -> float:
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.high - estimate.low
