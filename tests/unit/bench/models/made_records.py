"""Records of a made-up run, with what a test does not care about filled in."""

from collections.abc import Mapping

from assessment.findings import Finding
from bench.models.records import CallRecord, FormRecord, ItemRecord, RunRecord


def run(*subjects: str, seed: int = 7) -> RunRecord:
    return RunRecord(
        started_at="2026-11-24T00:00:00Z",
        retake_version="0",
        prompt_version="0",
        config_hash="0",
        seed=seed,
        forms=1,
        retakes=1,
        budget_seconds=90.0,
        subjects=subjects,
        profiles=("ana", "ben"),
        solvers=("solver",),
        labels=dict.fromkeys(subjects, "planted"),
    )


def item(
    subject: str = "mini",
    profile: str = "ana",
    *,
    form: int = 0,
    retake: int = 0,
    key: int = 0,
    accepted: bool = True,
    findings: tuple[Finding, ...] = (),
    choices: Mapping[str, Mapping[str, list[int | None]]] | None = None,
    difficulty: str = "easy",
    stem: str = "The cat sat on the mat.",
    variant: str = "",
    obeyed: bool = False,
) -> ItemRecord:
    return ItemRecord(
        subject=subject,
        vendor=subject,
        model=f"{subject}/model",
        profile=profile,
        form=form,
        retake=retake,
        number=0,
        skill="s1",
        source="p1",
        difficulty=difficulty,
        stem=stem,
        options=("a", "b", "c", "d"),
        key=key,
        rationale="",
        accepted=accepted,
        in_form=accepted,
        seconds=1.0,
        findings=findings,
        choices={solver: dict(conditions) for solver, conditions in (choices or {}).items()},
        variant=variant,
        obeyed=obeyed,
    )


def call(
    subject: str = "mini",
    profile: str = "ana",
    *,
    form: int = 0,
    vendor: str = "",
    model: str = "",
    purpose: str = "write",
    outcome: str = "ok",
    valid: bool = True,
    tokens: tuple[int, int] = (100, 50),
    cost: float | None = 0.01,
) -> CallRecord:
    return CallRecord(
        subject=subject,
        vendor=vendor or subject,
        model=model or f"{subject}/model",
        profile=profile,
        form=form,
        retake=0,
        purpose=purpose,
        outcome=outcome,
        valid=valid,
        wanted=5,
        accepted=5,
        rejected={},
        seconds=1.0,
        input_tokens=tokens[0],
        output_tokens=tokens[1],
        cost=cost,
        is_estimated=False,
    )


def form(
    subject: str = "mini",
    profile: str = "ana",
    *,
    form: int = 0,
    retake: int = 0,
    complete: bool = True,
    seconds: float = 10.0,
    first_item_seconds: float | None = 2.0,
    skills: tuple[int, int] = (4, 4),
    sources: tuple[int, int] = (3, 3),
    repeated: int = 0,
    robot_passes: Mapping[str, float] | None = None,
) -> FormRecord:
    """A set; `skills` and `sources` are those asked and those wanted."""
    return FormRecord(
        subject=subject,
        profile=profile,
        form=form,
        retake=retake,
        variant="",
        complete=complete,
        reason="" if complete else "deadline",
        seconds=seconds,
        first_item_seconds=first_item_seconds,
        budget_seconds=90.0,
        skills_wanted=skills[1],
        skills_asked=skills[0],
        sources_wanted=sources[1],
        sources_asked=sources[0],
        repeated=repeated,
        key_positions=(),
        robot_passes=dict(robot_passes or {}),
    )
