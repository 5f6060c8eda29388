"""A limit is never passed, whatever is set aside and settled in whatever order, and no billionth is lost."""

import math
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from assessment.spending import (
    NANOS_PER_DOLLAR,
    Allowance,
    Grant,
    cost_in_nanos,
    limit_in_nanos,
    spent_in_nanos,
)

DOLLARS = st.floats(min_value=0, max_value=1_000_000, allow_nan=False)
TOKENS = st.integers(min_value=0, max_value=10**7)
# What a call sets aside, the share of it that it will cost, and whether it is settled before the next one asks
LIMITS = st.integers(0, 60)  # small, so that a limit is often met exactly
CALLS = st.lists(st.tuples(st.integers(1, 10), st.floats(0, 1), st.booleans()), max_size=60)


@given(limit=LIMITS, calls=CALLS)
def test_what_is_spent_and_set_aside_never_passes_the_limit(limit: int, calls: list[tuple[int, float, bool]]) -> None:
    allowance, open_calls, spent = Allowance(limit), list[tuple[int, int]](), 0
    for amount, share, settles in calls:
        if allowance.reserve(amount) is Grant.GRANTED:
            open_calls.append((amount, int(amount * share)))
        if settles and open_calls:
            reserved, cost = open_calls.pop()
            allowance.settle(reserved, cost)
            spent += cost
        assert allowance.committed == spent + sum(reserved for reserved, _ in open_calls) <= limit
        assert allowance.under_way == sum(reserved for reserved, _ in open_calls)


@given(limit=LIMITS, calls=CALLS, amount=st.integers(1, 70))
def test_later_means_that_it_fits_when_calls_under_way_cost_nothing_and_never_that_it_does_not(
    limit: int, calls: list[tuple[int, float, bool]], amount: int
) -> None:
    allowance = Allowance(limit)
    for asked, share, settles in calls:
        if allowance.reserve(asked) is Grant.GRANTED and settles:
            allowance.settle(asked, int(asked * share))
    grant = allowance.reserve(amount)
    if grant is not Grant.GRANTED:
        allowance.settle(allowance.under_way, 0)
        assert (allowance.reserve(amount) is Grant.GRANTED) == (grant is Grant.LATER)


@given(tokens=TOKENS, price=DOLLARS)
def test_a_cost_is_never_less_than_exact_and_by_less_than_a_billionth_more(tokens: int, price: float) -> None:
    exact = Fraction(repr(price)) * tokens / 1_000_000 * NANOS_PER_DOLLAR
    assert cost_in_nanos([(tokens, price)]) == math.ceil(exact)


@given(dollars=DOLLARS)
def test_a_limit_is_rounded_down_and_spending_up(dollars: float) -> None:
    exact = Fraction(repr(dollars)) * NANOS_PER_DOLLAR
    assert (limit_in_nanos(dollars), spent_in_nanos(dollars)) == (math.floor(exact), math.ceil(exact))


def test_a_cent_is_a_cent() -> None:
    assert limit_in_nanos(0.01) == spent_in_nanos(0.01) == 10_000_000
    assert cost_in_nanos([(1_000, 0.1), (1_000, 0.4)]) == 500_000
