from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessment.findings import hard, soft
from bench.models.figures import Measured, SubjectFigures
from bench.models.preference import in_order, recommend
from bench.models.readability import grade
from bench.models.records import Record, RunRecord
from bench.models.summary import NoRun, summarise
from tests.unit.bench.models.made_records import call, form, item, run

SIMPLE, HARDER = "The cat sat on the mat.", "Automation necessitates considerable preparation."


def a_run() -> list[Record]:
    """Two profiles, one of them with a retake: small enough to count on one's fingers."""
    return [
        run("mini"),
        item(choices={"solver": {"blind": [0, 0], "options": [0, 1], "profile": [0, 0]}}),
        item(
            key=1,
            findings=(soft("length", "long"),),
            choices={"solver": {"blind": [2, 2], "options": [1, None], "profile": [1, 2]}},
            difficulty="hard",
        ),
        item(
            profile="ben",
            key=1,
            accepted=False,
            findings=(hard("structure", "5 options"), soft("length", "long")),
            choices={"solver": {"blind": [1, 3], "options": [0, 0], "profile": [1, 1]}},
        ),
        item(profile="ben", retake=1, key=3),
        item(profile="ben", retake=1, key=1),
        call(),
        call(valid=False, outcome="malformed", tokens=(200, 50), cost=0.02),
        call(profile="ben"),
        call(profile="ben", valid=False, outcome="not_needed", tokens=(50, 0), cost=0.005),
        call(profile="ben", purpose="solve", vendor="solver", tokens=(9000, 9000), cost=5.0),
        form(seconds=20, sources=(3, 4), robot_passes={"longest": 0.1, "overlap": 0.3}),
        form(profile="ben", complete=False, seconds=90, first_item_seconds=None, skills=(1, 4)),
        form(
            profile="ben",
            retake=1,
            seconds=30,
            first_item_seconds=4,
            skills=(3, 4),
            sources=(4, 4),
            repeated=1,
            robot_passes={"longest": 0.5, "overlap": 0.1},
        ),
        item(variant="counterpart", stem=HARDER, choices={"solver": {"blind": [1, 1]}}),
        item(variant="injected", obeyed=True),
        item(variant="injected"),
    ]


@pytest.mark.parametrize(
    ("name", "value", "n"),
    [
        ("schema_yield", 2 / 3, 3),  # the call that was not needed says nothing
        ("accepted_rate", 4 / 5, 5),
        ("flaws_per_item", 2 / 5, 5),
        ("worst_robot", (0.1 + 0.5) / 2, 2),
        ("key_position_distance", (0.05 + 0.35 + 0.25 + 0.05) / 2, 5),
        ("skill_coverage", 7 / 8, 8),
        ("source_coverage", 7 / 8, 8),
        ("duplication", 1 / 2, 2),
        ("key_suspicion", 1 / 3, 3),
        ("ambiguity", 1 / 3, 3),
        ("choices_only", 2 / 6, 6),
        ("informativity", 5 / 6 - 3 / 6, 6),
        ("injection_success", 1 / 2, 2),
        ("fairness_difficulty", 2 / 2 - 2 / 4, 6),  # of ana alone: ben has no counterpart
        ("fairness_grade", (grade(HARDER) or 0) - (grade(SIMPLE) or 0), 3),
        ("first_item_p50", 2, 2),
        ("first_item_p95", 4, 2),
        ("form_p50", 20, 2),
        ("form_p95", 30, 2),
        ("within_budget", 2 / 3, 3),
        ("complete_rate", 2 / 3, 3),
        ("tokens_per_accepted", 600 / 4, 4),
        ("usd_per_accepted", 0.045 / 4, 4),
        ("valid_per_budget", 2 * 90 / 140, 3),
        ("valid_per_usd", 2 / 0.045, 3),
    ],
)
def test_a_figure_of_the_small_run_is_the_one_counted_by_hand(name: str, value: float, n: int) -> None:
    figure = summarise(a_run()).subjects[0].figures[name]
    assert figure.value == pytest.approx(value)
    assert figure.n == n


def test_what_plots_show_is_counted_by_hand_too() -> None:
    mini = summarise(a_run()).subjects[0]
    assert (mini.subject, mini.label, mini.model) == ("mini", "planted", "mini/model")
    assert mini.key_positions == (1, 3, 0, 1)
    assert mini.form_seconds == (20.0, 30.0)
    assert mini.first_item_seconds == (2.0, 4.0)
    assert mini.rejects == {"structure": 1}
    assert mini.flaws == {"length": 2}
    assert mini.outcomes == {"ok": 2, "malformed": 1, "not_needed": 1}
    assert {name: (each.value, each.n) for name, each in mini.difficulties.items()} == {
        "easy": (0.75, 4),
        "hard": (0, 2),
    }


def test_key_positions_are_tested_once_there_are_twenty_items() -> None:
    def p_value(keys: list[int]) -> float | None:
        summary = summarise([run("mini"), *[item(key=key) for key in keys]])
        return summary.subjects[0].figures["key_position_chi2"].value

    assert p_value([0, 1, 2, 3] * 5) == pytest.approx(1)
    assert p_value([0] * 10 + [1] * 10) == pytest.approx(0.000170, abs=1e-6)  # chi-square of 20 with 3 degrees
    assert p_value([0] * 19) is None


def test_the_order_of_the_records_changes_no_figure() -> None:
    head, *rest = a_run()
    assert summarise([head, *rest[::-1]]).subjects[0].figures == summarise([head, *rest]).subjects[0].figures


def test_a_key_that_no_option_has_is_in_no_position() -> None:
    assert summarise([run("mini"), item(key=4), item(key=-1), item(key=2)]).subjects[0].key_positions == (0, 0, 1, 0)


def test_one_unreadable_answer_is_neither_suspicious_nor_ambiguous() -> None:
    choices: dict[str, dict[str, list[int | None]]] = {"solver": {"blind": [None, None]}}
    figures = summarise([run("mini"), item(choices=choices)]).subjects[0].figures
    assert figures["key_suspicion"] == figures["ambiguity"] == Measured(None)


def test_an_item_solved_with_the_profile_alone_says_nothing_of_the_gain() -> None:
    choices: dict[str, dict[str, list[int | None]]] = {"solver": {"profile": [1, 1]}}
    before, after = (
        summarise(records).subjects[0].figures["informativity"]
        for records in (a_run(), [*a_run(), item(choices=choices)])
    )
    assert before == after


def test_two_solvers_that_disagree_do_not_make_an_item_ambiguous() -> None:
    choices: dict[str, dict[str, list[int | None]]] = {"one": {"blind": [1, 1]}, "other": {"blind": [2, 2]}}
    figures = summarise([run("mini"), item(choices=choices)]).subjects[0].figures
    assert figures["ambiguity"].value == 0
    assert figures["key_suspicion"].value == 0


def test_a_share_of_none_leaves_room_for_some() -> None:
    figure = summarise([run("mini"), *[item(profile=profile) for profile in ("ana", "ben")]]).subjects[0].figures
    assert figure["accepted_rate"].value == 1
    assert figure["accepted_rate"].low == pytest.approx(2 / (2 + 3.8415), abs=1e-4)


def test_a_price_that_lacks_a_call_is_not_known() -> None:
    records: list[Record] = [run("mini"), item(), form(), call(), call(cost=None)]
    figures = summarise(records).subjects[0].figures
    assert figures["usd_per_accepted"] == figures["valid_per_usd"] == Measured(None)
    assert figures["tokens_per_accepted"].value == 300


def test_a_subject_that_was_asked_for_and_left_nothing_is_there_without_figures() -> None:
    summary = summarise([run("mini", "silent"), item(), call(), form()])
    assert [subject.subject for subject in summary.subjects] == ["mini", "silent"]
    assert {figure.value for figure in summary.subjects[1].figures.values()} == {None}
    assert summary.chain == ("mini",)


def test_a_file_gives_what_its_records_give(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_bytes(b"".join(msgspec.json.encode(record) + b"\n" for record in a_run()))
    assert summarise(path) == summarise(a_run())


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_bytes(msgspec.json.encode(run("mini")) + b'\n{"type": "item"\n')
    with pytest.raises(ValueError, match="line 2"):
        summarise(path)


def test_a_last_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    lines = [msgspec.json.encode(record) + b"\n" for record in a_run()]
    path.write_bytes(b"".join(lines) + lines[-1][:20])
    assert summarise(path) == summarise(a_run())


def test_records_without_a_run_are_refused() -> None:
    with pytest.raises(NoRun):
        summarise([item()])


def test_the_first_run_record_speaks_for_a_run_taken_up_again() -> None:
    resumed: list[RunRecord] = [run("mini", seed=1), run("mini", seed=2)]
    assert summarise(resumed).run.seed == 1


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.sampled_from(["ana", "ben", "cleo"])), max_size=12))
def test_shares_and_their_intervals_stay_between_0_and_1(written: list[tuple[int, bool, str]]) -> None:
    records = [item(key=key, accepted=accepted, profile=profile) for key, accepted, profile in written]
    figures = summarise([run("mini"), *records]).subjects[0].figures
    for name in ("accepted_rate", "key_position_distance"):
        figure = figures[name]
        if figure.value is not None and figure.low is not None and figure.high is not None:
            assert 0 <= figure.low <= figure.value <= figure.high <= 1


def subject(name: str, model: str = "", **figures: Measured | float) -> SubjectFigures:
    """A subject with these figures; a number is one without doubt. Reliable where nothing else is said."""
    known: dict[str, Measured | float] = {"complete_rate": Measured(0.97, 0.93, 0.99, 100), **figures}
    return SubjectFigures(
        subject=name,
        label="planted",
        model=model or f"{name}/model",
        figures={
            key: each if isinstance(each, Measured) else Measured(each, each, each, 100) for key, each in known.items()
        },
        rejects={},
        flaws={},
        key_positions=(),
        form_seconds=(),
        first_item_seconds=(),
        outcomes={},
        difficulties={},
    )


def names(subjects: list[SubjectFigures]) -> list[str]:
    return [each.subject for each in in_order(subjects)]


def test_a_reliable_subject_goes_before_a_cheaper_unreliable_one() -> None:
    shaky = subject("shaky", complete_rate=Measured(0.8, 0.7, 0.9, 100), valid_per_usd=900.0)
    assert names([shaky, subject("steady", valid_per_usd=10.0)]) == ["steady", "shaky"]


def test_among_reliable_ones_the_cheapest_goes_first_and_an_unknown_price_last() -> None:
    subjects = [subject("unpriced"), subject("dear", valid_per_usd=10.0), subject("cheap", valid_per_usd=20.0)]
    assert names(subjects) == ["cheap", "dear", "unpriced"]


def test_what_costs_nothing_is_the_cheapest() -> None:
    free = subject("free", usd_per_accepted=0.0)
    assert names([subject("cheap", valid_per_usd=20.0), free]) == ["free", "cheap"]


def test_where_prices_do_not_differ_for_sure_the_share_of_accepted_items_decides() -> None:
    sloppy = subject("sloppy", valid_per_usd=Measured(21, 18, 24, 9), accepted_rate=0.6)
    careful = subject("careful", valid_per_usd=Measured(20, 17, 23, 9), accepted_rate=0.9)
    assert names([sloppy, careful]) == ["careful", "sloppy"]


def test_where_those_do_not_differ_either_the_faster_one_goes_first() -> None:
    slow = subject("slow", valid_per_usd=20.0, accepted_rate=Measured(0.92, 0.8, 0.95, 9), form_p95=40.0)
    fast = subject("fast", valid_per_usd=20.0, accepted_rate=Measured(0.90, 0.8, 0.95, 9), form_p95=20.0)
    assert names([slow, fast]) == ["fast", "slow"]


def test_of_unreliable_ones_the_one_that_completes_more_goes_first() -> None:
    some = subject("some", complete_rate=Measured(0.8, 0.75, 0.85, 100), valid_per_usd=1.0)
    few = subject("few", complete_rate=Measured(0.2, 0.15, 0.25, 100), valid_per_usd=99.0)
    assert names([few, some]) == ["some", "few"]


def recommended(*subjects: SubjectFigures) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return recommend(subjects, {each.subject: each.subject.split(" > ") for each in subjects})


def test_the_second_of_a_chain_comes_from_another_house() -> None:
    chain, reasons = recommended(subject("a", "openai/one"), subject("b", "openai/two"), subject("c", "mistral/three"))
    assert chain == ("a", "c")
    assert "mistral does not fail when openai does" in reasons[1]


def test_without_another_house_another_model_stands_in_and_else_the_next_vendor() -> None:
    first, same = subject("a", "openai/one"), subject("b", "openai/one")
    assert recommended(first, same, subject("c", "openai/two"))[0] == ("a", "c")
    assert recommended(first, same)[0] == ("a", "b")


def test_a_measured_chain_is_no_member_of_the_recommended_one() -> None:
    both = subject("a > b")
    only_its_first_was_called = {"a > b": ["a"], "a": ["a"], "b": ["b"]}
    assert recommended(both, subject("a"), subject("b"))[0] == ("a", "b")
    assert recommend([both, subject("a"), subject("b")], only_its_first_was_called)[0] == ("a", "b")


def test_a_vendor_that_completed_nothing_is_not_recommended() -> None:
    dead = subject("dead", complete_rate=Measured(0.0, 0.0, 0.04, 100))
    assert recommended(subject("a"), dead)[0] == ("a",)
    assert recommended(dead) == ((), ())


def test_a_reason_quotes_the_figures_it_rests_on() -> None:
    _, reasons = recommended(subject("a", accepted_rate=0.875, valid_per_usd=62.4, form_p95=21.04))
    assert reasons[0] == (
        "a goes first: 97.0% of its 100 sets were complete (95% interval 93.0% to 99.0%), 87.5% of its items passed "
        "every hard rule, a US dollar buys 62.4 complete sets, 95% of its complete sets took 21.0 s at most."
    )
