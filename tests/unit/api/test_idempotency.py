"""When a caller that brings a key in use waits, and when it takes the key over."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from api.idempotency import claim
from assessment.credentials import PlatformAccess
from assessment.deadline import Deadline
from assessment.errors import IdempotencyKeyInUse
from assessment.models import Mode
from db.idempotency import BEAT_SECONDS, SILENCE_SECONDS, IdempotencyStore, Lease, StoredAnswer, Underway
from tests.fakes import ManualClock

ACCESS = PlatformAccess(b"digest", b"k" * 32, "key_test_1", 1, Mode.TEST)
OURS, THEIRS, ANOTHER = (UUID(int=number) for number in (1, 2, 3))
ANSWER = StoredAnswer(200, b"{}")

Holder = Callable[[float], Underway | StoredAnswer]


class ScriptedStore(IdempotencyStore):
    """A key whose holder does what a test says, second by second; it is given to whoever names it dead in time."""

    def __init__(self, clock: ManualClock, holder: Holder) -> None:
        self.asked = 0
        self._clock, self._began, self._holder = clock, clock.time, holder

    @property
    def passed(self) -> float:
        return self._clock.time - self._began

    async def begin(
        self,
        credential: bytes,
        sealing_key: bytes,  # noqa: ARG002  # what the middleware hands over
        *,
        key: str,
        fingerprint: bytes,  # noqa: ARG002  # likewise
        silent: Underway | None = None,
    ) -> StoredAnswer | Underway | Lease:
        self.asked += 1
        found = self._holder(self.passed)
        return Lease(credential, key, OURS) if found == silent else found


async def outcome(store: ScriptedStore, clock: ManualClock, budget: float = 87.0) -> StoredAnswer | Lease:
    return await claim(store, ACCESS, key="key", fingerprint=b"fingerprint", deadline=Deadline(clock, budget))


def beating(seconds: float) -> Underway:
    return Underway(THEIRS, int(seconds / BEAT_SECONDS))


async def test_a_holder_without_a_heartbeat_loses_the_key_some_eight_seconds_later() -> None:
    clock = ManualClock()
    store = ScriptedStore(clock, lambda _: Underway(THEIRS, 5))
    assert isinstance(await outcome(store, clock), Lease)
    assert SILENCE_SECONDS <= store.passed < SILENCE_SECONDS + 1.5


async def test_a_holder_that_lives_keeps_the_key_however_long_it_takes() -> None:
    clock = ManualClock()
    store = ScriptedStore(clock, lambda seconds: ANSWER if seconds > 3000 else beating(seconds))
    assert await outcome(store, clock, budget=3600.0) == ANSWER
    assert store.passed > 3000


async def test_whoever_waits_for_a_holder_that_lives_gives_up_at_its_deadline() -> None:
    clock = ManualClock()
    store = ScriptedStore(clock, beating)
    with pytest.raises(IdempotencyKeyInUse):
        await outcome(store, clock, budget=40.0)
    assert 39 <= store.passed <= 40


async def test_a_new_holder_is_watched_from_its_own_beginning() -> None:
    clock = ManualClock()
    changed_at = SILENCE_SECONDS - 1
    store = ScriptedStore(clock, lambda seconds: Underway(THEIRS if seconds < changed_at else ANOTHER, 0))
    assert isinstance(await outcome(store, clock), Lease)
    assert store.passed >= changed_at + SILENCE_SECONDS


async def test_a_short_budget_is_enough_to_find_out_that_a_holder_is_dead() -> None:
    clock = ManualClock()
    store = ScriptedStore(clock, lambda _: Underway(THEIRS, 0))
    assert isinstance(await outcome(store, clock, budget=1.0), Lease)


async def test_nobody_who_waits_asks_the_database_without_a_pause() -> None:
    clock = ManualClock()
    store = ScriptedStore(clock, lambda _: Underway(uuid4()))
    with pytest.raises(IdempotencyKeyInUse):
        await outcome(store, clock, budget=20.0)
    assert store.asked < 60
