from bench.chaos.figures import OURS, ROUTER, Result, Run, percentile, select, summarize
from bench.chaos.plan import FAULTS, Cell, Scale, cells, dialects
from bench.chaos.report import Header, Measured, goal_table, goals, is_missed, page, wire_goals, wire_section
from bench.chaos.stalls import Stalls
from bench.chaos.wire import WireResult, WireRun
from fakes.wire_cases import Case

GOOD = Run(seconds=1.0, is_complete=True, is_inside=True, extra_calls=2)
DEAD = Run(seconds=5.0, is_complete=False, is_inside=False, overrun=1.0, wasted_items=3, note="v1:timed_out")
STALLS = Stalls(sets=100, p50=1.0, p99=1.2, complete=1.0, extra_calls=0.05)
WELL = WireRun(seconds=1.5, items=10, wrong_keys=0, outcomes={"ok": 2})
SHORT = WireRun(seconds=60.0, items=0, wrong_keys=0, outcomes={"malformed": 4})
CASE = Case("issue of a tool", "a null", [], outcomes=["ok"], name="null")
WIRE = [WireResult(CASE, WELL, WELL)]
ONE, ALL = Cell("hang", 1, stream=True), Cell("hang", 3, stream=False)


def test_every_fault_meets_one_two_and_three_vendors_in_both_ways() -> None:
    planned = list(cells(FAULTS))
    assert len(planned) == len(set(planned)) == (len(FAULTS) - 1) * 6 + 2
    assert [cell.has_sound_vendor for cell in cells(["hang"])] == [True, True, True, True, False, False]
    assert ALL.behaviours == ("hang",) * 3
    assert Cell("tls_failure", 1, stream=True).behaviours == ("good",) * 3


def test_both_dialects_stand_in_every_place() -> None:
    assert {dialects(seed)[0] for seed in range(2)} == {"openai", "anthropic"}


def test_all_times_are_scaled_alike() -> None:
    scale = Scale(1 / 30)
    assert (scale.budget, scale.attempt, scale.pace.scale) == (3.0, 1.0, 1 / 30)


def test_percentiles_are_nearest_rank() -> None:
    assert percentile([3.0], 0.99) == 3.0
    assert percentile([float(number) for number in range(100, 0, -1)], 0.99) == 99.0


def test_runs_become_figures() -> None:
    figures = summarize([GOOD, DEAD])
    assert (figures.inside, figures.complete, figures.worst_overrun_ms) == (0.5, 0.5, 1000)
    assert (figures.p50, figures.p99, figures.extra_calls, figures.wasted_items) == (1.0, 5.0, 1.0, 3)


def test_results_are_narrowed_down() -> None:
    results = [Result(ONE, 0, OURS, GOOD), Result(ALL, 0, OURS, DEAD), Result(ONE, 0, ROUTER, DEAD)]
    assert select(results, OURS, sound=True) == [GOOD]
    assert select(results, OURS, bad=3) == [DEAD]
    assert select(results, ROUTER, fault="hang") == [DEAD]


def test_a_missed_goal_is_told() -> None:
    results = [Result(ONE, 0, OURS, DEAD), Result(ONE, 0, ROUTER, GOOD)]
    assert is_missed(results[0])
    text = page(Header({"machine": "here"}, 4.0), Measured(results, (STALLS, STALLS), [DEAD]))
    assert "| inside the budget | 100% | 0% | MISSED | 100% |" in text
    assert "| hang | first vendor | 0% \\| 100% |" in text
    assert "| hang, first vendor, streaming | 0 | 5.00 | no | v1:timed_out |" in text
    assert "worst overrun 1000 ms" in text


def test_all_is_well() -> None:
    results = [Result(ONE, 0, OURS, GOOD)]
    found = goals(results, (STALLS, STALLS), 4.0)
    assert found
    assert all(goal.is_reached for goal in found)
    assert goal_table(found).row_count == len(found)
    text = page(Header({}, 4.0), Measured(results, None, [], WIRE))
    assert "MISSED" not in text
    assert "true 90 seconds" not in text


def test_a_wire_case_that_comes_to_less_than_its_file_says_is_missed() -> None:
    assert all(goal.is_reached for goal in wire_goals(WIRE))
    assert "| null | a null | 10 in 1.5 s (2 ok) | 10 in 1.5 s (2 ok) | yes |" in wire_section(WIRE)
    missed = [WireResult(CASE, SHORT, SHORT)]
    assert [goal.is_reached for goal in wire_goals(missed)] == [False, False]
    assert "| MISSED |" in wire_section(missed)


def test_a_wire_case_with_a_wrong_key_or_another_outcome_is_missed() -> None:
    wrong = WireRun(seconds=1.5, items=10, wrong_keys=1, outcomes={"ok": 2})
    other = WireRun(seconds=1.5, items=10, wrong_keys=0, outcomes={"stalled": 2})
    assert WireResult(CASE, wrong, WELL).is_missed
    assert WireResult(CASE, other, WELL).is_missed
    assert WireResult(CASE, WELL, wrong).is_missed
    assert not WireResult(CASE, WELL, other).is_missed
