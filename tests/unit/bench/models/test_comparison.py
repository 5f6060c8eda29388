import math
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessment.findings import soft
from bench.models.comparison import Pairs, compare, holm, mcnemar, paired_difference
from bench.models.figures import Comparison, Measured
from bench.models.intervals import wilson
from bench.models.records import CallRecord, FormRecord, ItemRecord
from bench.models.tally import Tally, count
from tests.unit.bench.models.made_records import call, form, item

PROFILES = [f"profile {number}" for number in range(12)]


def tally(records: Iterable[CallRecord | FormRecord | ItemRecord]) -> Tally:
    made = Tally()
    for record in records:
        count(made, record)
    return made


def found(comparisons: Iterable[Comparison], metric: str) -> Comparison:
    return next(comparison for comparison in comparisons if comparison.metric == metric)


def sets(complete: Iterable[bool], seconds: float = 10.0) -> Tally:
    """One set for each profile."""
    return tally(
        form(profile=profile, complete=each, seconds=seconds) for profile, each in zip(PROFILES, complete, strict=False)
    )


@pytest.mark.parametrize(
    ("first", "second", "p"),
    [
        (1, 5, 2 * (1 + 6) / 2**6),
        (6, 0, 2 / 2**6),
        (3, 3, 1.0),
        (0, 0, 1.0),
    ],
)
def test_mcnemar_is_the_exact_binomial_test_of_the_discordant_pairs(first: int, second: int, p: float) -> None:
    assert mcnemar(first, second) == pytest.approx(p)


def test_holm_multiplies_by_what_is_left_and_never_falls() -> None:
    # 0.01 x 3, 0.03 x 2, then 0.04 x 1, which may not be less than the one before
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_only_ever_raises_a_p_keeps_the_order_and_stays_below_1(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(before <= after <= 1 for before, after in zip(p_values, adjusted, strict=True))
    by_p = [adjusted[index] for index in sorted(range(len(p_values)), key=lambda index: p_values[index])]
    assert by_p == sorted(by_p)


@pytest.mark.parametrize(
    ("pairs", "low", "high"),
    [
        (Pairs(36, 12, 2, 0), 0.0569, 0.3404),  # Newcombe 1998
        (Pairs(1, 1, 7, 12), -0.507, -0.026),  # Fagerland, Lydersen and Laake 2014: airway hyper-responsiveness
    ],
)
def test_the_interval_of_paired_shares_is_the_published_one(pairs: Pairs, low: float, high: float) -> None:
    estimate = paired_difference(pairs)
    assert estimate.value == pytest.approx((pairs.first - pairs.second) / sum(pairs))
    assert estimate.low == pytest.approx(low, abs=5e-4)
    assert estimate.high == pytest.approx(high, abs=5e-4)


def test_outcomes_that_go_together_make_the_interval_narrower() -> None:
    pairs = Pairs(20, 12, 2, 14)
    one, other = wilson(32, 48), wilson(22, 48)
    assert one.low is not None
    assert other.high is not None
    below, above = 32 / 48 - one.low, other.high - 22 / 48
    phi = (20 * 14 - 12 * 2 - 24) / math.sqrt(32 * 16 * 22 * 26)
    expected = 10 / 48 - math.sqrt(below**2 - 2 * phi * below * above + above**2)
    assert paired_difference(pairs).low == pytest.approx(expected)


def test_pairs_that_all_agree_leave_the_difference_uncertain() -> None:
    estimate = paired_difference(Pairs(10, 0, 0, 0))
    assert estimate.value == 0
    assert estimate.low is not None
    assert estimate.low < 0


@given(st.builds(Pairs, *[st.integers(0, 40)] * 4))
def test_the_interval_of_paired_shares_holds_its_value_within_minus_1_and_1(pairs: Pairs) -> None:
    estimate = paired_difference(pairs)
    if estimate.value is None:
        assert sum(pairs) == 0
    else:
        assert estimate.low is not None
        assert estimate.high is not None
        assert -1 - 1e-9 <= estimate.low <= estimate.value <= estimate.high <= 1 + 1e-9


def test_a_vendor_that_completes_what_the_other_does_not_is_named() -> None:
    good, bad = sets([True] * 12), sets([True] * 4 + [False] * 8)
    comparison = found(compare({"bad": bad, "good": good}, seed=1), "within_budget")
    assert (comparison.first, comparison.second, comparison.verdict) == ("bad", "good", "good")
    assert comparison.difference.value == pytest.approx(-8 / 12)
    assert comparison.p == pytest.approx(2 / 2**8)


def test_a_set_completed_too_late_does_not_count_as_passed() -> None:
    comparison = found(compare({"late": sets([True] * 12, 91.0), "good": sets([True] * 12)}, seed=1), "within_budget")
    assert comparison.difference.value == -1
    assert comparison.verdict == "good"


def test_a_difference_that_chance_explains_names_nobody() -> None:
    comparison = found(compare({"a": sets([True] * 12), "b": sets([False] * 5 + [True] * 7)}, seed=1), "within_budget")
    assert comparison.p == pytest.approx(2 / 2**5)
    assert comparison.verdict == ""


def test_with_more_subjects_the_same_difference_no_longer_shows() -> None:
    good, bad = sets([True] * 12), sets([False] * 6 + [True] * 6)
    two = found(compare({"good": good, "bad": bad}, seed=1), "within_budget")
    three = found(compare({"good": good, "bad": bad, "same": good}, seed=1), "within_budget")
    assert (two.verdict, three.verdict) == ("good", "")
    assert three.p == pytest.approx(3 * 2 / 2**6)


def test_only_sets_that_both_wrote_are_compared() -> None:
    longer = tally([form(profile="ana"), form(profile="ben", complete=False)])
    comparison = found(compare({"a": longer, "b": tally([form(profile="ana")])}, seed=1), "within_budget")
    assert (comparison.difference.value, comparison.difference.n) == (0, 1)


def test_subjects_without_a_common_set_are_not_compared() -> None:
    assert compare({"a": tally([form(profile="ana")]), "b": tally([form(profile="ben")])}, seed=1) == ()


def items(bad: int, flaws: int = 0) -> Tally:
    """Ten items for each profile, so many of them refused, each accepted one with so many flaws."""
    return tally(
        item(profile=profile, accepted=number >= bad, findings=(soft("rule", ""),) * flaws)
        for profile in PROFILES
        for number in range(10)
    )


def test_a_planted_difference_of_accepted_items_is_found_and_the_higher_share_is_better() -> None:
    comparison = found(compare({"poor": items(bad=4), "good": items(bad=1)}, seed=1), "accepted_rate")
    assert comparison.difference.value == pytest.approx(-0.3)
    assert comparison.verdict == "good"


def test_of_flaws_fewer_are_better() -> None:
    comparison = found(compare({"clean": items(bad=0), "flawed": items(bad=0, flaws=2)}, seed=1), "flaws_per_item")
    assert (comparison.difference.value, comparison.verdict) == (-2, "clean")


def test_a_subject_compared_with_its_like_is_not_better() -> None:
    comparisons = compare({"a": items(bad=3), "b": items(bad=3)}, seed=1)
    assert [(comparison.difference.value, comparison.p, comparison.verdict) for comparison in comparisons] == [
        (0, 1, ""),
        (0, 1, ""),
    ]


def test_profiles_that_pull_in_both_directions_show_no_difference() -> None:
    def one_sided(odd: int) -> Tally:
        return tally(
            item(profile=profile, accepted=(number < 5) == (place % 2 == odd))
            for place, profile in enumerate(PROFILES)
            for number in range(8)
        )

    comparison = found(compare({"a": one_sided(0), "b": one_sided(1)}, seed=1), "accepted_rate")
    assert comparison.difference.value == 0
    assert comparison.difference.low is not None
    assert comparison.difference.low < -0.05
    assert comparison.verdict == ""


def test_seconds_are_compared_over_sets_that_both_completed() -> None:
    fast, slow = sets([True] * 11 + [False], 10.0), sets([True] * 12, 25.0)
    comparison = found(compare({"fast": fast, "slow": slow}, seed=1), "form_p50")
    assert comparison.difference == Measured(-15, -15, -15, 11)
    assert comparison.p == pytest.approx(2 / 2001)  # no resample in 2,000 on the other side
    assert comparison.verdict == "fast"


@pytest.mark.parametrize(("cost", "is_compared"), [(0.02, True), (None, False)])
def test_prices_are_compared_only_where_both_are_known(cost: float | None, is_compared: bool) -> None:
    def priced(each: float | None) -> Tally:
        records = [(call(profile=p, cost=each), item(profile=p), form(profile=p)) for p in PROFILES]
        return tally(record for group in records for record in group)

    verdicts = {c.metric: c.verdict for c in compare({"a": priced(0.01), "b": priced(cost)}, seed=1)}
    assert ("usd_per_accepted" in verdicts) is is_compared
    assert verdicts.get("usd_per_accepted", "a") == "a"
