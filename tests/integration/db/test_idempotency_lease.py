"""Only whoever holds the lease of a key may change what the key stands for."""

import asyncio
from uuid import uuid4

import pytest

from api.services import Services
from db import idempotency
from db.idempotency import IdempotencyStore, Lease, StoredAnswer, Underway
from piccolo_conf import DB
from tests.rows import fetch
from tests.waiting import until

SEALING_KEY = b"s" * 32
FIRST, SECOND = StoredAnswer(200, b"first"), StoredAnswer(200, b"second")


class Request:
    """One request with its key, and what the store says of it."""

    def __init__(self, store: IdempotencyStore) -> None:
        self.store = store
        self.credential, self.key = uuid4().bytes, uuid4().hex

    async def begin(self, silent: Underway | None = None) -> StoredAnswer | Underway | Lease:
        return await self.store.begin(self.credential, SEALING_KEY, key=self.key, fingerprint=b"same", silent=silent)

    async def lease(self, silent: Underway | None = None) -> Lease:
        lease = await self.begin(silent)
        assert isinstance(lease, Lease)
        return lease

    async def seen(self) -> Underway:
        found = await self.begin()
        assert isinstance(found, Underway)
        return found


@pytest.fixture
def request_(services: Services) -> Request:
    return Request(services.idempotency)


@pytest.fixture
async def taken_over(request_: Request) -> tuple[Lease, Lease]:
    """A holder that fell silent, and the one that has the key now."""
    old = await request_.lease()
    return old, await request_.lease(await request_.seen())


async def test_a_key_that_is_held_is_not_given_to_anybody_else(request_: Request) -> None:
    lease = await request_.lease()
    assert await request_.seen() == Underway(lease.lease_id, 0)


async def test_a_holder_that_shows_life_after_it_was_looked_at_keeps_its_key(request_: Request) -> None:
    lease = await request_.lease()
    silent = await request_.seen()
    assert await request_.store.beat(lease)
    assert await request_.begin(silent) == Underway(lease.lease_id, 1)


async def test_of_many_who_find_a_holder_dead_one_gets_the_key(request_: Request) -> None:
    await request_.lease()
    silent = await request_.seen()
    found = await asyncio.gather(*(request_.begin(silent) for _ in range(20)))
    assert sum(isinstance(entry, Lease) for entry in found) == 1


async def test_what_a_holder_without_its_lease_answers_is_not_kept(
    request_: Request, taken_over: tuple[Lease, Lease]
) -> None:
    old, new = taken_over
    assert not await request_.store.finish(old, SEALING_KEY, FIRST)
    assert await request_.store.finish(new, SEALING_KEY, SECOND)
    assert not await request_.store.finish(old, SEALING_KEY, FIRST)
    assert await request_.begin() == SECOND


async def test_a_holder_that_fails_after_it_lost_its_lease_does_not_free_the_key_of_the_next(
    request_: Request, taken_over: tuple[Lease, Lease]
) -> None:
    old, new = taken_over
    await request_.store.forget(old)
    assert await request_.seen() == Underway(new.lease_id, 0)
    await request_.store.finish(new, SEALING_KEY, SECOND)
    for lease in taken_over:
        await request_.store.forget(lease)
    assert await request_.begin() == SECOND


async def test_a_holder_without_its_lease_cannot_renew_it(request_: Request, taken_over: tuple[Lease, Lease]) -> None:
    old, new = taken_over
    assert not await request_.store.beat(old)
    assert await request_.store.beat(new)


async def test_neither_a_clock_that_steps_back_nor_one_that_leaps_ahead_moves_a_lease(request_: Request) -> None:
    lease = await request_.lease()
    for shift in ("1 hour", "-1 hour"):
        await fetch(
            "UPDATE idempotent_request SET created_at = now() + CAST({} AS text)::interval WHERE key = {}",
            shift,
            request_.key,
        )
        assert await request_.seen() == Underway(lease.lease_id, 0)
    assert (await request_.lease(await request_.seen())).lease_id != lease.lease_id


class Counting(IdempotencyStore):
    """Counts the beats that begin."""

    beats = 0

    async def beat(self, lease: Lease) -> bool:
        self.beats += 1
        return await super().beat(lease)


async def test_the_heart_of_a_holder_beats_while_it_works_and_no_longer(
    request_: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "BEAT_SECONDS", 0.01)
    lease = await request_.lease()
    store = Counting(DB)
    async with store.keep(lease):
        await until(lambda: _has_beaten(request_, 2))
    at_the_end = store.beats
    await asyncio.sleep(0.1)
    assert store.beats == at_the_end


async def test_a_database_that_fails_for_a_while_does_not_stop_the_heart(
    request_: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "BEAT_SECONDS", 0.01)
    lease = await request_.lease()
    failures = iter((RuntimeError("a bug"), OSError("no route")))

    class Shaky(IdempotencyStore):
        async def beat(self, lease: Lease) -> bool:
            for failure in failures:
                raise failure
            return await super().beat(lease)

    async with Shaky(DB).keep(lease):
        await until(lambda: _has_beaten(request_, 1))


async def _has_beaten(request: Request, times: int) -> bool:
    return (await request.seen()).beats >= times
