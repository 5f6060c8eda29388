from providers.config import HedgeLimits
from providers.routing.hedge import FIRST_TOKENS, FLOOR_SECONDS, MAX_TOKENS, HedgePolicy
from providers.routing.pace import MIN_SAMPLES, WINDOW, Latencies, Learned, Pace


def pace(*seconds: float, items: int = 6) -> Pace:
    made = Pace()
    for each in seconds:
        made.note(each, items)
    return made


def test_nothing_is_said_before_enough_is_known() -> None:
    few = pace(*[1.0] * (MIN_SAMPLES - 1))
    assert (few.quantile(0.95), few.usual(6)) == (None, 0.0)
    few.note(1.0, 6)
    assert (few.quantile(0.95), few.usual(6)) == (1.0, 1.0)


def test_quantiles_are_those_of_the_nearest_rank() -> None:
    made = pace(*(float(number) for number in range(100, 0, -1)))
    assert (made.quantile(0.5), made.quantile(0.95), made.quantile(0.99)) == (50, 95, 99)


def test_only_the_last_calls_are_remembered() -> None:
    made = pace(*[100.0] * WINDOW, *[1.0] * WINDOW)
    assert made.quantile(0.99) == 1.0
    assert len(made.learned.seconds) == WINDOW


def test_a_call_for_a_few_items_says_nothing_about_full_ones() -> None:
    made = pace(*[5.0] * MIN_SAMPLES)
    for _ in range(WINDOW):
        made.note(1.0, 1)
    assert (made.quantile(0.5), made.usual(6), made.usual(3)) == (5.0, 5.0, 2.5)


def test_a_call_that_was_cut_off_teaches_that_longer_ones_are_usual() -> None:
    made = pace(*[2.0] * MIN_SAMPLES)
    for _ in range(MIN_SAMPLES):
        made.note(30.0, 6, is_unfinished=True)
    assert (made.quantile(0.5), made.quantile(0.95), made.usual(6)) == (2.0, 30.0, 2.0)


def test_calls_that_were_cut_off_before_anybody_ends_say_nothing_about_who_does() -> None:
    made = pace(*(float(number) for number in range(1, 101)))
    for _ in range(50):
        made.note(0.5, 6, is_unfinished=True)
    assert (made.quantile(0.5), made.quantile(0.95)) == (50, 95)


def test_quantiles_with_calls_that_were_cut_off_are_those_of_kaplan_and_meier() -> None:
    made = pace(*[1.0, 2.0, 3.0, 4.0] * 5)
    for _ in range(10):
        made.note(2.5, 6, is_unfinished=True)
    # 10 of 30 end within 2; of the 10 then still at work half end within 3: 1/3 + 2/3 * 1/2
    assert (made.quantile(0.33), made.quantile(0.66), made.quantile(0.67)) == (2.0, 3.0, 4.0)


def test_a_vendor_whose_calls_were_nearly_all_cut_off_is_not_kept_from_being_asked() -> None:
    made = pace(1.0)
    for _ in range(MIN_SAMPLES):
        made.note(80.0, 6, is_unfinished=True)
    assert (made.quantile(0.95), made.usual(6)) == (80.0, 0.0)


def test_what_was_learned_is_the_same_after_a_restart() -> None:
    before = Latencies()
    for number in range(MIN_SAMPLES):
        before.of("mini:1").note(float(number), 6)
    before.of("mini:1").note(90.0, 6, is_unfinished=True)
    before.of("other:2").note(1.0, 6)
    exported = before.export()
    after = Latencies(exported)
    assert set(exported) == {"mini:1"}
    assert after.of("mini:1").learned == before.of("mini:1").learned
    assert after.of("mini:1").quantile(0.99) == 90
    assert not after.of("mini:changed").is_known


def test_a_hedge_waits_for_the_vendors_own_percentile_once_it_is_known() -> None:
    policy = HedgePolicy(HedgeLimits(after="p90", min_seconds=2.0))
    assert policy.seconds_until(pace(1.0)) == 2.0
    assert policy.seconds_until(pace(*(float(number) for number in range(1, 101)))) == 90
    assert policy.seconds_until(Pace(Learned(6, (0.001,) * 20))) == FLOOR_SECONDS


def test_hedges_stay_within_their_share_of_the_calls() -> None:
    policy, hedges = HedgePolicy(HedgeLimits(max_extra_share=0.1)), 0
    for _ in range(1000):
        policy.add_share()
        hedges += policy.take_token()
    assert 100 <= hedges <= 100 + FIRST_TOKENS


def test_calm_times_save_up_no_more_than_a_few_hedges() -> None:
    policy = HedgePolicy(HedgeLimits(max_extra_share=0.5))
    for _ in range(1000):
        policy.add_share()
    assert sum(policy.take_token() for _ in range(100)) == MAX_TOKENS


def test_a_share_of_nothing_means_no_hedge_at_all() -> None:
    policy = HedgePolicy(HedgeLimits(max_extra_share=0.0))
    policy.add_share()
    assert not policy.take_token()
