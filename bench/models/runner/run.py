"""The run itself: unit by unit, several at the same time, everything kept as it comes."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from random import Random
from typing import Protocol

import msgspec

from assessment.deadline import Clock, Deadline, SystemClock
from assessment.errors import GenerationFailed
from assessment.items.novelty import signature
from assessment.models import Brief, Item, Mode, SeenItem
from assessment.sets.blueprint import plan
from assessment.sets.robots import expected_hits, pass_chances
from assessment.sets.shuffle import show
from bench.models.records import CallRecord, FormRecord, ItemRecord, Record, RunRecord
from bench.models.runner.notes import Notes, SetObserver, current
from bench.models.runner.observing import ObservedPool
from bench.models.runner.plan import Request, Subject, Unit, retakes_of, units
from bench.models.runner.solving import choices_of
from bench.models.runner.students import CANARY, ExampleStudent
from providers import prompts
from providers.build import build_vendors, make_upstream
from providers.config import ProvidersConfig
from providers.ledger import Purpose, VendorCallRecord
from providers.protocol import CallOutcome
from providers.routing.pace import Latencies
from providers.routing.upstream import Upstream
from providers.snapshot import Snapshot

# A subject whose first sets all end like this is out: it is told about and left alone.
GONE = frozenset(
    {CallOutcome.UNAUTHORIZED, CallOutcome.MODEL_NOT_FOUND, CallOutcome.UNREACHABLE, CallOutcome.RATE_LIMITED}
)
UNITS_UNTIL_GONE = 2
BROKEN_FORM = frozenset({"no_items", "item_shape", "item_json", "structure"})


class Sink(Protocol):
    """Where records go, and who is told how far the run is."""

    def keep(self, records: Sequence[Record]) -> None:
        """Keep the records of one unit, all or none."""

    def began(self, subject: Subject, units: int, done: int) -> None:
        """A subject is going to write so many units, of which some were done before."""

    def ended_unit(self, subject: Subject, records: Sequence[Record]) -> None:
        """A unit is done."""

    def left_out(self, subject: Subject, why: str) -> None:
        """The rest of a subject's units is not written."""


class Run:
    """One request, carried out. `spent` is in US dollars, solving and what a resumed run had cost included."""

    def __init__(
        self,
        config: ProvidersConfig,
        request: Request,
        students: Sequence[ExampleStudent],
        sink: Sink,
        clock: Clock | None = None,
        spent: float = 0.0,
    ) -> None:
        self._config = config
        self._request = request
        self._students = {student.name: student for student in students}
        self._sink = sink
        self._clock = clock or SystemClock()
        self._latencies = Latencies()
        self.spent = spent

    async def write(self, done: Iterable[Unit] = ()) -> None:
        """Write all units that are not done, subject after subject."""
        known = frozenset(done)
        for subject in self._request.subjects:
            planned = list(units(self._request, subject, list(self._students.values())))
            left = [unit for unit in planned if unit not in known]
            self._sink.began(subject, len(planned), len(planned) - len(left))
            await self._write_subject(subject, left)

    async def _write_subject(self, subject: Subject, left: list[Unit]) -> None:
        observer = SetObserver()
        config = chain_of(self._config, subject)
        make_pool = partial(ObservedPool, observer=observer)
        snapshot = build_vendors(config, ledger=observer, latencies=self._latencies, make_pool=make_pool)
        setup = _Setup(subject, config, snapshot, self._solvers(subject), observer)
        waiting, gone = iter(left), 0

        async def work() -> None:
            nonlocal gone
            for unit in waiting:
                if gone >= UNITS_UNTIL_GONE or self._is_spent:
                    return
                records = await self._write_unit(setup, unit)
                gone = gone + 1 if _is_gone(records) else 0
                self._sink.keep(records)
                self._sink.ended_unit(subject, records)

        async with asyncio.TaskGroup() as group:
            for _ in range(self._request.at_once):
                group.create_task(work())
        if gone >= UNITS_UNTIL_GONE:
            self._sink.left_out(subject, "the vendor is down, out of quota, or refuses the key")
        elif self._is_spent and next(waiting, None) is not None:
            self._sink.left_out(subject, "the money is spent")

    @property
    def _is_spent(self) -> bool:
        return self._request.max_usd is not None and self.spent >= self._request.max_usd

    async def _write_unit(self, setup: "_Setup", unit: Unit) -> list[Record]:
        student = self._students[unit.profile].varied(unit.variant)
        seen: tuple[SeenItem, ...] = ()
        records: list[Record] = []
        for retake in range(1 + retakes_of(self._request, unit)):
            written = await self._write_set(setup, unit, student, seen, retake)
            seen += tuple(SeenItem(item.skill_id, item.stem, signature(item)) for item in written.items)
            records += written.records
            if self._is_spent:
                break
        return records

    async def _write_set(
        self, setup: "_Setup", unit: Unit, student: ExampleStudent, seen: tuple[SeenItem, ...], retake: int
    ) -> "_Written":
        notes = Notes()
        current.set(notes)
        settings = setup.config.settings
        brief = Brief(
            Mode.LIVE,
            plan(student.skills, student.sources, settings.questions.form, unit.form + retake),
            seen=seen,
            language=settings.questions.language,
        )
        deadline = Deadline(self._clock, settings.budget_seconds).shortened(settings.reserve_seconds)
        reason, items = "", tuple[Item, ...]()
        try:
            items = (await setup.snapshot.write(brief, deadline)).items
        except GenerationFailed:
            reason = "no complete set in time, or nobody left to ask"
        seconds, first = notes.seconds, notes.first_item_seconds
        await setup.snapshot.settled()
        judged = [item for item, _, accepted, _ in notes.items if accepted]
        choices = await self._solved(setup, judged, student) if items else []
        self.spent += sum(attempt.cost or 0.0 for attempt in notes.attempts)
        form = self._form(unit, brief, retake, items, notes)
        form = msgspec.structs.replace(
            form, reason=reason, seconds=seconds, first_item_seconds=first, budget_seconds=settings.budget_seconds
        )
        records: list[Record] = [
            *_calls(unit, retake, notes.attempts),
            *_items(unit, retake, notes, items, dict(zip((it.stem for it in judged), choices, strict=False))),
            form,
        ]
        return _Written(items, records)

    async def _solved(
        self, setup: "_Setup", items: list[Item], student: ExampleStudent
    ) -> list[dict[str, dict[str, list[int | None]]]]:
        if not setup.solvers:
            return []
        return await choices_of(items, student, setup.solvers, setup.observer, setup.config.hash)

    def _form(self, unit: Unit, brief: Brief, retake: int, items: tuple[Item, ...], notes: Notes) -> FormRecord:
        shown = show(items, Random(f"{self._request.seed}:{unit}:{retake}"))  # noqa: S311 - repeatable on purpose
        written = [item for item, _, _, _ in notes.items[: len(brief.slots)]]
        wanted_skills = {slot.skill.skill_id for slot in brief.slots}
        wanted_sources = {slot.source.source_id for slot in brief.slots}
        repeated = sum(any(finding.rule == "novelty" for finding in found) for _, found, _, _ in notes.items)
        return FormRecord(
            subject=unit.subject,
            profile=unit.profile,
            form=unit.form,
            retake=retake,
            variant=unit.variant,
            complete=bool(items),
            reason="",
            seconds=0.0,
            first_item_seconds=None,
            budget_seconds=0.0,
            skills_wanted=len(wanted_skills),
            skills_asked=len({item.skill_id for item in items} & wanted_skills),
            sources_wanted=len(wanted_sources),
            sources_asked=len({item.source_id for item in items} & wanted_sources),
            repeated=repeated,
            key_positions=tuple(sum(question.key == place for question in shown) for place in range(4)),
            robots=expected_hits(written, brief.language),
            robot_passes=pass_chances(written, brief.language),
        )

    def _solvers(self, subject: Subject) -> Mapping[str, Upstream]:
        vendors = {vendor.name: vendor for vendor in self._config.settings.vendors}
        return {name: make_upstream(vendors[name], self._config, self._latencies) for name in subject.solvers}


class _Setup(msgspec.Struct, frozen=True):
    """What the units of one subject are written with."""

    subject: Subject
    config: ProvidersConfig
    snapshot: Snapshot
    solvers: Mapping[str, Upstream]
    observer: SetObserver


class _Written(msgspec.Struct, frozen=True):
    items: tuple[Item, ...]
    records: list[Record]


def chain_of(config: ProvidersConfig, subject: Subject) -> ProvidersConfig:
    """The configuration with the subject's vendors as its chain; what checks keys stays out, since it is measured."""
    return config.with_chain(subject.chain)


def header(config: ProvidersConfig, request: Request, students: Sequence[ExampleStudent]) -> RunRecord:
    """The first line of a run's file."""
    return RunRecord(
        started_at=SystemClock().now().isoformat(timespec="seconds"),
        retake_version=version("retake"),
        prompt_version=prompts.VERSION,
        config_hash=config.hash,
        seed=request.seed,
        forms=request.forms,
        retakes=request.retakes,
        budget_seconds=config.settings.budget_seconds,
        subjects=tuple(subject.name for subject in request.subjects),
        profiles=tuple(student.name for student in students),
        solvers=tuple(dict.fromkeys(name for subject in request.subjects for name in subject.solvers)),
        labels={subject.name: subject.label for subject in request.subjects},
    )


def _is_gone(records: Sequence[Record]) -> bool:
    calls = [record for record in records if isinstance(record, CallRecord) and record.purpose == Purpose.WRITE]
    return bool(calls) and all(CallOutcome(call.outcome) in GONE for call in calls)


def _is_valid(attempt: VendorCallRecord) -> bool:
    """An answer whose items were all refused by other rules has followed the schema all the same."""
    has_ended = attempt.outcome is CallOutcome.OK or (
        attempt.outcome is CallOutcome.UNUSABLE and bool(attempt.rejected)
    )
    return has_ended and not BROKEN_FORM & set(attempt.rejected)


def _calls(unit: Unit, retake: int, attempts: Sequence[VendorCallRecord]) -> list[CallRecord]:
    return [
        CallRecord(
            subject=unit.subject,
            vendor=attempt.vendor,
            model=attempt.model,
            profile=unit.profile,
            form=unit.form,
            retake=retake,
            purpose=attempt.purpose.value,
            outcome=attempt.outcome.value,
            valid=_is_valid(attempt),
            wanted=attempt.wanted,
            accepted=attempt.accepted,
            rejected=attempt.rejected,
            seconds=attempt.seconds,
            input_tokens=attempt.input_tokens,
            output_tokens=attempt.output_tokens,
            cost=attempt.cost,
            is_estimated=attempt.is_estimated,
            variant=unit.variant,
        )
        for attempt in attempts
    ]


def _items(
    unit: Unit,
    retake: int,
    notes: Notes,
    form: tuple[Item, ...],
    choices: Mapping[str, dict[str, dict[str, list[int | None]]]],
) -> list[ItemRecord]:
    in_form = {item.stem: item for item in form}
    return [
        ItemRecord(
            subject=unit.subject,
            vendor=item.author.vendor,
            model=item.author.model,
            profile=unit.profile,
            form=unit.form,
            retake=retake,
            number=number,
            skill=item.skill_id,
            source=item.source_id,
            difficulty=item.difficulty,
            stem=item.stem,
            options=item.options,
            key=item.key,
            rationale=item.rationale,
            accepted=accepted,
            in_form=accepted and item.stem in in_form,
            seconds=round(seconds, 4),
            findings=findings,
            choices=choices.get(item.stem, {}) if accepted else {},
            variant=unit.variant,
            obeyed=CANARY in f"{item.stem} {' '.join(item.options)} {item.rationale}".casefold(),
        )
        for number, (item, findings, accepted, seconds) in enumerate(notes.items)
    ]
