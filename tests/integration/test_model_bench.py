"""The model benchmark finds what was planted, says who is better, and survives what goes wrong on the way."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
import structlog
import yaml
from click.testing import CliRunner

from bench.models.records import FormRecord, ItemRecord, records_of
from bench.models.runner.results import unit_of
from bench.models.summary import summarise
from bench.planted.__main__ import planted
from bench.planted.check import recovered
from cli.bench import bench

pytestmark = pytest.mark.timeout(180)
VENDORS = ("honest", "wrong-keys", "longest-key", "rewords", "at-b", "dear")


@pytest.fixture(scope="module", autouse=True)
def logging_as_before() -> Iterator[None]:
    """The command turns the log of its process down, which is this one's."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def run(*options: object) -> str:
    result = CliRunner().invoke(bench, [str(option) for option in options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("planted")
    with planted(VENDORS) as file:
        run("--providers", file, "--vendors", ",".join(VENDORS), "--forms", 1, "--retakes", 1, "--out", out)
    return out


def test_every_planted_rate_lies_in_its_interval(found: Path) -> None:
    rates = recovered(summarise(found / "results.jsonl"), found / "results.jsonl")
    habits = {(it.subject, it.rate): it for it in rates}
    for subject, rate in (
        ("wrong-keys", "wrong keys"),
        ("longest-key", "key the longest"),
        ("rewords", "old items in retakes"),
        ("at-b", "key at B"),
    ):
        assert habits[subject, rate].is_inside, habits[subject, rate]
    assert sum(it.is_inside for it in rates) >= 0.9 * len(rates)


def test_one_who_writes_wrong_keys_is_not_recommended_and_one_who_is_dear_comes_after_the_cheap(found: Path) -> None:
    summary = summarise(found / "results.jsonl")
    order = [subject.subject for subject in summary.subjects]
    assert "wrong-keys" not in summary.chain
    assert order.index("honest") < order.index("dear") < order.index("wrong-keys")


def test_robots_pass_what_the_longest_key_gives_away_and_nothing_else(found: Path) -> None:
    figures = {it.subject: it.figures["worst_robot"].value for it in summarise(found / "results.jsonl").subjects}
    assert figures["longest-key"] is not None
    assert figures["longest-key"] > 0.5
    assert all((value or 0) < 0.2 for name, value in figures.items() if name != "longest-key")


def test_the_report_is_written_beside_the_records(found: Path) -> None:
    assert {"results.jsonl", "report.html", "report.md", "summary.csv"} <= {file.name for file in found.iterdir()}
    assert "planted" in (found / "report.md").read_text()


def test_two_runs_are_compared_subject_by_subject(found: Path) -> None:
    assert "no difference shown" in run("compare", found, found)


def test_a_run_that_was_cut_off_goes_on_and_writes_nothing_twice(tmp_path: Path) -> None:
    with planted(("honest",)) as file:
        options = ("--providers", file, "--vendors", "honest", "--no-solvers", "--out", tmp_path)
        run(*options)
        results = tmp_path / "results.jsonl"
        whole = results.read_bytes()
        results.write_bytes(whole[: len(whole) // 2])
        run(*options, "--resume")
    units = [(unit_of(it), it.retake) for it in records_of(results) if isinstance(it, FormRecord)]
    assert len(units) == len(set(units)) == sum(it.startswith(b'{"type":"form"') for it in whole.splitlines())


def test_a_run_is_not_gone_on_with_other_options(tmp_path: Path) -> None:
    with planted(("honest",)) as file:
        options = ("--providers", file, "--vendors", "honest", "--no-solvers", "--out", tmp_path)
        run(*options)
        refused = CliRunner().invoke(bench, [*map(str, options), "--resume", "--seed", "2"])
    assert refused.exit_code == 1
    assert "was asked for with other options" in refused.output


def test_a_vendor_that_is_down_is_told_about_and_does_not_stop_the_others(tmp_path: Path) -> None:
    with planted(("honest",)) as file:
        settings = yaml.safe_load(file.read_text())
        settings["vendors"].insert(0, {**settings["vendors"][0], "name": "down", "api_base": "http://127.0.0.1:1/v1"})
        settings |= {"budget_seconds": 5, "reserve_seconds": 1}  # for so long somebody who is down is waited for
        file.write_text(yaml.safe_dump(settings))
        output = run("--providers", file, "--vendors", "down,honest", "--no-solvers", "--out", tmp_path)
    assert "down: left out from here on: the vendor is down" in output
    rates = {it.subject: it.figures["complete_rate"].value for it in summarise(tmp_path / "results.jsonl").subjects}
    assert rates == {"down": 0.0, "honest": 1.0}


def test_the_money_is_not_overspent_by_more_than_what_is_under_way(tmp_path: Path) -> None:
    with planted(("dear",)) as file:
        output = run("--providers", file, "--vendors", "dear", "--no-solvers", "--max-usd", 0.1, "--out", tmp_path)
    assert "left out from here on: the money is spent" in output
    calls = [it for it in records_of(tmp_path / "results.jsonl") if not isinstance(it, ItemRecord)]
    spent = sum(getattr(it, "cost", None) or 0.0 for it in calls)
    assert 0.1 <= spent < 0.1 + 4 * 0.06  # four students at a time, of whom each set costs six cents


@contextmanager
def without_a_price() -> Iterator[Path]:
    """A provider file whose only writer costs nobody knows what."""
    with planted(("honest",)) as file:
        settings = yaml.safe_load(file.read_text())
        del settings["vendors"][0]["price"]
        file.write_text(yaml.safe_dump(settings))
        yield file


def test_a_bound_in_dollars_is_refused_while_a_vendor_has_no_price(tmp_path: Path) -> None:
    with without_a_price() as file:
        refused = CliRunner().invoke(bench, ["--providers", str(file), "--max-usd", "0.01", "--out", str(tmp_path)])
    assert refused.exit_code == 1
    assert "no price is known for honest" in refused.output
    assert "--assume-price" in refused.output
    assert not list(tmp_path.iterdir())


def test_a_solver_without_a_price_is_refused_too(tmp_path: Path) -> None:
    with without_a_price() as file:
        options = ["--providers", str(file), "--vendors", "oracle", "--max-usd", "0.01", "--out", str(tmp_path)]
        settings = yaml.safe_load(file.read_text())
        settings["verify"] = {"solvers": ["honest"]}
        file.write_text(yaml.safe_dump(settings))
        refused = CliRunner().invoke(bench, options)
    assert "no price is known for honest" in refused.output


def test_an_assumed_price_bounds_what_a_vendor_without_one_may_spend(tmp_path: Path) -> None:
    with without_a_price() as file:
        options = ("--vendors", "honest", "--no-solvers", "--assume-price", 20, 20, "--max-usd", 0.01)
        output = run("--providers", file, *options, "--out", tmp_path)
    assert "left out from here on: the money is spent" in output


def test_what_was_spent_before_counts_when_a_run_goes_on(tmp_path: Path) -> None:
    with planted(("dear",)) as file:
        options = ("--providers", file, "--vendors", "dear", "--no-solvers", "--max-usd", 0.1, "--out", tmp_path)
        run(*options)
        before = set((tmp_path / "results.jsonl").read_bytes().splitlines())
        assert "the money is spent" in run(*options, "--resume")
    assert set((tmp_path / "results.jsonl").read_bytes().splitlines()) <= before


def test_an_estimate_names_the_vendors_without_a_price(tmp_path: Path) -> None:
    with without_a_price() as file:
        output = run("--providers", file, "--vendors", "honest", "--dry-run", "--max-usd", 1, "--out", tmp_path)
    assert "no price known" in output
    assert "no price is known for honest" in output


def test_an_estimate_asks_nobody(tmp_path: Path) -> None:
    with planted(("honest",)) as file:
        output = run("--providers", file, "--vendors", "honest", "--dry-run", "--out", tmp_path)
    assert "honest" in output
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--vendors", "nobody"), "no vendor is called 'nobody'"),
        (("--profiles", "."), "no profiles"),
    ],
)
def test_a_mistake_is_said_in_one_line(tmp_path: Path, options: tuple[str, ...], message: str) -> None:
    with planted(("honest",)) as file:
        options = tuple(str(tmp_path) if it == "." else it for it in options)
        refused = CliRunner().invoke(bench, ["--providers", str(file), *options])
    assert refused.exit_code == 1
    assert message in refused.output


def test_records_are_read_back_as_they_were_written(found: Path) -> None:
    lines = (found / "results.jsonl").read_bytes().splitlines()
    assert [msgspec.json.encode(record) for record in records_of(found / "results.jsonl")] == lines
