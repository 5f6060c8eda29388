"""A set is written ahead where it could be asked for next, and not without end."""

import pytest

from assessment.ahead import AheadPlan
from assessment.models import Method, Policy, Spent, Standing
from assessment.scoring.ahead import is_wanted
from tests.factories import FAILED, LOCKED, PREPARED, READY, RETAKEN, UNLOCKED, standing

BOTH = AheadPlan(first=True, retake=True)


@pytest.mark.parametrize(
    ("plan", "at", "expected"),
    [
        (BOTH, PREPARED, True),
        (BOTH, FAILED, True),
        (AheadPlan(first=True), PREPARED, True),
        (AheadPlan(first=True), FAILED, False),
        (AheadPlan(retake=True), PREPARED, False),
        (AheadPlan(retake=True), FAILED, True),
        (AheadPlan(), FAILED, False),
        (BOTH, READY, False),
        (BOTH, RETAKEN, False),
        (BOTH, LOCKED, False),
        (BOTH, UNLOCKED, False),
        (BOTH, standing(has_skills=False), False),
        (BOTH, standing(has_sources=False), False),
        (BOTH, standing(method=None), False),
        (BOTH, standing(method=Method.HUMAN), False),
        (BOTH, standing(FAILED, starts=Spent(4)), True),
        (BOTH, standing(FAILED, starts=Spent(5)), False),
        (BOTH, standing(FAILED, starts=Spent(1), policy=Policy(sets_per_attempt=1)), False),
        (BOTH, standing(FAILED, policy=Policy(max_attempts=1)), False),
        (BOTH, standing(FAILED, cooling=3600), True),
        (BOTH, standing(FAILED, sets=Spent(5, 60)), False),
    ],
)
def test_a_set_is_written_ahead_where_it_could_be_asked_for(plan: AheadPlan, at: Standing, expected: bool) -> None:
    assert is_wanted(plan, at) is expected
