"""Two runs beside each other: the same subject with a new model version, a new prompt or new rules."""

from pathlib import Path

from bench.models.comparison import compare
from bench.models.estimates import PLAIN
from bench.models.metrics import METRICS
from bench.models.records import records_of
from bench.models.report.numbers import interval, value
from bench.models.summary import summarise, tally_up

NO_DIFFERENCE = "no difference shown"


def compare_runs(first: Path, second: Path) -> list[tuple[str, ...]]:
    """Subject, metric, both figures, the difference with its interval, and what it shows; for subjects of both runs."""
    one, other = summarise(first), summarise(second)
    tallies = [tally_up(records_of(path))[1] for path in (first, second)]
    figures = [{subject.subject: subject.figures for subject in run.subjects} for run in (one, other)]
    rows = []
    for name in figures[0]:
        if name not in figures[1]:
            continue
        for found in compare({"first": tallies[0][name][PLAIN], "second": tallies[1][name][PLAIN]}, one.run.seed):
            metric = METRICS[found.metric]
            values = (value(it[name][found.metric].value, metric.unit) for it in figures)
            difference = f"{value(found.difference.value, metric.unit)} {interval(found.difference, metric.unit)}"
            verdict = f"{found.verdict} run is better" if found.verdict else NO_DIFFERENCE
            rows.append((name, metric.title, *values, difference, verdict))
    return rows
