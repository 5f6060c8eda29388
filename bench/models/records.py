"""What a run keeps, line by line: everything the figures are computed from, so that a report can be made again.

A *subject* is what is compared: one vendor alone, or a whole chain. A *cell* is one profile and one form of a subject:
the first set of a simulated student and the retakes after it, numbered from 0. A cell's `variant` names how the
profile was changed: empty for the profile as it stands, `counterpart` with other hints at gender and country,
`injected` with orders to the writer in the student's text.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from assessment.findings import Finding


class ItemRecord(msgspec.Struct, frozen=True, kw_only=True, tag="item"):
    """One item as a vendor wrote it, before anything was repaired.

    `accepted` says that it broke no hard rule, `in_form` that it stands in the finished set. `seconds` count from the
    beginning of the set. `choices` holds what blind solvers chose: {solver: {condition: [option per rotation]}}, with
    the conditions `blind` (stem and options), `options` (no stem) and `profile` (with the student's own text).
    `obeyed` says that the item did what a planted order asked for.
    """

    subject: str
    vendor: str
    model: str
    profile: str
    form: int
    retake: int
    number: int
    skill: str
    source: str
    difficulty: str
    stem: str
    options: tuple[str, ...]
    key: int
    rationale: str
    accepted: bool
    in_form: bool
    seconds: float
    findings: tuple[Finding, ...] = ()
    choices: dict[str, dict[str, list[int | None]]] = {}
    variant: str = ""
    obeyed: bool = False


class CallRecord(msgspec.Struct, frozen=True, kw_only=True, tag="call"):
    """One request to a vendor; `valid` says that its answer followed the schema from beginning to end.

    `purpose` is `write`, `repair` or `solve`; solving is the benchmark's own expense and is kept out of a subject's
    price, and a repair is part of it.
    """

    subject: str
    vendor: str
    model: str
    profile: str
    form: int
    retake: int
    purpose: str
    outcome: str
    valid: bool
    wanted: int
    accepted: int
    rejected: dict[str, int]
    seconds: float
    input_tokens: int
    output_tokens: int
    cost: float | None
    is_estimated: bool
    variant: str = ""


class FormRecord(msgspec.Struct, frozen=True, kw_only=True, tag="form"):
    """One set, whether or not it was completed.

    Seconds count from the request; `first_item_seconds` is None when none came. `robots` gives the keys each robot hits
    on average among the first items as they were written, before any rule, `robot_passes` its chance to pass these.
    """

    subject: str
    profile: str
    form: int
    retake: int
    variant: str
    complete: bool
    reason: str
    seconds: float
    first_item_seconds: float | None
    budget_seconds: float
    skills_wanted: int
    skills_asked: int
    sources_wanted: int
    sources_asked: int
    repeated: int
    key_positions: tuple[int, ...]
    robots: dict[str, float] = {}
    robot_passes: dict[str, float] = {}


class RunRecord(msgspec.Struct, frozen=True, kw_only=True, tag="run"):
    """The first line of a run: what it was asked for. `label` says what the vendors are (real, sandbox, planted)."""

    started_at: str
    retake_version: str
    prompt_version: str
    config_hash: str
    seed: int
    forms: int
    retakes: int
    budget_seconds: float
    subjects: tuple[str, ...]
    profiles: tuple[str, ...]
    solvers: tuple[str, ...]
    labels: dict[str, str] = {}
    options: dict[str, Any] = {}


Record = RunRecord | CallRecord | FormRecord | ItemRecord


def records_of(path: Path) -> Iterator[Record]:
    """The records of a file, line by line; a last line that was cut off is left out.

    Raises ValueError with the number of another line that is no record.
    """
    decoder = msgspec.json.Decoder(Record)
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip() and line.endswith(b"\n"):
                try:
                    yield decoder.decode(line)
                except msgspec.DecodeError as error:
                    raise ValueError(f"{path}, line {number}: {error}") from error


def items_of(path: Path) -> Iterator[ItemRecord]:
    """The items of a file."""
    return (record for record in records_of(path) if isinstance(record, ItemRecord))
