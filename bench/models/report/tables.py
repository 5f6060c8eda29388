"""The tables of a report, as plain text: the page and the Markdown show the same cells."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

import msgspec

from bench.models.figures import Comparison, Measured, SubjectFigures, Summary
from bench.models.metrics import Metric
from bench.models.report import numbers

TELLING = (
    "complete_rate",
    "accepted_rate",
    "worst_robot",
    "duplication",
    "form_p50",
    "form_p95",
    "usd_per_accepted",
    "valid_per_budget",
    "valid_per_usd",
)
DIFFICULTIES = ("easy", "medium", "hard")
LETTERS = "ABCDEFGH"
RULES_SHOWN = 6
OTHER_RULES = "other rules"
NO_DIFFERENCE = "no difference shown"
_UNKNOWN = Measured(None)


class Cell(msgspec.Struct, frozen=True):
    """A text or a figure, and below it in small print what belongs to it."""

    text: str
    detail: str = ""


class Table(msgspec.Struct, frozen=True):
    """Rows under their columns; the first cell of a row names it."""

    columns: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]


class MetricComparisons(msgspec.Struct, frozen=True):
    """All pairs of subjects on one metric, and for how many of them a difference is shown."""

    title: str
    shown: int
    table: Table


def metric_of(metrics: Mapping[str, Metric], name: str) -> Metric:
    """What a metric is; one that is not described goes by its bare name."""
    return metrics.get(name) or Metric(name.replace("_", " "), "", "count", "none")


def metric_names(summary: Summary, metrics: Mapping[str, Metric]) -> list[str]:
    """Every metric that some subject has, the described ones first and in their order."""
    found = {name: None for subject in summary.subjects for name in subject.figures}
    return [*(name for name in metrics if name in found), *(name for name in found if name not in metrics)]


def telling(summary: Summary, metrics: Mapping[str, Metric]) -> Table:
    """Subjects against the metrics that decide."""
    described = [metric_of(metrics, name) for name in TELLING]
    columns = (Cell("subject"), *(Cell(metric.title, numbers.wish(metric)) for metric in described))
    return Table(
        columns,
        tuple(
            (named(number, subject), *(_figure(subject, name, metrics) for name in TELLING))
            for number, subject in enumerate(summary.subjects, 1)
        ),
    )


def everything(summary: Summary, metrics: Mapping[str, Metric]) -> Table:
    """All metrics against the subjects, each with its formula."""
    columns = (Cell("metric"), *(named(number, subject) for number, subject in enumerate(summary.subjects, 1)))
    return Table(
        columns,
        tuple(
            (
                Cell(metric_of(metrics, name).title, _formula(metric_of(metrics, name))),
                *(_figure(subject, name, metrics, with_n=True) for subject in summary.subjects),
            )
            for name in metric_names(summary, metrics)
        ),
    )


def latency(summary: Summary, metrics: Mapping[str, Metric]) -> Table:
    """Seconds to the first item and to the whole set."""
    names = ("first_item_p50", "first_item_p95", "form_p50", "form_p95", "within_budget")
    columns = (Cell("subject"), *(Cell(metric_of(metrics, name).title) for name in names))
    return Table(
        columns,
        tuple(
            (named(number, subject), *(_figure(subject, name, metrics) for name in names))
            for number, subject in enumerate(summary.subjects, 1)
        ),
    )


def outcomes(summary: Summary) -> Table:
    """How often calls ended in each way."""
    return _counts(summary, [subject.outcomes for subject in summary.subjects])


def rejects(summary: Summary) -> Table:
    """How many items broke each hard rule."""
    return _counts(summary, [subject.rejects for subject in summary.subjects])


def flaws(summary: Summary) -> Table:
    """How many items showed each soft flaw."""
    return _counts(summary, [subject.flaws for subject in summary.subjects])


def key_positions(summary: Summary) -> Table:
    """Where the keys stand among the options."""
    width = max((len(subject.key_positions) for subject in summary.subjects), default=0)
    return Table(
        (Cell("subject"), *(Cell(letter) for letter in LETTERS[:width])),
        tuple(
            (named(number, subject), *_shares(subject.key_positions, width))
            for number, subject in enumerate(summary.subjects, 1)
        ),
    )


def difficulty(summary: Summary) -> Table:
    """Blind solvers' share of right answers, by the difficulty that the writer states."""
    names = difficulties(summary.subjects)
    return Table(
        (Cell("subject"), *(Cell(name) for name in names)),
        tuple(
            (named(number, subject), *(_cell(subject.difficulties.get(name, _UNKNOWN), "share") for name in names))
            for number, subject in enumerate(summary.subjects, 1)
        ),
    )


def comparisons(summary: Summary, metrics: Mapping[str, Metric]) -> list[MetricComparisons]:
    """Subjects against each other, a table per metric."""
    order = metric_names(summary, metrics)
    place = {name: number for number, name in enumerate(order)}
    pairs = sorted(summary.comparisons, key=lambda pair: (place.get(pair.metric, len(order)), pair.metric))
    by_metric = groupby(pairs, key=lambda pair: pair.metric)
    return [_compared(metric_of(metrics, name), tuple(group)) for name, group in by_metric]


def difficulties(subjects: Iterable[SubjectFigures]) -> list[str]:
    """The difficulties stated, from easy to hard."""
    found = {name: None for subject in subjects for name in subject.difficulties}
    return [*(name for name in DIFFICULTIES if name in found), *(name for name in found if name not in DIFFICULTIES)]


def common_rules(counts: Sequence[Mapping[str, int]]) -> list[str]:
    """Rules by how often they were broken, all subjects together; equal ones by name."""
    total: dict[str, int] = {}
    for found in counts:
        for rule, count in found.items():
            total[rule] = total.get(rule, 0) + count
    return sorted((rule for rule, count in total.items() if count), key=lambda rule: (-total[rule], rule))


def named(number: int, subject: SubjectFigures) -> Cell:
    """A subject as the tables and the plots name it."""
    return Cell(f"{number} {subject.subject}", " · ".join(filter(None, (subject.label, subject.model))))


def said(name: str) -> str:
    """A name from the code in words."""
    return name.replace("_", " ") or "not named"


def _figure(subject: SubjectFigures, name: str, metrics: Mapping[str, Metric], *, with_n: bool = False) -> Cell:
    estimate = subject.figures.get(name, _UNKNOWN)
    cell = _cell(estimate, metric_of(metrics, name).unit)
    if not with_n or estimate.value is None:
        return cell
    return Cell(
        cell.text, ", ".join(filter(None, (cell.detail, f"n{numbers.NO_BREAK}={numbers.NO_BREAK}{estimate.n:,}")))
    )


def _cell(estimate: Measured, unit: str) -> Cell:
    return Cell(numbers.value(estimate.value, unit), numbers.interval(estimate, unit))


def _formula(metric: Metric) -> str:
    return "; ".join(filter(None, (metric.formula, numbers.wish(metric))))


def _counts(summary: Summary, counts: Sequence[Mapping[str, int]]) -> Table:
    rules = common_rules(counts)
    return Table(
        (Cell("subject"), *(Cell(said(rule)) for rule in rules)),
        tuple(
            (named(number, subject), *(Cell(f"{found.get(rule, 0):,}") for rule in rules))
            for number, (subject, found) in enumerate(zip(summary.subjects, counts, strict=True), 1)
        ),
    )


def _shares(counts: tuple[int, ...], width: int) -> list[Cell]:
    total = sum(counts)
    padded = (*counts, *[0] * (width - len(counts)))
    return [Cell(numbers.value(count / total if total else None, "share"), f"{count:,} keys") for count in padded]


def _compared(metric: Metric, pairs: tuple[Comparison, ...]) -> MetricComparisons:
    columns = ("pair", "difference, first minus second", "p (Holm)", "verdict")
    return MetricComparisons(
        metric.title,
        sum(bool(pair.verdict) for pair in pairs),
        Table(tuple(map(Cell, columns)), tuple(_pair(pair, metric) for pair in pairs)),
    )


def _pair(pair: Comparison, metric: Metric) -> tuple[Cell, ...]:
    return (
        Cell(pair.first, f"and {pair.second}"),
        Cell(*numbers.difference(pair.difference, metric.unit)),
        Cell(numbers.value(pair.p, "p")),
        Cell(f"{pair.verdict} is better" if pair.verdict else NO_DIFFERENCE),
    )
