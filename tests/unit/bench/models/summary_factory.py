"""A made-up run: figures as a benchmark would find them, and items to show beside them.

`python -m tests.unit.bench.models.summary_factory FOLDER` writes its report, to be looked at.
"""

import random
import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

from assessment.findings import Finding, hard, soft
from bench.models.figures import Comparison, Measured, SubjectFigures, Summary
from bench.models.metrics import METRICS
from bench.models.records import ItemRecord, RunRecord

PROFILES = ("data-analyst", "frontend-developer", "marketer", "mechanical-engineer", "nurse")
# Name, label, model, share accepted, seconds of a set, dollars per accepted item.
SUBJECTS = (
    ("mini", "real", "openai/gpt-4o-mini", 0.94, 11.0, 0.0006),
    ("haiku", "real", "anthropic/claude-3-5-haiku-latest", 0.96, 14.0, 0.0041),
    ("local", "real", "openai/qwen2.5-7b-instruct", 0.71, 48.0, 0.0002),
    ("mini-then-haiku-then-local-with-a-long-name-of-a-chain", "real", "chain of 3", 0.945, 12.0, 0.0008),
    ("sandbox", "sandbox", "sandbox", 1.0, 0.4, None),
    ("always-b", "planted", "sandbox", 0.55, 96.0, 0.0061),
)
RULES = ("copied_key", "evidence", "key_length", "duplicate_options", "other_language", "markup", "biography", "size")
FLAWS = ("stem_echo", "vague_terms", "absolutes", "unfocused_stem")


def subject(number: int, *, rng: random.Random) -> SubjectFigures:
    """One of SUBJECTS with all its figures."""
    name, label, model, accepted, seconds, price = SUBJECTS[number]
    forms = tuple(rng.lognormvariate(0, 0.25) * seconds for _ in range(150))
    weights = (2, 14, 2, 2) if name == "always-b" else (5, 6, 5, 4)
    return SubjectFigures(
        subject=name,
        label=label,
        model=model,
        figures=_figures(accepted, seconds, price),
        rejects={rule: round((1 - accepted) * 400 / (place + 1)) for place, rule in enumerate(RULES)},
        flaws={rule: rng.randrange(90) for rule in FLAWS},
        key_positions=tuple(weight * 75 for weight in weights),
        form_seconds=forms,
        first_item_seconds=tuple(second * rng.uniform(0.1, 0.3) for second in forms),
        outcomes={"completed": 440, "timed_out": 8, "cut_short": 2},
        difficulties={
            "easy": Measured(0.91, 0.86, 0.95, 300),
            "medium": Measured(0.5 + accepted / 4, 0.4 + accepted / 4, 0.58 + accepted / 4, 450),
            "hard": Measured(0.55, 0.47, 0.62, 300),
        },
    )


def summary(subjects: int = len(SUBJECTS), *, seed: int = 7) -> Summary:
    """A run of the first so many of SUBJECTS, with a chain of the first two."""
    rng = random.Random(seed)  # noqa: S311 - figures to look at
    found = tuple(subject(number, rng=rng) for number in range(subjects))
    names = [each.subject for each in found]
    return Summary(
        run=run(tuple(names)),
        subjects=found,
        comparisons=tuple(_comparisons(names)),
        chain=tuple(names[:2]),
        chain_reasons=("98.0% of its sets complete, at $0.0006 per accepted item.", "Another vendor, and as reliable.")[
            : len(names)
        ],
    )


def unknown() -> Summary:
    """A run that ended before anything was known of its two subjects."""
    nothing = {name: Measured(None) for name in METRICS}
    return Summary(
        run=run(("mini", "haiku")),
        subjects=(bare("mini", figures=nothing), bare("haiku")),
        comparisons=(comparison("form_p50", "mini", "haiku", Measured(None)),),
    )


def bare(
    name: str, *, label: str = "real", model: str = "openai/model", figures: dict[str, Measured] | None = None
) -> SubjectFigures:
    """A subject with nothing but the figures that are given."""
    return SubjectFigures(
        subject=name,
        label=label,
        model=model,
        figures=figures or {},
        rejects={},
        flaws={},
        key_positions=(),
        form_seconds=(),
        first_item_seconds=(),
        outcomes={},
        difficulties={},
    )


def comparison(
    metric: str, first: str, second: str, difference: Measured, *, p: float | None = None, verdict: str = ""
) -> Comparison:
    return Comparison(metric=metric, first=first, second=second, difference=difference, p=p, verdict=verdict)


def run(subjects: tuple[str, ...]) -> RunRecord:
    return RunRecord(
        started_at="2026-11-24T03:00:00Z",
        retake_version="0.1.0",
        prompt_version="p7",
        config_hash="0123456789ab",
        seed=7,
        forms=10,
        retakes=2,
        budget_seconds=90.0,
        subjects=subjects,
        profiles=PROFILES,
        solvers=("solver-a", "solver-b"),
        options={"max_usd": 5.0},
    )


def item(
    name: str = "mini",
    *,
    stem: str = "Which join keeps every row of the left table, also where nothing on the right belongs to it?",
    options: tuple[str, ...] = ("An inner join", "A left outer join", "A cross join", "A semi join"),
    rationale: str = "A left outer join fills the missing right side with nulls.",
    findings: tuple[Finding, ...] = (),
    accepted: bool = True,
    in_form: bool = True,
    profile: str = "data-analyst",
    variant: str = "",
    number: int = 0,
) -> ItemRecord:
    """An item that is asked, unless told otherwise."""
    return ItemRecord(
        subject=name,
        vendor=name,
        model="openai/model",
        profile=profile,
        form=0,
        retake=0,
        number=number,
        skill="SQL",
        source="project",
        difficulty="medium",
        stem=stem,
        options=options,
        key=1,
        rationale=rationale,
        accepted=accepted,
        in_form=in_form,
        seconds=2.5,
        findings=findings,
        variant=variant,
    )


def items(found: Summary) -> Iterator[ItemRecord]:
    """Good and rejected items of every subject."""
    for name in found.run.subjects:
        for number, profile in enumerate(found.run.profiles):
            flaws = (soft("vague_terms", "usually"),) if number == 1 else ()
            yield item(name, profile=profile, number=number, findings=flaws)
            broken = (hard(RULES[number], "the key is 61 characters long, the others 20"),)
            yield item(name, profile=profile, number=number + 5, findings=broken, accepted=False, in_form=False)


def _figures(accepted: float, seconds: float, price: float | None) -> dict[str, Measured]:
    known = {
        "accepted_rate": accepted,
        "complete_rate": min(1.0, accepted + 0.04),
        "worst_robot": 0.4 - accepted / 3,
        "duplication": 0.012,
        "first_item_p50": seconds / 5,
        "first_item_p95": seconds / 3,
        "form_p50": seconds,
        "form_p95": seconds * 1.5,
        "tokens_per_accepted": 431.0,
        "usd_per_accepted": price,
        "valid_per_budget": 90 / seconds * accepted,
        "valid_per_usd": accepted / price / 10 if price else None,
        "key_position_chi2": 0.0004,
        "fairness_grade": 0.2,
        "fairness_difficulty": -0.02,
        "flaws_per_item": 0.31,
    }
    shares = {name for name, metric in METRICS.items() if metric.unit == "share"}
    guesses = {**dict.fromkeys(METRICS), **dict.fromkeys(shares, 0.9), **known}
    return {name: _estimate(value, is_share=name in shares) for name, value in guesses.items()}


def _estimate(value: float | None, *, is_share: bool) -> Measured:
    if value is None:
        return Measured(None)
    ends = sorted((value * 0.93, value * 1.05))
    return Measured(value, ends[0], min(1.0, ends[1]) if is_share else ends[1], 1500)


def _comparisons(names: list[str]) -> Iterator[Comparison]:
    for first, second in combinations(names, 2):
        is_clear = "always-b" in {first, second}
        verdict = first if is_clear else ""
        tested = Measured(0.31 if is_clear else 0.01, 0.2 if is_clear else -0.03, 0.4 if is_clear else 0.05, 150)
        yield comparison("complete_rate", first, second, tested, p=0.00002 if is_clear else 0.8, verdict=verdict)
        yield comparison("usd_per_accepted", first, second, Measured(-0.0004, -0.0011, 0.0002, 5))


if __name__ == "__main__":
    from bench.models.report import write_report

    write_report(summary(), items(summary()), Path(sys.argv[1]))
