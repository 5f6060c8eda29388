"""Records counted up, set by set: what the figures need of a run, without an item in memory."""

from array import array
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence

import numpy as np

from assessment.findings import Severity
from bench.models.intervals import FloatArray
from bench.models.readability import grade
from bench.models.records import CallRecord, FormRecord, ItemRecord
from providers.protocol import CallOutcome

OPTIONS = 4
WRITE, SOLVE = "write", "solve"
BLIND, WITHOUT_STEM, WITH_PROFILE = "blind", "options", "profile"

ENDED_BY_US = frozenset({CallOutcome.NOT_NEEDED, CallOutcome.ABANDONED, CallOutcome.NO_PLACE})
"""Calls cut off because the set was done, or never sent: they say nothing about the model."""

Cell = tuple[str, int, int]
"""Profile, form and retake: one set."""


class Tally:
    """What one subject did in one variant: named sums per set, and what is counted over all sets."""

    def __init__(self) -> None:
        self.vendors: set[str] = set()
        self.models: set[str] = set()
        self.rejects: Counter[str] = Counter()
        self.flaws: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self._columns: dict[str, int] = {}
        self._rows: dict[Cell, array[float]] = {}

    def add(self, cell: Cell, column: str, amount: float = 1.0) -> None:
        """Add to a sum of a set."""
        row = self._rows.setdefault(cell, array("d"))
        place = self._columns.setdefault(column, len(self._columns))
        if place >= len(row):
            row.extend([0.0] * (place + 1 - len(row)))
        row[place] += amount

    def get(self, cell: Cell, column: str) -> float:
        """A sum of a set; 0 where nothing was added."""
        row, place = self._rows.get(cell), self._columns.get(column)
        return 0.0 if row is None or place is None or place >= len(row) else row[place]

    def total(self, column: str) -> float:
        """The sum over all sets, in an order that does not depend on that of the records."""
        return sum(self.get(cell, column) for cell in self.cells())

    def cells(self, having: str = "") -> list[Cell]:
        """The sets in order; with `having` only those with something in that column."""
        return sorted(cell for cell in self._rows if not having or self.get(cell, having))

    def names(self, prefix: str) -> list[str]:
        """The columns that begin so, without the prefix."""
        return sorted(column.removeprefix(prefix) for column in self._columns if column.startswith(prefix))

    def clusters(self, columns: Sequence[str], having: str = "") -> dict[str, FloatArray]:
        """By profile, an array of sets by columns."""
        rows: dict[str, list[list[float]]] = defaultdict(list)
        for cell in self.cells(having):
            rows[cell[0]].append([self.get(cell, column) for column in columns])
        return {profile: np.array(found, dtype=np.float64) for profile, found in rows.items()}


def count(tally: Tally, record: CallRecord | FormRecord | ItemRecord) -> None:
    """Add one record to the sums of its set."""
    if isinstance(record, ItemRecord):
        _count_item(tally, record)
    elif isinstance(record, FormRecord):
        _count_form(tally, record)
    elif record.purpose != SOLVE:
        _count_call(tally, record)


def _count_item(tally: Tally, item: ItemRecord) -> None:
    cell = (item.profile, item.form, item.retake)
    soft = [finding.rule for finding in item.findings if finding.severity is Severity.SOFT]
    tally.flaws.update(soft)
    tally.rejects.update({finding.rule for finding in item.findings if finding.severity is Severity.HARD})
    tally.add(cell, "items")
    tally.add(cell, "accepted", item.accepted)
    tally.add(cell, "flaws", len(soft))
    tally.add(cell, "obeyed", item.obeyed)
    if item.retake:
        tally.add(cell, "retake_items")
    if 0 <= item.key < OPTIONS:
        tally.add(cell, f"key:{item.key}")
    reading_grade = grade(item.stem)
    if reading_grade is not None:
        tally.add(cell, "graded")
        tally.add(cell, "grade", reading_grade)
    if item.choices:
        _count_choices(tally, cell, item)


def _count_choices(tally: Tally, cell: Cell, item: ItemRecord) -> None:
    blind = _chosen(item, BLIND)
    _count_answers(tally, cell, "blind", blind, item.key)
    _count_answers(tally, cell, f"difficulty:{item.difficulty}", blind, item.key)
    _count_answers(tally, cell, "without_stem", _chosen(item, WITHOUT_STEM), item.key)
    with_profile = _chosen(item, WITH_PROFILE)
    if blind and with_profile:
        _count_answers(tally, cell, "informed", with_profile, item.key)
        _count_answers(tally, cell, "uninformed", blind, item.key)
    if any(choice is not None for choice in blind):
        tally.add(cell, "suspectable")
        tally.add(cell, "suspicious", _is_suspicious(blind, item.key))
    turned = [set(readable) for readable in _readable_by_solver(item) if len(readable) > 1]
    if turned:
        tally.add(cell, "turned")
        tally.add(cell, "ambiguous", any(len(different) > 1 for different in turned))


def _count_answers(tally: Tally, cell: Cell, name: str, chosen: Sequence[int | None], key: int) -> None:
    if chosen:
        right = sum(choice == key for choice in chosen)
        tally.add(cell, f"{name}:wanted", len(chosen))
        tally.add(cell, f"{name}:right", right)
        tally.add(cell, f"{name}:wrong", len(chosen) - right)


def _chosen(item: ItemRecord, condition: str) -> list[int | None]:
    return [choice for conditions in item.choices.values() for choice in conditions.get(condition, ())]


def _readable_by_solver(item: ItemRecord) -> Iterator[list[int]]:
    for conditions in item.choices.values():
        yield [choice for choice in conditions.get(BLIND, ()) if choice is not None]


def _is_suspicious(chosen: Sequence[int | None], key: int) -> bool:
    votes = Counter(choice for choice in chosen if choice is not None and choice != key)
    return bool(votes) and 2 * max(votes.values()) > len(chosen)


def _count_call(tally: Tally, call: CallRecord) -> None:
    cell = (call.profile, call.form, call.retake)
    tokens = call.input_tokens + call.output_tokens
    tally.vendors.add(call.vendor)
    tally.models.add(call.model)
    tally.outcomes[call.outcome] += 1
    tally.add(cell, "tokens", tokens)
    if call.cost is not None:
        tally.add(cell, "usd", call.cost)
    elif tokens:
        tally.add(cell, "unpriced")
    if call.purpose == WRITE and (call.valid or call.outcome not in ENDED_BY_US):
        tally.add(cell, "calls")
        tally.add(cell, "valid_calls", call.valid)


def _count_form(tally: Tally, form: FormRecord) -> None:
    cell = (form.profile, form.form, form.retake)
    tally.add(cell, "forms")
    tally.add(cell, "seconds", form.seconds)
    if form.retake:
        tally.add(cell, "repeated", form.repeated)
    if form.first_item_seconds is not None:
        tally.add(cell, "begun")
        tally.add(cell, "first_item_seconds", form.first_item_seconds)
    if not form.complete:
        return
    tally.add(cell, "complete")
    tally.add(cell, "within_budget", form.seconds <= form.budget_seconds)
    tally.add(cell, "complete_budget", form.budget_seconds)
    tally.add(cell, "skills_wanted", form.skills_wanted)
    tally.add(cell, "skills_asked", form.skills_asked)
    tally.add(cell, "sources_wanted", form.sources_wanted)
    tally.add(cell, "sources_asked", form.sources_asked)
    if form.robot_passes:
        tally.add(cell, "attacked")
    for robot, chance in form.robot_passes.items():
        tally.add(cell, f"robot:{robot}", chance)


def shared(one: Tally, other: Tally, having: str) -> Collection[Cell]:
    """The sets that both have, with something in that column, in order."""
    return sorted(set(one.cells(having)) & set(other.cells(having)))
