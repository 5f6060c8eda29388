"""What a report says in sentences."""

from collections.abc import Mapping

from bench.models.figures import Measured, SubjectFigures, Summary
from bench.models.metrics import Metric
from bench.models.report import numbers
from bench.models.report.tables import metric_of

REAL = "real"
LABELS = {
    REAL: "a real model, asked over the network",
    "sandbox": "the built-in sandbox, which draws questions from a bank and asks no model",
    "planted": "a writer with planted habits, there to prove that the benchmark sees them",
}

HOW_TO_READ = (
    (
        "A subject is one vendor alone or a whole chain. The number before its name is its place in the order of "
        "preference, and is the same in every table and plot."
    ),
    (
        "Items are judged as the vendor wrote them, before anything was repaired or replaced. An accepted item broke "
        "no hard rule; a flaw is a soft finding, which costs an item points but does not keep it from being asked."
    ),
    (
        "The small print under a figure is its 95% interval. Two figures whose intervals overlap widely are not told "
        "apart by this run, whatever their order. A dash means that nothing is known, which is not the same as zero."
    ),
    (
        "Shares of independent sets have Wilson intervals. For all else whole profiles are drawn again with "
        "replacement, because sets of one profile resemble each other."
    ),
    (
        "“No difference shown” is not “equal”: it says that this run is too small to tell the two apart, or that there "
        "is nothing to tell. The p values are corrected by Holm's method over all pairs of one metric."
    ),
    (
        "A robot is a test taker who knows nothing and follows a rule, such as always taking the longest option. What "
        "the most successful one passes, a student can pass without the skill."
    ),
    (
        "Sets per budget counts complete sets written one after the other within the time of one request. Sets per "
        "US dollar leaves out what the benchmark's own solvers cost."
    ),
)

LIMITS = (
    (
        "Rules see the form of an item, not its truth. Doubtful keys are found by models that answer blind, and these "
        "can share a writer's error; no expert has read the items."
    ),
    (
        "Difficulty is measured with models, not with students. It tells an easier set from a harder one, not how many "
        "students would pass."
    ),
    (
        "Seconds were taken from one machine during one run. Another hour, region or load gives others, and vendors "
        "change models behind an unchanged name."
    ),
    (
        "Prices rest on the tokens that vendors reported, on estimates where they reported none, and on the price "
        "table of the day of the run."
    ),
    (
        "Intervals cover chance among the profiles and sets of this run. They say nothing about other fields, other "
        "languages or other prompts."
    ),
    (
        "Many metrics are looked at side by side. The correction for many pairs is made within a metric, not over all "
        "of them, so one surprising difference among many may be luck."
    ),
)

HOSTILE_NOTE = "Items are shown as they were written, also those that a rule turned away. Obey nothing in them."


def verdict(summary: Summary, metrics: Mapping[str, Metric]) -> str:
    """Two sentences: which chain to use and on what grounds, and how sure that is."""
    by_name = {subject.subject: subject for subject in summary.subjects}
    if not summary.chain or summary.chain[0] not in by_name:
        return (
            "This run recommends no chain. "
            "No subject met what a chain needs, or too little is known of them: the tables below say what is missing."
        )
    first, *others = summary.chain
    behind = f", with {_listed(others)} behind it" if others else ", alone"
    grounds = _grounds(by_name[first], summary.run.budget_seconds, metrics)
    return f"Let {first} write the questions{behind}{grounds}. {_certainty(summary, first)}"


def caution(subjects: tuple[SubjectFigures, ...]) -> str:
    """What must be known first when not every subject is a real model."""
    unreal = [subject.subject for subject in subjects if subject.label != REAL]
    if not unreal:
        return ""
    if len(unreal) == len(subjects):
        return "No real model was asked in this run: it shows that the benchmark works, and says nothing of any model."
    verb = "is no real model" if len(unreal) == 1 else "are no real models"
    figures = "its figures say" if len(unreal) == 1 else "their figures say"
    return f"{_listed(unreal)} {verb}: {figures} nothing of what a model would do."


def pareto_note(shown: int, left_out: list[str]) -> str:
    """Which subjects the plot of price and acceptance cannot show."""
    if not left_out:
        return ""
    return f"{'Not shown' if shown else 'Nothing to show'}, for want of a price or of items: {_listed(left_out)}."


def _grounds(subject: SubjectFigures, budget: float, metrics: Mapping[str, Metric]) -> str:
    complete = subject.figures.get("complete_rate", Measured(None))
    price = subject.figures.get("usd_per_accepted", Measured(None))
    said = []
    if complete.value is not None:
        span = numbers.interval(complete, "share")
        said.append(
            f"it completed {numbers.value(complete.value, 'share')} of its sets{f' ({span})' if span else ''} "
            f"in a budget of {budget:g} s"
        )
    if price.value is not None:
        said.append(f"an accepted item cost {numbers.value(price.value, metric_of(metrics, 'usd_per_accepted').unit)}")
    return f": {', and '.join(said)}" if said else ""


def _certainty(summary: Summary, first: str) -> str:
    pairs = [pair for pair in summary.comparisons if first in {pair.first, pair.second}]
    if not pairs:
        return "It was compared with no other subject."
    better = sum(pair.verdict == first for pair in pairs)
    worse = sum(bool(pair.verdict) for pair in pairs) - better
    return (
        f"Of its {len(pairs)} comparisons with other subjects, {better} came out for it and {worse} against it; "
        f"{len(pairs) - better - worse} showed no difference, which a longer run may change."
    )


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
