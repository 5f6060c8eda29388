"""A thousand receivers that hang hold up nobody but the platform that named them."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator

import httpx
import pytest

from api.services import Services
from assessment.models import Mode
from assessment.notices import Channel, Line
from db.announcements import MAIL_GROUP, PlatformNotices, receiver_group
from db.outbox import PostgresOutbox
from db.queue import JobKind, enqueue
from delivery.shares import PLACES
from piccolo_conf import DB
from tests.integration.delivery.receiver import Receiver, listening
from tests.journey import Journey
from tests.rows import fetch
from tests.waiting import until

HANGING = 1_000


@pytest.fixture
async def hanging() -> AsyncIterator[Receiver]:
    async with listening(Receiver(gate=asyncio.Event())) as receiver:
        yield receiver


async def _put(journey: Journey, count: int, url: str, due: str) -> None:
    await fetch(
        f"""
        INSERT INTO outbox_message (id, verification, platform, receiver_group, channel, event, target, body, due_at)
        SELECT gen_random_uuid(), v.id, v.platform, n % 100, 'webhook', 'verification.completed', {{}}, '[]', {due}
        FROM verification v, generate_series(1, {count}) n WHERE v.id = {{}}
        """,  # noqa: S608  # constants of this file
        url,
        journey.verification_id,
    )


async def _forget(journey: Journey) -> None:
    await fetch("DELETE FROM outbox_message WHERE verification = {}", journey.verification_id)


async def test_other_platforms_hear_at_once_while_a_thousand_receivers_hang(
    services: Services, client: httpx.AsyncClient, journey: Journey, hanging: Receiver, platform_name: str
) -> None:
    (await journey.verify()).raise_for_status()
    await _put(journey, HANGING, hanging.url(), "now()")
    (row,) = await fetch("SELECT platform FROM verification WHERE id = {}", journey.verification_id)
    await enqueue(DB, JobKind.DELIVER, PlatformNotices(row["platform"]))
    try:
        await until(lambda: len(hanging.got) >= PLACES)
        async with listening(Receiver()) as receiver:
            made = await services.accounts.create_key(Mode.TEST, "other", f"{platform_name}-other")
            other = Journey(client, made.api_key)
            other.profile["verify"]["callbackWebhookUrl"] = receiver.url()
            await other.locked()
            await until(lambda: len(receiver.got) == 2, seconds=2.0)  # the thousand take minutes
        assert len(hanging.got) <= 2 * PLACES
    finally:
        await _forget(journey)


async def test_notices_wait_in_lines_by_platform_and_group_and_are_counted_up_to_a_bound(
    services: Services, journey: Journey
) -> None:
    (await journey.verify()).raise_for_status()
    rows = await fetch("SELECT platform FROM verification WHERE id = {}", journey.verification_id)
    outbox, platform_id = PostgresOutbox(DB), rows[0]["platform"]
    with contextlib.suppress(_Undone):
        async with services.engine.transaction():  # which the running jobs cannot see into
            await _put(journey, HANGING, "http://127.0.0.1:9/", "now()")
            due = (await outbox.waiting(platform_id, 3)).due
            assert {line.group: count for line, count in due.items()} == dict.fromkeys(range(100), 3)
            taken = await outbox.take({Line(platform_id, 7): 2, Line(platform_id, 8): 4}, 60.0)
            assert Counter(message.line.group for message in taken) == {7: 2, 8: 4}
            left = (await outbox.waiting(platform_id, 10)).due
            assert (left[Line(platform_id, 7)], left[Line(platform_id, 8)]) == (8, 6)
            await outbox.take(dict.fromkeys(left, 10), 60.0)
            rest = await outbox.waiting(platform_id, 10)
            assert (rest.due, round(rest.next_seconds or 0.0)) == ({}, 60)
            raise _Undone


async def test_a_notice_is_stored_with_its_platform_and_the_group_of_its_host(journey: Journey) -> None:
    await journey.ready()
    (row,) = await fetch(
        """
        SELECT m.receiver_group, m.platform = v.platform AS is_its_own FROM outbox_message m
        JOIN verification v ON v.id = m.verification WHERE v.id = {}
        """,
        journey.verification_id,
    )
    assert row["is_its_own"]
    assert row["receiver_group"] == receiver_group(Channel.WEBHOOK, "https://127.0.0.1/elsewhere")
    groups = {receiver_group(Channel.WEBHOOK, f"https://{number}.example/") for number in range(2_000)}
    assert groups == set(range(MAIL_GROUP))
    assert receiver_group(Channel.MAIL, "ada@example.org") == MAIL_GROUP


class _Undone(Exception):
    pass
