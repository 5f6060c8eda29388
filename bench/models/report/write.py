"""Writes a report: report.html to look at, report.md to paste, summary.csv to compute with."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path

from bench.models.figures import Summary
from bench.models.metrics import METRICS, Metric
from bench.models.records import ItemRecord
from bench.models.report import markdown
from bench.models.report.examples import choose
from bench.models.report.tables import metric_names, metric_of

CSV_COLUMNS = ("subject", "label", "model", "metric", "unit", "value", "low", "high", "n")
_KEPT = "\t\n\r\u200c\u200d"  # the joiners belong to the spelling of some scripts, and to emoji


def write_report(
    summary: Summary, items: Iterable[ItemRecord], out: Path, metrics: Mapping[str, Metric] = METRICS
) -> None:
    """Write the three files into the folder `out`, which is made when missing; `items` serve as examples only."""
    from bench.models.report import page  # matplotlib is slow to load, and needed for the page only

    examples = choose(items)
    out.mkdir(parents=True, exist_ok=True)
    _write(out / "summary.csv", rows(summary, metrics))
    _write(out / "report.md", markdown.render(summary, examples, metrics))
    _write(out / "report.html", page.render(summary, examples, metrics))


def rows(summary: Summary, metrics: Mapping[str, Metric]) -> str:
    """Every figure on a line of its own, unrounded; what nothing is known of is left empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for subject in summary.subjects:
        for name in metric_names(summary, metrics):
            if (found := subject.figures.get(name)) is not None:
                unit = metric_of(metrics, name).unit
                cells = (subject.subject, subject.label, subject.model, name, unit)
                writer.writerow((*cells, found.value, found.low, found.high, found.n))
    return text.getvalue()


def _write(path: Path, text: str) -> None:
    path.write_text("".join(map(_visible, text)), encoding="utf-8", newline="\n")


def _visible(character: str) -> str:
    """Characters that hide or reorder text, or that no file can hold, are written as their number."""
    if character.isprintable() or character in _KEPT:
        return character
    is_hidden = unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co"}
    return f"[U+{ord(character):04X}]" if is_hidden else character
