"""Many sets by one author, as students get them: a first one and three retakes each, through the question writer."""

import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from random import Random

import msgspec

from assessment.deadline import Deadline, SystemClock
from assessment.errors import GenerationFailed
from assessment.findings import Finding
from assessment.items.novelty import signature
from assessment.models import Brief, FormPlan, Item, Mode, Question, SeenItem, Skill, SourceItem, SourceKind
from assessment.sets.blueprint import plan
from assessment.sets.robots import pass_chances
from assessment.sets.shuffle import show
from bench.models.runner.observing import ObservedPool
from bench.quality.habits import HABITS, HabitAuthor
from providers.config import Questions
from providers.protocol import Vendor
from providers.routing.chain import Chain
from providers.routing.upstream import FREE, Upstream
from providers.vendors.sandbox import bank
from providers.vendors.sandbox.vendor import SandboxVendor
from providers.writing.writer import Writer

RETAKES = 3
BUDGET_SECONDS = 87.0
SANDBOX = "sandbox"
Origin = Callable[[Item | Question], str]

_SOURCES = (
    SourceItem("project", SourceKind.PROJECT, "Harbour map", (("description", "A map of the harbour for visitors."),)),
    SourceItem("work", SourceKind.EXPERIENCE, "Shift leader", (("organisation", "Northgate Harbour Works"),)),
    SourceItem("course", SourceKind.CERTIFICATE, "Advanced course", (("issuer", "Harbour College"),)),
)


class SetsFigures(msgspec.Struct, frozen=True):
    """Of one author: sets asked for and completed, and what was written beside what was shown.

    A `best_robot` is the one that passes most often over all sets, with its chance to pass one. `repeated` are items
    of retakes that go back to one the student had before, by the author's own account.
    """

    author: str
    sets: int
    complete: int
    written_best_robot: tuple[str, float]
    shown_best_robot: tuple[str, float]
    written_repeated: float
    shown_repeated: int
    written_positions: tuple[float, ...]
    shown_positions: tuple[float, ...]
    rejected: dict[str, int]
    seconds_per_set: float


async def measure(author: str, sets: int) -> SetsFigures:
    """Let students take and retake until there are so many sets."""
    habit = None if author == SANDBOX else HabitAuthor(author, HABITS[author])
    notes = _Notes(_origin_of(habit))
    began = time.perf_counter()
    for student in range(-(-sets // (1 + RETAKES))):
        await _take_and_retake(habit, student, notes)
    return notes.figures(author, time.perf_counter() - began)


async def _take_and_retake(habit: HabitAuthor | None, student: int, notes: "_Notes") -> None:
    seen: tuple[SeenItem, ...] = ()
    had: set[str] = set()
    for turn in range(1 + RETAKES):
        slots = plan(skills_of(student), _SOURCES, FormPlan(), turn)
        brief = Brief(Mode.LIVE, slots, seen=seen)
        vendor = habit or SandboxVendor(seed=f"quality:{student}:{turn}")
        try:
            items = (await _writer(vendor, notes).write(brief, Deadline(SystemClock(), BUDGET_SECONDS))).items
        except GenerationFailed:
            items = ()
        notes.end_set(items, had, Random(f"{student}:{turn}"))  # noqa: S311 - repeatable on purpose
        seen += tuple(SeenItem(item.skill_id, item.stem, signature(item)) for item in items)


class _Notes:
    """Looks on while sets are written, and counts."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._written: list[Item] = []
        self._sets = self._complete = self._repeated = 0
        self._written_repeated = self._written_again = 0
        self._passes = {"written": Counter[str](), "shown": Counter[str]()}
        self._positions = {"written": Counter[int](), "shown": Counter[int]()}
        self._rejected: Counter[str] = Counter()

    def judged(self, item: Item, findings: tuple[Finding, ...], *, accepted: bool) -> None:
        """Take note of an item as it was written."""
        self._written.append(item)
        if not accepted:
            self._rejected.update(finding.rule for finding in findings if finding.severity.value == "hard")

    def end_set(self, items: tuple[Item, ...], had: set[str], rng: Random) -> None:
        """Count a set beside the first items that were written for it, which would have been the set without rules."""
        self._sets += 1
        if had:
            self._written_repeated += sum(self._origin(item) in had for item in self._written)
            self._written_again += len(self._written)
        self._count("written", self._written[: Questions().total])
        self._written.clear()
        if items:
            self._complete += 1
            self._repeated += sum(self._origin(item) in had for item in items)
            self._count("shown", show(items, rng))
            had.update(map(self._origin, items))

    def _count(self, what: str, form: list[Item] | tuple[Question, ...]) -> None:
        self._passes[what].update(pass_chances(form))
        self._positions[what].update(shown.key for shown in form)

    def figures(self, author: str, seconds: float) -> SetsFigures:
        """The figures of all sets so far."""
        return SetsFigures(
            author=author,
            sets=self._sets,
            complete=self._complete,
            written_best_robot=_best(self._passes["written"], self._sets),
            shown_best_robot=_best(self._passes["shown"], self._complete),
            written_repeated=self._written_repeated / max(1, self._written_again),
            shown_repeated=self._repeated,
            written_positions=_shares(self._positions["written"]),
            shown_positions=_shares(self._positions["shown"]),
            rejected=dict(self._rejected.most_common()),
            seconds_per_set=seconds / self._sets,
        )


def _best(passes: Counter[str], sets: int) -> tuple[str, float]:
    name, chance = max(passes.items(), key=lambda entry: entry[1], default=("", 0.0))
    return name, chance / max(1, sets)


def _shares(positions: Counter[int]) -> tuple[float, ...]:
    total = max(1, positions.total())
    return tuple(positions[place] / total for place in range(4))


def _writer(vendor: Vendor, notes: _Notes) -> Writer:
    chain = Chain([Upstream(vendor, 60, 64, price=FREE)])
    return Writer(chain, Questions(), "quality", make_pool=partial(ObservedPool, observer=notes))


def _origin_of(habit: HabitAuthor | None) -> Origin:
    """How to tell that two items are one: the author knows; in the sandbox an item is its options."""
    if habit is not None:
        return lambda item: habit.origins.get(item.stem, item.stem)
    return lambda item: "\n".join(sorted(item.options))


def skills_of(student: int) -> tuple[Skill, ...]:
    """Three of the skills the sandbox has questions for, others for each student."""
    names = bank.names()
    return tuple(Skill(name, name) for name in (names[(student + step) % len(names)] for step in (0, 1, 5)))
