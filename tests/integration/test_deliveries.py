"""The delivery log, and sending a webhook again."""

from collections.abc import AsyncIterator

import httpx
import pytest

from api.services import Services
from assessment.credentials import new_id
from db.deliveries import PAGE, Deliveries
from piccolo_conf import DB
from tests.integration.delivery.receiver import Receiver, listening
from tests.journey import Journey, Json
from tests.rows import fetch
from tests.waiting import until


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with listening(Receiver()) as receiver:
        yield receiver


@pytest.fixture
def heard(journey: Journey, receiver: Receiver) -> Journey:
    """Somebody's journey whose platform listens."""
    journey.profile["verify"]["callbackWebhookUrl"] = receiver.url()
    return journey


async def listed(journey: Journey, **query: str) -> list[Json]:
    found: list[Json] = (await journey.deliveries(**query)).raise_for_status().json()["data"]["deliveries"]
    return found


async def replay(journey: Journey, delivery_id: str) -> httpx.Response:
    headers = {"x-api-key": journey.api_key}
    return await journey.client.post(f"/webhooks/deliveries/{delivery_id}/replay", headers=headers)


async def in_state(journey: Journey, state: str, count: int = 1) -> None:
    async def all_there() -> bool:
        return len(await listed(journey, state=state)) == count

    await until(all_there)


async def test_what_was_delivered_is_listed_with_the_status_of_the_receiver(heard: Journey) -> None:
    await heard.failed()
    await in_state(heard, "delivered", 2)
    completed, first = await listed(heard)
    assert (completed["event"], first["event"]) == ("verification.completed", "verification.initiated")
    assert (first["tries"], first["lastStatus"], first["lastReason"]) == (1, 200, None)
    assert first["settledAt"] >= first["createdAt"]
    assert first["recordVerificationId"] == heard.verification_id


async def test_a_replay_sends_the_same_message_under_the_same_id(heard: Journey, receiver: Receiver) -> None:
    await heard.ready()
    await in_state(heard, "delivered")
    (first,) = await listed(heard)
    data = (await replay(heard, first["deliveryId"])).raise_for_status().json()["data"]
    assert (data["state"], data["tries"], data["settledAt"]) == ("pending", 0, None)
    await until(lambda: len(receiver.got) == 2)
    one, other = receiver.got
    assert one.headers["webhook-id"] == other.headers["webhook-id"] == first["deliveryId"]
    assert one.body == other.body
    await in_state(heard, "delivered")


async def test_only_what_fits_all_filters_is_listed(heard: Journey) -> None:
    await heard.failed()
    await in_state(heard, "delivered", 2)
    assert [each["event"] for each in await listed(heard, event="verification.initiated")] == ["verification.initiated"]
    assert await listed(heard, state="undeliverable") == []
    assert await listed(heard, recordVerificationId="ver_test_another") == []


@pytest.mark.parametrize("query", [{"state": "lost"}, {"event": "x"}, {"cursor": "1"}, {"recordVerificationId": ""}])
async def test_a_filter_that_nothing_could_fit_is_refused(journey: Journey, query: dict[str, str]) -> None:
    await journey.verify()
    refused = await journey.deliveries(**query)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "INVALID_INPUT")


async def test_pages_follow_each_other_without_a_gap_while_newer_ones_come(journey: Journey) -> None:
    await journey.ready()
    await _store(journey, PAGE + 20)
    client, headers = journey.client, {"x-api-key": journey.api_key}
    first = (await client.get("/webhooks/deliveries", headers=headers)).json()["data"]
    await _store(journey, 5)
    following = await client.get("/webhooks/deliveries", params={"cursor": first["nextCursor"]}, headers=headers)
    second = following.json()["data"]
    ids = [each["deliveryId"] for each in first["deliveries"] + second["deliveries"]]
    assert (len(first["deliveries"]), len(ids), len(set(ids))) == (PAGE, PAGE + 21, PAGE + 21)
    assert second["nextCursor"] is None


async def _store(journey: Journey, count: int) -> None:
    """Webhooks that were given up, all at one moment."""
    await fetch(
        """
        INSERT INTO outbox_message (id, verification, platform, receiver_group, channel, event, target, body, state,
            settled_at)
        SELECT n.id, v.id, v.platform, 0, 'webhook', 'verification.completed', v.callback_url, '{{}}'::text,
            'undeliverable', now()
        FROM verification v, unnest({}::text[]) AS n (id) WHERE v.id = {}
        """.replace("{{}}", "[]"),
        [new_id("msg") for _ in range(count)],
        journey.verification_id,
    )


async def test_a_bulk_replay_spreads_over_time_what_it_sends(services: Services, journey: Journey) -> None:
    await journey.ready()
    await _store(journey, 30)
    deliveries = Deliveries(services.engine)
    rows = await fetch("SELECT id FROM outbox_message WHERE verification = {}", journey.verification_id)
    ids = [row["id"] for row in rows if row["id"].startswith("msg_")]
    assert await deliveries.replay_many([*ids, "msg_nobody"], 60) == len(ids)
    (spread,) = await fetch(
        """
        SELECT extract(epoch FROM max(due_at) - min(due_at))::float8 AS seconds, count(DISTINCT due_at) AS moments
        FROM outbox_message WHERE verification = {} AND state = 'pending' AND tries = 0
        """,
        journey.verification_id,
    )
    assert spread["seconds"] >= 25
    assert spread["moments"] >= 25


async def test_an_operator_sees_the_webhooks_of_a_platform_or_of_all(journey: Journey, platform_name: str) -> None:
    await journey.ready()
    await _store(journey, 3)
    found = await Deliveries(DB).recent(platform_name, "undeliverable", 60)
    assert {each.verification_id for each in found} == {journey.verification_id}
    assert len(found) == 3
    everywhere = await Deliveries(DB).recent(None, None, 60)
    assert {each.delivery_id for each in found} < {each.delivery_id for each in everywhere}
    assert await Deliveries(DB).recent("nobody", None, 60) == []
