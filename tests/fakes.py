"""Hand-written stand-ins for the clock, the store and the writer, so that a use case runs without waiting."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta

import msgspec

from assessment.deadline import Deadline
from assessment.errors import GenerationFailed, RetakeError
from assessment.models import (
    Attempt,
    Brief,
    Dossier,
    Item,
    Provenance,
    Question,
    QuestionSet,
    SetState,
    Standing,
    WrittenSet,
)
from assessment.ports import Busy, Claim, Finished, Lease, StateChanged
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
    """assessment.ports.AssessmentStore of one verification in memory; a claim takes a millisecond of the clock."""

    def __init__(self, clock: ManualClock, dossier: Dossier) -> None:
        self.clock = clock
        self.dossier = dossier
        self.attempts: list[Attempt] = []
        self.given_up: list[Lease] = []
        self.holder: str | None = None
        self.kept = 0
        self.looks = 0
        self.claims = 0
        self.glances = 0
        self.heartbeat = 0
        self.ended = 0
        self.admissions = 0
        self.on_glance: Callable[[], None] = lambda: None
        self.refused: RetakeError | None = None
        self._last_set: str | None = None

    @property
    def standing(self) -> Standing:
        return self.dossier.standing

    @property
    def arrived(self) -> Standing:
        """The standing as a request finds it that arrives now."""
        return msgspec.structs.replace(self.standing, ended=self.ended)

    def change(self, **fields: object) -> None:
        """Let somebody else change the verification."""
        changed = msgspec.structs.replace(self.standing, revision=self.standing.revision + 1, **fields)
        self.dossier = msgspec.structs.replace(self.dossier, standing=changed)

    def begin_elsewhere(self) -> None:
        """Let another call hold the lease."""
        self.holder = "elsewhere"

    def end_elsewhere(self, fresh: QuestionSet | None) -> None:
        """Let the other call finish with a set, or fail."""
        self._end(fresh.set_id if fresh else None)
        if fresh is not None:
            self._put(fresh)

    async def load(self, verification_id: str) -> Dossier:
        assert verification_id == self.standing.verification_id
        self.looks += 1
        return self.dossier

    async def current_set(self, verification_id: str) -> QuestionSet | None:
        assert verification_id == self.standing.verification_id
        return self.dossier.current_set

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

    async def claim(self, verification_id: str, ended: int, silent: Busy | None) -> Claim:
        self.clock.time += ROUND_TRIP
        self.claims += 1
        if self.holder is not None and self._busy() != silent:
            return self._busy()
        if self.holder is None and self.ended > ended:
            return Finished(self._last_set, self.ended)
        self.holder = f"lease-{self.claims}"
        return Lease(verification_id, self.holder, self.ended)

    async def look(self, verification_id: str) -> Busy | None:
        assert verification_id == self.standing.verification_id
        self.clock.time += ROUND_TRIP
        self.glances += 1
        self.on_glance()
        return self._busy() if self.holder else None

    async def generation(self, verification_id: str) -> Busy | Finished | None:
        assert verification_id == self.standing.verification_id
        if self.holder:
            return self._busy()
        return Finished(self._last_set, self.ended) if self.ended else None

    @asynccontextmanager
    async def keep(self, lease: Lease) -> AsyncIterator[None]:
        assert lease.lease_id == self.holder
        self.kept += 1
        try:
            yield
        finally:
            self.kept -= 1

    async def give_up(self, lease: Lease) -> None:
        self.given_up.append(lease)
        if self.holder == lease.lease_id:
            self._end(None)
        self.clock.time += ROUND_TRIP

    async def activate(
        self, lease: Lease, revision: int, questions: Sequence[Question], provenance: Provenance
    ) -> QuestionSet:
        if self.standing.revision != revision or self.holder != lease.lease_id:
            raise StateChanged
        fresh = QuestionSet(f"set-{self.claims}", SetState.ACTIVE, tuple(questions), provenance)
        self._put(fresh)
        self._end(fresh.set_id)
        return fresh

    async def submit(self, verification_id: str, decide: Callable[[Dossier], Attempt]) -> tuple[Dossier, Attempt]:
        assert verification_id == self.standing.verification_id
        before = self.dossier
        attempt = decide(before)
        self.attempts.append(attempt)
        assert before.current_set is not None
        scored = msgspec.structs.replace(before.current_set, state=SetState.SUBMITTED)
        self.dossier = msgspec.structs.replace(before, current_set=scored)
        self.change(
            set_state=SetState.SUBMITTED,
            attempts=attempt.number,
            last_score=attempt.score,
            last_passed=attempt.passed,
            is_locked=attempt.passed,
        )
        return before, attempt

    def _busy(self) -> Busy:
        return Busy(self.holder or "", self.heartbeat)

    def _end(self, set_id: str | None) -> None:
        self.holder, self._last_set = None, set_id
        self.ended += 1

    def _put(self, fresh: QuestionSet) -> None:
        self.dossier = msgspec.structs.replace(self.dossier, current_set=fresh)
        self.change(set_state=SetState.ACTIVE)


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
