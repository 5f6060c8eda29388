"""The report as one page that needs nothing beside it: no script, no other file, no network."""

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bench.models.figures import Summary
from bench.models.metrics import Metric
from bench.models.report import plots, prose, snippet, tables
from bench.models.report.examples import Examples


def render(summary: Summary, examples: Mapping[str, Examples], metrics: Mapping[str, Metric]) -> str:
    """The whole page. Every text is escaped by the template; only our own plots are markup."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["drawn"] = Markup  # plots only
    environment.filters["said"] = tables.said
    return environment.get_template("template.html.j2").render(
        summary=summary,
        run=summary.run,
        examples=[(subject, examples.get(subject.subject, Examples())) for subject in summary.subjects],
        letters=tables.LETTERS,
        prose=prose,
        verdict=prose.verdict(summary, metrics),
        caution=prose.caution(summary.subjects),
        snippet=snippet.providers_yaml(summary),
        pareto_note=_pareto_note(summary),
        tables=_tables(summary, metrics),
        plots=_plots(summary),
        comparisons=tables.comparisons(summary, metrics),
    )


def _tables(summary: Summary, metrics: Mapping[str, Metric]) -> dict[str, tables.Table]:
    return {
        "telling": tables.telling(summary, metrics),
        "latency": tables.latency(summary, metrics),
        "outcomes": tables.outcomes(summary),
        "rejects": tables.rejects(summary),
        "flaws": tables.flaws(summary),
        "key_positions": tables.key_positions(summary),
        "difficulty": tables.difficulty(summary),
        "everything": tables.everything(summary, metrics),
    }


def _plots(summary: Summary) -> dict[str, plots.Plot]:
    broken = [subject.rejects for subject in summary.subjects]
    flawed = [subject.flaws for subject in summary.subjects]
    return {
        "pareto": plots.pareto(summary),
        "latency": plots.latency(summary),
        "rejects": plots.rules(summary, broken, "rejects", "Hard rules broken, all findings of a subject"),
        "flaws": plots.rules(summary, flawed, "flaws", "Soft flaws, all findings of a subject"),
        "key_positions": plots.key_positions(summary),
        "difficulty": plots.difficulty(summary),
    }


def _pareto_note(summary: Summary) -> str:
    shown = {subject.subject for _, subject in plots.priced(summary)}
    return prose.pareto_note(len(shown), [each.subject for each in summary.subjects if each.subject not in shown])
