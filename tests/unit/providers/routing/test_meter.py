"""What a call that ended without a bill is taken to have cost."""

from providers.protocol import Usage
from providers.routing.meter import WINDOW, Meter


def test_before_the_first_bill_a_token_is_taken_to_have_four_characters() -> None:
    assert Meter().guess(4_001, 401) == Usage(1_000, 101)


def test_afterwards_tokens_are_counted_as_the_vendor_does() -> None:
    meter = Meter()
    meter.note(1_000, 1_000, Usage(500, 300))
    meter.note(3_000, 2_000, Usage(1_500, 600))
    assert meter.guess(2_000, 500) == Usage(1_000, 150)


def test_who_thinks_unseen_is_taken_to_have_done_so_at_whatever_point_it_was_cut_off() -> None:
    meter = Meter()
    meter.note(1_000, 1_000, Usage(250, 250 + 3_000))
    assert [meter.guess(1_000, written).output_tokens for written in (0, 400, 1_000)] == [3_000, 3_100, 3_250]


def test_a_bill_without_text_says_nothing_about_text() -> None:
    meter = Meter()
    meter.note(1_000, 0, Usage(250, 800))
    assert meter.guess(400, 400) == Usage(100, 100)


def test_old_bills_are_forgotten() -> None:
    meter = Meter()
    for tokens in (900, *[300] * WINDOW):
        meter.note(1_000, 1_000, Usage(250, tokens))
    assert meter.guess(0, 1_000).output_tokens == 300
