"""Hand-written stand-ins for the clock, the store and the writer, so that a use case runs without waiting."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

import msgspec

from assessment.ahead import Making
from assessment.deadline import Deadline
from assessment.errors import GenerationFailed, RetakeError
from assessment.models import (
    Attempt,
    Brief,
    ConceptMap,
    Item,
    Mode,
    Provenance,
    Question,
    QuestionSet,
    SetState,
    Standing,
    Verification,
    WrittenSet,
)
from assessment.ports import Ending, Finished, Lease, SetOrder, StateChanged
from tests.factories import NOON

ROUND_TRIP = 0.001


class ManualClock:
    """A clock that moves only when somebody sleeps on it or turns it."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.time

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.time - 1000.0)

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.time += seconds


class FakeStore:
    """assessment.ports.AssessmentStore of one verification in memory.

    What is asked for, `work` does while the request waits; what another call asked for ends when `on_wait` says so.
    """

    def __init__(self, clock: ManualClock, verification: Verification) -> None:
        self.clock = clock
        self.verification = verification
        self.work: Callable[[SetOrder], Awaitable[None]] | None = None
        self.on_wait: Callable[[], None] = lambda: None
        self.on_save: Callable[[], None] = lambda: None
        self.orders: list[SetOrder] = []
        self.attempts: list[Attempt] = []
        self.lease: Lease | None = None
        self.is_under_way = self.is_ahead = False
        self.prepared: Making | None = None
        self.failures: list[tuple[str, float]] = []
        self.looks = 0
        self.waits = 0
        self.admissions = 0
        self.refused: RetakeError | None = None
        self.last = Finished(Ending.OUTDATED, 0)

    @property
    def standing(self) -> Standing:
        return self.verification.standing

    @property
    def arrived(self) -> Standing:
        """The standing as a request finds it that arrives now."""
        return msgspec.structs.replace(self.standing, ended=self.last.ended)

    def change(self, **fields: object) -> None:
        """Let somebody else change the verification."""
        changed = msgspec.structs.replace(self.standing, revision=self.standing.revision + 1, **fields)
        self.verification = msgspec.structs.replace(self.verification, standing=changed)

    def begin_elsewhere(self) -> None:
        """Let another call have a set written."""
        self.is_under_way = True

    def end_elsewhere(self, fresh: QuestionSet | None, ending: Ending = Ending.FAILED) -> None:
        """Let the other call finish with a set, or without one."""
        if fresh is not None:
            self._put(fresh)
        self._end(Ending.WRITTEN if fresh else ending, fresh.set_id if fresh else None)

    async def load(self, verification_id: str) -> Verification:
        assert verification_id == self.standing.verification_id
        self.looks += 1
        return self.verification

    async def look(self, verification_id: str) -> Standing:
        return (await self.load(verification_id)).standing

    async def current_set(self, verification_id: str) -> QuestionSet | None:
        assert verification_id == self.standing.verification_id
        return self.verification.current_set

    @contextmanager
    def admitted(self, verification_id: str) -> Iterator[None]:
        assert verification_id == self.standing.verification_id
        if self.refused:
            raise self.refused
        self.admissions += 1
        try:
            yield
        finally:
            self.admissions -= 1

    async def ask(self, order: SetOrder) -> int | Finished:
        self.clock.time += ROUND_TRIP
        if not self.is_under_way and self.last.ended > order.ended:
            return self.last
        if not self.is_under_way:
            self.is_under_way = True
            self.orders.append(msgspec.structs.replace(order, ended=self.last.ended))
        return self.last.ended + 1

    async def end_of(self, verification_id: str, number: int, deadline: Deadline) -> Finished | None:
        assert verification_id == self.standing.verification_id
        if self.orders and self.work is not None:
            await self.work(self.orders[-1])
        while self.last.ended < number and not deadline.expired:
            self.waits += 1
            await self.clock.sleep(min(1.0, deadline.remaining))
            self.on_wait()
        return self.last if self.last.ended >= number else None

    async def cut_off(self, verification_id: str, number: int) -> Finished:
        assert verification_id == self.standing.verification_id
        if self.last.ended < number:
            self._end(Ending.FAILED)
        return self.last

    async def begin(self, order: SetOrder) -> Lease | None:
        if not self.is_under_way or self.last.ended != order.ended:
            return None
        self.lease = Lease(order.verification_id, f"lease-{len(self.orders)}", self.is_ahead)
        return self.lease

    async def note_failure(self, verification_id: str, reason: str, cost: float) -> None:
        assert verification_id == self.standing.verification_id
        self.failures.append((reason, cost))

    async def give_up(self, lease: Lease, ending: Ending) -> None:
        if self.is_under_way and lease == self.lease:
            self._end(ending)

    async def activate(
        self,
        lease: Lease,
        revision: int,
        questions: Sequence[Question],
        provenance: Provenance,
        *,
        making: Making | None = None,
    ) -> None:
        if self.standing.revision != revision or not self.is_under_way or lease != self.lease:
            raise StateChanged
        if making is not None and self.is_ahead:
            self.prepared = making
            self._end(Ending.PREPARED)
            return
        fresh = QuestionSet(f"set-{self.last.ended}", SetState.ACTIVE, tuple(questions), provenance)
        self._put(fresh)
        self._end(Ending.WRITTEN, fresh.set_id)

    async def start(self, verification_id: str, question_set: QuestionSet) -> QuestionSet:
        assert verification_id == self.standing.verification_id
        started = msgspec.structs.replace(question_set, started_at=question_set.started_at or self.clock.now())
        self.verification = msgspec.structs.replace(self.verification, current_set=started)
        return started

    async def seconds_left(self, verification_id: str, set_id: str) -> float | None:
        assert verification_id == self.standing.verification_id
        current = self.verification.current_set
        if current is None or current.set_id != set_id or current.ends_at is None:
            return None
        return (current.ends_at - self.clock.now()).total_seconds()

    async def save(self, verification_id: str, set_id: str, chosen: Mapping[str, int | None]) -> int | None:
        assert verification_id == self.standing.verification_id
        self.on_save()
        current = self.verification.current_set
        if current is None or current.set_id != set_id or current.state is not SetState.ACTIVE or self.standing.is_over:
            return None
        merged = {**current.saved, **chosen}
        saved = {question: selected for question, selected in merged.items() if selected is not None}
        self.verification = msgspec.structs.replace(
            self.verification, current_set=msgspec.structs.replace(current, saved=saved)
        )
        return len(saved)

    async def submit(
        self, verification_id: str, decide: Callable[[Verification], Attempt]
    ) -> tuple[Verification, Attempt]:
        assert verification_id == self.standing.verification_id
        before = self.verification
        attempt = decide(before)
        self.attempts.append(attempt)
        assert before.current_set is not None
        scored = msgspec.structs.replace(before.current_set, state=SetState.SUBMITTED)
        self.verification = msgspec.structs.replace(before, current_set=scored)
        self.change(
            set_state=SetState.SUBMITTED,
            attempts=attempt.number,
            last_score=attempt.score,
            last_passed=attempt.passed,
            is_locked=attempt.passed,
            is_over=False,
            timed_out=attempt.timed_out,
        )
        return before, attempt

    def _end(self, ending: Ending, set_id: str | None = None) -> None:
        self.is_under_way, self.lease = False, None
        self.last = Finished(ending, self.last.ended + 1, set_id)

    def _put(self, fresh: QuestionSet) -> None:
        self.verification = msgspec.structs.replace(self.verification, current_set=fresh)
        self.change(set_state=SetState.ACTIVE)


class FakeMaps:
    """assessment.ports.MapsOfSkills with the maps it is given, whoever asks."""

    def __init__(self, *maps: ConceptMap) -> None:
        self.maps = maps

    async def of_skills(
        self,
        platform_id: int,  # noqa: ARG002  # the port's signature
        mode: Mode,  # noqa: ARG002  # the port's signature
        skill_ids: Sequence[str],
        language: str,
    ) -> tuple[ConceptMap, ...]:
        return tuple(it for it in self.maps if it.skill_id in skill_ids and it.language == language)


def written(brief: Brief) -> WrittenSet:
    """One item per slot, each of its own."""
    items = tuple(
        Item(
            skill_id=slot.skill.skill_id,
            source_id=slot.source.source_id,
            stem=f"{brief.seed} {number}?",
            options=tuple(f"{number}{letter}" for letter in "abcd"),
            key=number % 4,
        )
        for number, slot in enumerate(brief.slots)
    )
    return WrittenSet(items, Provenance(rounds=1))


async def _nothing(brief: Brief) -> None:
    return None


class FakeWriter:
    """assessment.ports.QuestionWriter; `meanwhile` happens while it writes, and may raise."""

    def __init__(self, meanwhile: Callable[[Brief], Awaitable[None]] = _nothing) -> None:
        self.briefs: list[Brief] = []
        self._meanwhile = meanwhile

    async def write(self, brief: Brief, deadline: Deadline) -> WrittenSet:
        self.briefs.append(brief)
        await self._meanwhile(brief)
        if deadline.expired:
            raise GenerationFailed
        return written(brief)
