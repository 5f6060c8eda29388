"""Which line of a platform gets the free places: the one that holds the fewest."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from assessment.notices import Line
from delivery.shares import PLACES, PLACES_PER_LINE, fair_shares

RECEIVERS = st.builds(Line, st.just(1), st.integers(0, 4))


def test_one_receiver_gets_no_more_than_its_places() -> None:
    due = {Line(1, 1): 50}
    assert fair_shares(due, Counter()) == {Line(1, 1): PLACES_PER_LINE}
    assert fair_shares(due, Counter({Line(1, 1): PLACES_PER_LINE - 1})) == {Line(1, 1): 1}
    assert fair_shares(due, Counter({Line(1, 1): PLACES_PER_LINE})) == {}


def test_one_platform_gets_no_more_than_its_places_in_even_parts() -> None:
    due = {Line(1, group): 50 for group in range(8)}
    assert fair_shares(due, Counter()) == dict.fromkeys(due, PLACES // 8)


def test_places_that_are_taken_count() -> None:
    under_way = Counter({Line(1, 9): PLACES - 1})
    assert fair_shares({Line(1, 1): 5}, under_way) == {Line(1, 1): 1}


def test_the_last_places_go_to_the_line_that_holds_the_fewest() -> None:
    under_way = Counter({Line(1, 1): 7, Line(1, 2): 4, Line(1, 3): 3})
    due = {Line(1, 1): 8, Line(1, 2): 8, Line(1, 4): 1}
    assert fair_shares(due, under_way) == {Line(1, 4): 1, Line(1, 2): 1}


def test_among_equals_who_stands_first_begins() -> None:
    under_way = Counter({Line(1, 0): PLACES - 1})
    due = {Line(1, group): 1 for group in (9, 5, 7)}
    assert fair_shares(due, under_way) == {Line(1, 9): 1}


@given(st.dictionaries(RECEIVERS, st.integers(1, 20)), st.dictionaries(RECEIVERS, st.integers(1, 3)))
def test_no_bound_is_passed_and_no_place_stays_free_that_somebody_may_have(
    due: dict[Line, int], begun: dict[Line, int]
) -> None:
    under_way = Counter(begun)
    shares = Counter(fair_shares(due, under_way))
    after = under_way + shares
    for line, share in shares.items():
        assert 0 < share <= due[line]
        assert after[line] <= PLACES_PER_LINE
    assert after.total() <= max(PLACES, under_way.total())
    for line, count in due.items():
        may_begin = shares[line] < count and after[line] < PLACES_PER_LINE
        assert not may_begin or after.total() >= PLACES
