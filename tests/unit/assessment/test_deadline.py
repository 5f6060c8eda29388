"""The one clock of a request."""

from assessment.deadline import Deadline
from tests.fakes import ManualClock


def test_what_is_left_runs_down_to_zero_and_no_further() -> None:
    clock = ManualClock()
    deadline = Deadline(clock, 10.0)
    left = []
    for seconds in (0.0, 4.0, 6.0, 100.0):
        clock.time += seconds
        left.append(deadline.remaining)
    assert left == [10.0, 6.0, 0.0, 0.0]


def test_it_is_over_exactly_when_its_seconds_have_passed() -> None:
    clock = ManualClock()
    deadline = Deadline(clock, 10.0)
    clock.time += 9.5
    assert not deadline.expired
    clock.time += 0.5
    assert deadline.expired


def test_elapsed_counts_on_after_the_end() -> None:
    clock = ManualClock()
    deadline = Deadline(clock, 1.0)
    clock.time += 5.0
    assert deadline.elapsed == 5.0


def test_a_start_in_the_past_counts() -> None:
    clock = ManualClock()
    assert Deadline(clock, 10.0, started=clock.time - 3.0).remaining == 7.0


def test_lasting_and_shortened_keep_the_start() -> None:
    clock = ManualClock()
    deadline = Deadline(clock, 10.0)
    clock.time += 4.0
    assert deadline.lasting(20.0).remaining == 16.0
    assert deadline.shortened(2.0).remaining == 4.0
    assert deadline.shortened(11.0).expired


def test_capped_ends_at_whichever_comes_first() -> None:
    clock = ManualClock()
    deadline = Deadline(clock, 10.0)
    clock.time += 4.0
    assert deadline.capped(3.0).remaining == 3.0
    assert deadline.capped(60.0).remaining == 6.0


def test_a_deadline_made_from_another_runs_on_the_same_clock() -> None:
    clock = ManualClock()
    capped = Deadline(clock, 10.0).capped(3.0)
    clock.time += 3.0
    assert capped.expired
