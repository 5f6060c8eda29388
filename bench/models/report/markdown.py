"""The report as Markdown, for an issue or a wiki: the tables of the page, without its plots."""

import re
from collections.abc import Iterable, Iterator, Mapping

from bench.models.figures import Summary
from bench.models.metrics import Metric
from bench.models.records import ItemRecord, RunRecord
from bench.models.report import prose, snippet, tables
from bench.models.report.examples import Examples


def render(summary: Summary, examples: Mapping[str, Examples], metrics: Mapping[str, Metric]) -> str:
    """The whole report; what models wrote stands in fenced blocks, where it is neither markup nor a link."""
    parts = [
        "# Which model should write our questions?",
        *_run(summary),
        "## Verdict",
        _safe(prose.verdict(summary, metrics)),
        *_chain(summary),
        "## Summary",
        _table(tables.telling(summary, metrics)),
        "## How long sets take",
        _table(tables.latency(summary, metrics)),
        "### How calls ended",
        _counted(tables.outcomes(summary), "No call was made."),
        "## Rejects by rule",
        _counted(tables.rejects(summary), "No item broke a hard rule."),
        "### Soft flaws",
        _counted(tables.flaws(summary), "No item showed a soft flaw."),
        "## Key positions",
        _counted(tables.key_positions(summary), "No key was counted."),
        "## Difficulty",
        "Blind solvers' share of right answers, by the difficulty that the writer states.",
        _counted(tables.difficulty(summary), "No solver answered."),
        "## All metrics",
        _table(tables.everything(summary, metrics)),
        "## Comparisons",
        *_comparisons(summary, metrics),
        "## Items to read",
        prose.HOSTILE_NOTE,
        *_examples(summary, examples),
        "## The chain for providers.yaml",
        _fenced(snippet.providers_yaml(summary), "yaml") if summary.chain else "This run recommends no chain.",
        "## How to read it",
        _bullets(prose.HOW_TO_READ),
        "## Limits",
        _bullets(prose.LIMITS),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _run(summary: Summary) -> Iterator[str]:
    run = summary.run
    yield "## What was run"
    if caution := prose.caution(summary.subjects):
        yield f"**{_safe(caution)}**"
    yield _bullets(f"{name}: {_safe(said)}" for name, said in _conditions(run))
    yield _bullets(
        f"{number} {_safe(subject.subject)}: {_safe(subject.label or 'not labelled')}, {_safe(subject.model)}"
        for number, subject in enumerate(summary.subjects, 1)
    )


def _conditions(run: RunRecord) -> Iterator[tuple[str, str]]:
    yield "started", run.started_at
    yield "profiles", ", ".join(run.profiles)
    yield "sets per profile", f"{run.forms}, retakes of each {run.retakes}"
    yield "budget of a set", f"{run.budget_seconds:g} s"
    yield "blind solvers", ", ".join(run.solvers) or "none"
    yield "seed", str(run.seed)
    yield "Retake", f"{run.retake_version}, prompt {run.prompt_version}, configuration {run.config_hash}"
    for name, option in run.options.items():
        yield _safe(name), str(option)


def _chain(summary: Summary) -> Iterator[str]:
    for place, name in enumerate(summary.chain):
        reason = summary.chain_reasons[place] if place < len(summary.chain_reasons) else ""
        yield f"{place + 1}. **{_safe(name)}**: {_safe(reason)}"


def _comparisons(summary: Summary, metrics: Mapping[str, Metric]) -> Iterator[str]:
    compared = tables.comparisons(summary, metrics)
    if not compared:
        yield "Nothing was compared: that takes two subjects at least."
    for metric in compared:
        yield f"### {_safe(metric.title)}"
        yield _table(metric.table)


def _examples(summary: Summary, examples: Mapping[str, Examples]) -> Iterator[str]:
    for number, subject in enumerate(summary.subjects, 1):
        chosen = examples.get(subject.subject, Examples())
        yield f"### {number} {_safe(subject.subject)}"
        for title, items in (("Asked", chosen.good), ("Rejected", chosen.rejected)):
            if items:
                yield f"#### {title}"
                yield from (_fenced(_item(item), "text") for item in items)
        if not chosen.good and not chosen.rejected:
            yield "No item to show."


def _item(item: ItemRecord) -> str:
    lines = [f"[{item.skill}, {item.difficulty}, profile {item.profile}]", item.stem]
    for place, option in enumerate(item.options):
        lines.append(f"{'*' if place == item.key else ' '} {tables.LETTERS[place : place + 1] or '?'}  {option}")
    lines.append(item.rationale)
    lines += [f"{finding.severity.value}: {tables.said(finding.rule)}: {finding.seen}" for finding in item.findings]
    return "\n".join(lines)


def _table(table: tables.Table) -> str:
    head = [_line(table.columns), "|" + "|".join(["---", *["---:"] * (len(table.columns) - 1)]) + "|"]
    return "\n".join([*head, *(_line(row) for row in table.rows)])


def _counted(table: tables.Table, nothing: str) -> str:
    return _table(table) if len(table.columns) > 1 else nothing


def _line(cells: Iterable[tables.Cell]) -> str:
    said = (f"{cell.text} ({cell.detail})" if cell.detail else cell.text for cell in cells)
    return f"| {' | '.join(map(_safe, said))} |"


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _safe(text: str) -> str:
    """Text on one line in which no character is markup."""
    return re.sub(r"([\\`*_\[\]<>|#&$~])", r"\\\1", " ".join(text.split()))


def _fenced(text: str, language: str) -> str:
    """Text as it is, in a fence longer than any that it holds."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"
