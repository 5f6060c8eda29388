"""From the records of a run to its figures, in one pass: sums of each set are kept, items are not."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from bench.models.comparison import compare
from bench.models.estimates import PLAIN, difficulties, estimates, key_positions
from bench.models.figures import SubjectFigures, Summary
from bench.models.preference import in_order, recommend
from bench.models.records import Record, RunRecord, records_of
from bench.models.tally import Tally, count

Tallies = dict[str, dict[str, Tally]]
"""By subject, by variant."""


class NoRun(ValueError):
    """The records do not say what was run."""


def summarise(source: Path | Iterable[Record]) -> Summary:
    """All figures of a run, from its file or its records.

    Raises NoRun without a run record, ValueError with the number of a line that is no record.
    """
    run, tallies = tally_up(records_of(source) if isinstance(source, Path) else source)
    subjects = in_order([_figures_of(name, variants, run) for name, variants in tallies.items()])
    chain, reasons = recommend(subjects, {name: variants[PLAIN].vendors for name, variants in tallies.items()})
    plain = {subject.subject: tallies[subject.subject][PLAIN] for subject in subjects}
    return Summary(
        run=run,
        subjects=subjects,
        comparisons=compare(plain, run.seed),
        chain=chain,
        chain_reasons=reasons,
    )


def tally_up(records: Iterable[Record]) -> tuple[RunRecord, Tallies]:
    """Count up a run; the first run record speaks for it. Every subject has a tally of the plain variant."""
    run: RunRecord | None = None
    tallies: Tallies = defaultdict(lambda: defaultdict(Tally))
    for record in records:
        if isinstance(record, RunRecord):
            run = run or record
        else:
            count(tallies[record.subject][record.variant], record)
    if run is None:
        raise NoRun("no run record: the file does not say what was asked for")
    names = dict.fromkeys([*run.subjects, *tallies])
    return run, {name: {PLAIN: Tally(), **tallies[name]} for name in names}


def _figures_of(subject: str, variants: dict[str, Tally], run: RunRecord) -> SubjectFigures:
    tally = variants[PLAIN]
    return SubjectFigures(
        subject=subject,
        label=run.labels.get(subject, ""),
        model=" + ".join(sorted(tally.models)),
        figures=estimates(variants, run.seed),
        rejects=dict(tally.rejects.most_common()),
        flaws=dict(tally.flaws.most_common()),
        key_positions=key_positions(tally),
        form_seconds=tuple(tally.get(cell, "seconds") for cell in tally.cells("complete")),
        first_item_seconds=tuple(tally.get(cell, "first_item_seconds") for cell in tally.cells("begun")),
        outcomes=dict(tally.outcomes.most_common()),
        difficulties=difficulties(tally, run.seed),
    )
