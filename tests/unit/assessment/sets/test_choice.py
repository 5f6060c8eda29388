"""The choice among candidates, beside trying every choice there is."""

from collections.abc import Mapping, Sequence
from itertools import combinations, product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessment.sets.choice import Candidate, Limit, choose

TOTAL = 10
WEIGHTS = (3, 4, 6, 12)  # of the levels above the lowest, in twelfths


def at_most(twelfths: int) -> Limit:
    """So much weight altogether."""

    def limit(counts: bytes) -> float:
        return float(max(0, sum(map(int.__mul__, counts, WEIGHTS)) - twelfths))

    return limit


LIMITS = (at_most(48), at_most(48), at_most(60))


def stock(rng: Random, count: int, groups: int, certain: float) -> list[Candidate]:
    """Candidates of which a share is at the highest level of each limit, and a few exclude each other."""
    pairs = [tuple(rng.sample(range(count), 2)) for _ in range(count // 3)]
    return [
        Candidate(
            group=f"g{number % groups}",
            price=rng.randrange(4),
            levels=tuple(4 if rng.random() < certain else rng.randrange(4) for _ in LIMITS),
            excludes={other for pair in pairs if number in pair for other in pair if other != number},
        )
        for number in range(count)
    ]


def need(groups: int, total: int = TOTAL) -> dict[str, int]:
    return {f"g{group}": total // groups + (group < total % groups) for group in range(groups)}


def is_allowed(chosen: Sequence[int], candidates: Sequence[Candidate]) -> bool:
    for place, limit in enumerate(LIMITS):
        levels = [candidates[number].levels[place] for number in chosen]
        if limit(bytes(levels.count(level) for level in range(1, 5))):
            return False
    return not any(other in candidates[number].excludes for number in chosen for other in chosen)


def price(chosen: Sequence[int], candidates: Sequence[Candidate]) -> int:
    return sum(candidates[number].price for number in chosen)


def cheapest(candidates: Sequence[Candidate], needed: Mapping[str, int]) -> int | None:
    """The price of the best of all choices."""
    members = {it: [n for n, candidate in enumerate(candidates) if candidate.group == it] for it in needed}
    choices = product(*(combinations(members[group], count) for group, count in needed.items()))
    chosen = ([number for part in parts for number in part] for parts in choices)
    return min((price(it, candidates) for it in chosen if is_allowed(it, candidates)), default=None)


@given(st.integers(0, 10**9), st.integers(10, 14), st.integers(1, 3), st.sampled_from((0.0, 0.1, 0.25, 0.4)))
def test_among_up_to_fourteen_the_cheapest_choice_is_found_whenever_there_is_one(
    seed: int, count: int, groups: int, certain: float
) -> None:
    candidates = stock(Random(seed), count, groups, certain)  # noqa: S311 - repeatable on purpose
    if any(sum(it.group == group for it in candidates) < needed for group, needed in need(groups).items()):
        return
    best, choice = cheapest(candidates, need(groups)), choose(candidates, need(groups), LIMITS)
    assert (choice.excess == 0) == (best is not None)
    if best is not None:
        assert is_allowed(choice.numbers, candidates)
        assert price(choice.numbers, candidates) == best


@pytest.mark.parametrize("certain", [0.05, 0.1, 0.25])
def test_among_seventeen_the_cheapest_choice_is_found_too(certain: float) -> None:
    compared = 0
    for seed in range(8):
        candidates = stock(Random(seed), 17, 2, certain)  # noqa: S311 - repeatable on purpose
        best, choice = cheapest(candidates, need(2)), choose(candidates, need(2), LIMITS)
        assert (choice.excess == 0) == (best is not None)
        assert best is None or price(choice.numbers, candidates) == best
        compared += best is not None
    assert compared


@given(st.integers(0, 10**9), st.integers(40, 120), st.integers(1, 4))
def test_whatever_is_chosen_is_complete_and_what_is_said_of_it_is_true(seed: int, count: int, groups: int) -> None:
    candidates = stock(Random(seed), count, groups, 0.4)  # noqa: S311 - repeatable on purpose
    choice = choose(candidates, need(groups), LIMITS)
    chosen = [candidates[number].group for number in choice.numbers]
    assert {group: chosen.count(group) for group in need(groups)} == need(groups)
    assert len(set(choice.numbers)) == TOTAL
    assert (choice.excess == 0) == is_allowed(choice.numbers, candidates)


@pytest.mark.parametrize("count", [26, 60])
@pytest.mark.parametrize("groups", [1, 3])
def test_a_choice_that_was_hidden_among_many_is_found(count: int, groups: int) -> None:
    """All but ten are at the highest level of one limit or another; the ten are dearer than those."""
    for seed in range(20):
        rng = Random(seed)  # noqa: S311 - repeatable on purpose
        candidates = [
            Candidate(f"g{number % groups}", rng.randrange(4), tuple(rng.sample((4, 4, 1), 3)))
            for number in range(count)
        ]
        candidates += [Candidate(f"g{number % groups}", 4, (1, 1, 1)) for number in range(TOTAL)]
        choice = choose(candidates, need(groups), LIMITS)
        assert choice.excess == 0
        assert price(choice.numbers, candidates) < 4 * TOTAL
